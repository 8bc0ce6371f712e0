#include "runtime/simulation.h"

namespace mayfly::runtime {
namespace {

http::Request MakeRequest(std::string method, std::string target, std::string body = {}) {
  http::Request request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.body = std::move(body);
  return request;
}

}  // namespace

struct SimulatedFactory::Handle final : EnvironmentHandle {
  // As with a real server: requests that wait in the Runtime API end before the environment does.
  ~Handle() override { static_cast<sandbox::FakeCage&>(owned->cage()).StopNow(); }
  ExecutionEnvironment& environment() override { return *owned; }
  std::unique_ptr<ExecutionEnvironment> owned;
};

Task<Result<std::unique_ptr<EnvironmentHandle>>> SimulatedFactory::Make(Context& ctx, std::shared_ptr<const EnvironmentSpec> spec) {
  if (world.live_cages >= world.cages_max) {
    Error full = Error::Fault("no cage");
    full.code = "NoCage";
    co_return Fail(std::move(full));
  }
  auto handle = std::make_unique<Handle>();
  Handle* raw = handle.get();
  // The runtime process: boots, then asks for events and answers them, as a real client does.
  auto program = [this, raw](sandbox::FakeCage& cage, Context& ctx, const sandbox::ProcessSpec&) -> Task<sandbox::ProcessExit> {
    auto call = [raw](Context& ctx, http::Request request) -> Task<http::Response> {
      co_return co_await raw->owned->HandleRuntimeRequest(ctx, request);
    };
    (void)co_await Sleep(ctx, function_->init_takes);
    const int init = function_->on_init();
    if (init == -1) {
      (void)co_await call(ctx, MakeRequest("POST", "/2018-06-01/runtime/init/error", R"({"errorType":"Runtime.ImportModuleError"})"));
      co_return sandbox::ProcessExit{.exit_code = 1};
    }
    if (init == -2) (void)co_await Sleep(ctx, std::chrono::hours(24 * 365));
    if (init != 0) co_return sandbox::ProcessExit{.exit_code = init};
    for (;;) {
      http::Response next = co_await call(ctx, MakeRequest("GET", "/2018-06-01/runtime/invocation/next"));
      if (next.status != 200) co_return sandbox::ProcessExit{.exit_code = 3};
      const std::string id(next.headers.Get("Lambda-Runtime-Aws-Request-Id"));
      const FakeBehaviour behaviour = function_->on_event(next.body);
      (void)co_await Sleep(ctx, behaviour.takes);
      const std::string base = "/2018-06-01/runtime/invocation/" + id;
      switch (behaviour.kind) {
        case FakeBehaviour::Kind::Answer: (void)co_await call(ctx, MakeRequest("POST", base + "/response", next.body)); break;
        case FakeBehaviour::Kind::HandledError:
          (void)co_await call(ctx, MakeRequest("POST", base + "/error", R"({"errorType":"ValueError"})"));
          break;
        case FakeBehaviour::Kind::Exit: co_return sandbox::ProcessExit{.exit_code = behaviour.exit_code};
        case FakeBehaviour::Kind::Hang: (void)co_await Sleep(ctx, std::chrono::hours(24 * 365)); break;
        case FakeBehaviour::Kind::CageDies: cage.Die(); (void)co_await Sleep(ctx, std::chrono::hours(1)); break;
        case FakeBehaviour::Kind::Oversized:
          (void)co_await call(ctx, MakeRequest("POST", base + "/response", std::string(kResponseBytesMax + 1, 'x')));
          break;
        case FakeBehaviour::Kind::WrongRequestId: {
          const http::Response refused = co_await call(ctx, MakeRequest("POST", "/2018-06-01/runtime/invocation/other/response", "1"));
          if (refused.status != 400) ++busy_violations;
          (void)co_await call(ctx, MakeRequest("POST", base + "/response", next.body));
          break;
        }
      }
    }
  };
  auto cage = std::make_unique<sandbox::FakeCage>(*loop_, world, program, next_id_++);
  handle->owned = std::make_unique<ExecutionEnvironment>(*loop_, std::move(spec), options, std::move(cage), *ports_, events,
                                                         "2026/01/01/[$LATEST]" + std::to_string(next_id_));
  co_return std::unique_ptr<EnvironmentHandle>(std::move(handle));
}

}  // namespace mayfly::runtime
