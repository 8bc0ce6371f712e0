#include "runtime/environment_factory.h"

#include <fmt/format.h>

#include "base/log.h"
#include "net/descriptor.h"
#include "net/http_server.h"

namespace mayfly::runtime {
namespace {

// A hostile function may open connections to its own Runtime API: few are enough for every honest runtime.
http::ServerLimits RuntimeApiLimits() {
  http::ServerLimits limits;
  limits.head_bytes_max = 128 * 1024;  // X-Ray error causes come in a header
  limits.body_bytes_max = 512ull << 20;  // RuntimeApi bounds what it keeps, and answers 413 itself
  limits.idle_timeout = std::chrono::hours(24 * 365);  // GET /next waits as long as it takes
  limits.head_timeout = std::chrono::seconds(60);
  limits.connections_max = 128;
  return limits;
}

// Many functions call services from many threads; few send more than a function's package.
http::ServerLimits EndpointLimits() {
  http::ServerLimits limits;
  limits.connections_max = 128;
  return limits;
}

class DescriptorPipe final : public LogPipe {
 public:
  DescriptorPipe(RealLoop& loop, UniqueFd fd, std::function<void(std::string_view)> on_bytes)
      : pipe_(loop, std::move(fd)), on_bytes_(std::move(on_bytes)), tasks_(loop) {
    tasks_.Spawn(Read());
  }

  void DrainNow() override {
    for (int rounds = 0; rounds < 64; ++rounds) {
      if (Take() <= 0) return;
    }
  }

 private:
  Task<> Read() {
    while (co_await pipe_.WaitReadable()) {
      if (Take() == 0) co_return;
    }
  }
  // As ReadNow; the buffer is shared, so that a thousand idle pipes hold none.
  ssize_t Take() {
    static thread_local char buffer[64 * 1024];
    const ssize_t count = pipe_.ReadNow(buffer, sizeof buffer);
    if (count > 0) on_bytes_(std::string_view(buffer, static_cast<size_t>(count)));
    return count;
  }

  Descriptor pipe_;
  std::function<void(std::string_view)> on_bytes_;
  TaskScope tasks_;
};

}  // namespace

class CagedEnvironmentFactory::Ports final : public EnvironmentPorts {
 public:
  Ports(RealLoop& loop, const FunctionEndpoint& endpoint) : loop_(&loop), endpoint_(&endpoint) {}
  std::unique_ptr<LogPipe> OpenPipe(UniqueFd fd, std::function<void(std::string_view)> on_bytes) override {
    return std::make_unique<DescriptorPipe>(*loop_, std::move(fd), std::move(on_bytes));
  }
  std::optional<identity::AccessKey> IssueCredentials(const EnvironmentSpec& spec) override {
    return endpoint_->sessions->Issue(spec.account_id, spec.session_arn, loop_->WallNow() + endpoint_->credentials_valid);
  }

 private:
  RealLoop* loop_;
  const FunctionEndpoint* endpoint_;
};

class CagedEnvironmentFactory::Handle final : public EnvironmentHandle {
 public:
  Handle(RealLoop& loop, std::unique_ptr<ExecutionEnvironment> environment, const FunctionEndpoint& endpoint)
      : environment_(std::move(environment)),
        server_(loop, RuntimeApiLimits(), [environment = environment_.get()](Context& ctx, http::Request& request) {
          return environment->HandleRuntimeRequest(ctx, request);
        }),
        endpoint_server_(loop, EndpointLimits(), [environment = environment_.get(), endpoint = &endpoint](Context& ctx, http::Request& request) {
          return endpoint->handle(ctx, request, environment->access_key_id());
        }) {}
  ExecutionEnvironment& environment() override { return *environment_; }
  http::Server& server() { return server_; }
  http::Server& endpoint_server() { return endpoint_server_; }

 private:
  std::unique_ptr<ExecutionEnvironment> environment_;
  // These end first: their handlers refer to the environment.
  http::Server server_;
  http::Server endpoint_server_;
};

CagedEnvironmentFactory::CagedEnvironmentFactory(RealLoop& loop, sandbox::CagePool& cages, telemetry::EventSink& events,
                                                 EnvironmentOptions options, FunctionEndpoint endpoint)
    : loop_(&loop),
      cages_(&cages),
      events_(&events),
      options_(options),
      endpoint_(std::move(endpoint)),
      ports_(std::make_unique<Ports>(loop, endpoint_)) {}

CagedEnvironmentFactory::~CagedEnvironmentFactory() = default;

Task<Result<std::unique_ptr<EnvironmentHandle>>> CagedEnvironmentFactory::Make(Context& ctx, std::shared_ptr<const EnvironmentSpec> spec) {
  MF_CO_TRY(std::unique_ptr<sandbox::Cage> cage, co_await cages_->Acquire(ctx));
  UniqueFd listener = cage->TakeListener();
  UniqueFd endpoint_listener = cage->TakeEndpointListener();
  std::string stream = fmt::format("{}/[{}]{}", FormatDatePath(loop_->WallNow()), spec->label.function_version, random_.Hex(16));
  auto environment =
      std::make_unique<ExecutionEnvironment>(*loop_, std::move(spec), options_, std::move(cage), *ports_, *events_, std::move(stream));
  auto handle = std::make_unique<Handle>(*loop_, std::move(environment), endpoint_);
  MF_CO_TRY_VOID(handle->server().Serve(std::move(listener)));
  MF_CO_TRY_VOID(handle->endpoint_server().Serve(std::move(endpoint_listener)));
  co_return std::unique_ptr<EnvironmentHandle>(std::move(handle));
}

}  // namespace mayfly::runtime
