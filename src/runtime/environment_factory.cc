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
  explicit Ports(RealLoop& loop) : loop_(&loop) {}
  std::unique_ptr<LogPipe> OpenPipe(UniqueFd fd, std::function<void(std::string_view)> on_bytes) override {
    return std::make_unique<DescriptorPipe>(*loop_, std::move(fd), std::move(on_bytes));
  }

 private:
  RealLoop* loop_;
};

class CagedEnvironmentFactory::Handle final : public EnvironmentHandle {
 public:
  Handle(RealLoop& loop, std::unique_ptr<ExecutionEnvironment> environment)
      : environment_(std::move(environment)),
        server_(loop, RuntimeApiLimits(), [environment = environment_.get()](Context& ctx, http::Request& request) {
          return environment->HandleRuntimeRequest(ctx, request);
        }) {}
  ExecutionEnvironment& environment() override { return *environment_; }
  http::Server& server() { return server_; }

 private:
  std::unique_ptr<ExecutionEnvironment> environment_;
  http::Server server_;  // ends first: its handlers refer to the environment
};

CagedEnvironmentFactory::CagedEnvironmentFactory(RealLoop& loop, sandbox::CagePool& cages, telemetry::EventSink& events,
                                                 EnvironmentOptions options)
    : loop_(&loop), cages_(&cages), events_(&events), options_(options), ports_(std::make_unique<Ports>(loop)) {}

CagedEnvironmentFactory::~CagedEnvironmentFactory() = default;

Task<Result<std::unique_ptr<EnvironmentHandle>>> CagedEnvironmentFactory::Make(Context& ctx, std::shared_ptr<const EnvironmentSpec> spec) {
  MF_CO_TRY(std::unique_ptr<sandbox::Cage> cage, co_await cages_->Acquire(ctx));
  UniqueFd listener = cage->TakeListener();
  std::string stream = fmt::format("{}/[{}]{}", FormatDatePath(loop_->WallNow()), spec->label.function_version, random_.Hex(16));
  auto environment =
      std::make_unique<ExecutionEnvironment>(*loop_, std::move(spec), options_, std::move(cage), *ports_, *events_, std::move(stream));
  auto handle = std::make_unique<Handle>(*loop_, std::move(environment));
  MF_CO_TRY_VOID(handle->server().Serve(std::move(listener)));
  co_return std::unique_ptr<EnvironmentHandle>(std::move(handle));
}

}  // namespace mayfly::runtime
