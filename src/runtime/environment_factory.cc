#include "runtime/environment_factory.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <limits>

#include <fmt/format.h>

#include "base/log.h"
#include "net/polled_descriptor.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "runtime/trace_receiver.h"

namespace mayfly::runtime {
namespace {

// A hostile function may open connections to its own Runtime API: few are enough for every honest runtime.
http::ServerLimits RuntimeApiLimits() {
  http::ServerLimits limits;
  limits.head_bytes_max = 128 * 1024;  // X-Ray error causes come in a header
  limits.body_bytes_max = 512ull << 20;  // RuntimeApi bounds what it keeps, and answers 413 itself
  limits.idle_timeout = std::chrono::hours(24 * 365);  // GET /next waits as long as it takes
  limits.body_timeout = std::chrono::hours(24);  // a streamed answer pauses as long as the function's timeout lets it
  limits.head_timeout = std::chrono::seconds(60);
  limits.connections_max = 128;
  return limits;
}

// Many functions call services from many threads. Each operation says itself how large its body may be.
http::ServerLimits EndpointLimits() {
  http::ServerLimits limits;
  limits.body_bytes_max = std::numeric_limits<decltype(limits.body_bytes_max)>::max();
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

  PolledDescriptor pipe_;
  std::function<void(std::string_view)> on_bytes_;
  TaskScope tasks_;
};

// What the subscriber of one environment hears: connections go through sockets of the cage's own network, so that they reach
// what listens in there and nothing else. The subscriber is hostile: its answers are bounded, and thrown away.
class HttpChannel final : public TelemetryChannel {
 public:
  HttpChannel(RealLoop& loop, sandbox::Cage& cage, const TelemetryDestination& destination)
      : destination_(destination), client_(loop, Limits(), [&cage](Context& ctx) { return cage.MakeSocket(ctx); }) {}

  Task<Result<>> Send(Context& ctx, std::string batch) override {
    http::ClientRequest request;
    request.method = destination_.method;
    request.url = fmt::format("http://127.0.0.1:{}{}", destination_.port, destination_.target);
    request.headers.Add("Host", fmt::format("{}:{}", destination_.host, destination_.port));
    request.headers.Add("Content-Type", "application/json");
    request.body = std::move(batch);
    MF_CO_TRY(const http::ClientResponse response, co_await client_.Send(ctx, std::move(request)));
    if (response.status / 100 != 2) co_return Fail(Error::Fault(fmt::format("the subscriber answered {}", response.status)));
    co_return Result<>();
  }

 private:
  static http::ClientLimits Limits() {
    http::ClientLimits limits;
    limits.body_bytes_max = 64 * 1024;
    limits.head_bytes_max = 16 * 1024;
    limits.idle_connections_per_host = 1;
    // An environment may be frozen for as long as it is kept: nothing of it counts as late.
    limits.connect_timeout = std::chrono::hours(24);
    limits.idle_timeout = std::chrono::hours(24);
    return limits;
  }
  TelemetryDestination destination_;
  http::Client client_;
};

// Lines over one connection, which is made anew when it breaks.
class TcpChannel final : public TelemetryChannel {
 public:
  TcpChannel(RealLoop& loop, sandbox::Cage& cage, uint16_t port) : loop_(&loop), cage_(&cage), port_(port) {}

  Task<Result<>> Send(Context& ctx, std::string batch) override {
    if (!connection_) MF_CO_TRY_VOID(co_await Connect(ctx));
    std::string_view left = batch;
    MF_ASSERT(connection_ != nullptr);
    while (!left.empty()) {
      const ssize_t sent = ::send(connection_->get(), left.data(), left.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent >= 0) {
        left.remove_prefix(static_cast<size_t>(sent));
      } else if (errno == EAGAIN) {
        MF_CO_TRY_VOID(co_await connection_->WaitWritable());
      } else {
        const int error = errno;
        connection_.reset();
        co_return Fail(Error::FromErrno("write to the subscriber", error));
      }
    }
    co_return Result<>();
  }

 private:
  Task<Result<>> Connect(Context& ctx) {
    MF_CO_TRY(UniqueFd socket, co_await cage_->MakeSocket(ctx));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port_);
    const int status = ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    if (status != 0 && errno != EINPROGRESS) co_return Fail(Error::FromErrno("connect to the subscriber", errno));
    auto connection = std::make_unique<PolledDescriptor>(*loop_, std::move(socket));
    if (status != 0) MF_CO_TRY_VOID(co_await connection->WaitWritable());
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(connection->get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) co_return Fail(Error::FromErrno("connect to the subscriber", error));
    connection_ = std::move(connection);
    co_return Result<>();
  }

  RealLoop* loop_;
  sandbox::Cage* cage_;
  uint16_t port_;
  std::unique_ptr<PolledDescriptor> connection_;
};

}  // namespace

class CagedEnvironmentFactory::Ports final : public EnvironmentPorts {
 public:
  Ports(RealLoop& loop, Random& random, const FunctionEndpoint& endpoint) : loop_(&loop), random_(&random), endpoint_(&endpoint) {}
  std::unique_ptr<LogPipe> OpenPipe(UniqueFd fd, std::function<void(std::string_view)> on_bytes) override {
    return std::make_unique<DescriptorPipe>(*loop_, std::move(fd), std::move(on_bytes));
  }
  std::unique_ptr<TelemetryChannel> OpenChannel(sandbox::Cage& cage, const TelemetryDestination& destination) override {
    if (destination.protocol == TelemetryDestination::Protocol::Tcp) return std::make_unique<TcpChannel>(*loop_, cage, destination.port);
    return std::make_unique<HttpChannel>(*loop_, cage, destination);
  }
  std::optional<identity::AccessKey> IssueCredentials(const EnvironmentSpec& spec) override {
    const WallTime expires_at = loop_->WallNow() + endpoint_->credentials_valid;
    return endpoint_->sessions->Issue(spec.account_id, spec.session_arn, expires_at, identity::KeyReach::OwnEnvironment);
  }
  Random& random() override { return *random_; }

 private:
  RealLoop* loop_;
  Random* random_;
  const FunctionEndpoint* endpoint_;
};

class CagedEnvironmentFactory::Handle final : public EnvironmentHandle {
 public:
  Handle(RealLoop& loop, std::unique_ptr<ExecutionEnvironment> environment, const FunctionEndpoint& endpoint)
      : endpoint_(&endpoint),
        environment_(std::move(environment)),
        address_(environment_->cage().network_address()),
        server_(loop, RuntimeApiLimits(), [environment = environment_.get()](Context& ctx, http::Request& request) {
          return environment->HandleRuntimeRequest(ctx, request);
        }),
        endpoint_server_(
            loop, EndpointLimits(),
            [this](Context& ctx, http::Request& request) { return HandleService(ctx, request); },
            [endpoint = &endpoint](const http::Request& skimmed) { return endpoint->refuse_head(skimmed); }) {}
  ~Handle() override {
    if (endpoint_->leave) endpoint_->leave(address_);
  }
  ExecutionEnvironment& environment() override { return *environment_; }
  void FollowConnections() {
    server_.OnConnectionEnd([environment = environment_.get()](std::string_view peer, bool torn) { environment->OnConnectionEnd(peer, torn); });
  }
  http::Server& server() { return server_; }
  http::Server& endpoint_server() { return endpoint_server_; }
  void ReceiveTraces(RealLoop& loop, UniqueFd socket, const FunctionEndpoint& endpoint) {
    if (!socket || !endpoint.take_trace) return;
    traces_ = std::make_unique<TraceReceiver>(loop, std::move(socket), [environment = environment_.get(), endpoint = &endpoint](std::string_view datagram) {
      endpoint->take_trace(environment->spec().label, datagram);
    });
  }

 private:
  Task<http::Response> HandleService(Context& ctx, http::Request& request) {
    const EnvironmentSpec& spec = environment_->spec();
    EndpointCaller caller{environment_->access_key_id(), spec.account_id, spec.region, {}, address_};
    if (spec.is_in_vpc) caller.vpc_member = spec.VersionArn();
    co_return co_await endpoint_->handle(ctx, request, caller);
  }

  const FunctionEndpoint* endpoint_;
  std::unique_ptr<ExecutionEnvironment> environment_;
  uint32_t address_;
  // These end first: their handlers refer to the environment.
  http::Server server_;
  http::Server endpoint_server_;
  std::unique_ptr<TraceReceiver> traces_;
};

CagedEnvironmentFactory::CagedEnvironmentFactory(RealLoop& loop, sandbox::CagePool& cages, telemetry::EventSink& events,
                                                 EnvironmentOptions options, FunctionEndpoint endpoint)
    : loop_(&loop),
      cages_(&cages),
      events_(&events),
      options_(options),
      endpoint_(std::move(endpoint)),
      ports_(std::make_unique<Ports>(loop, random_, endpoint_)) {}

CagedEnvironmentFactory::~CagedEnvironmentFactory() = default;

Task<Result<std::unique_ptr<EnvironmentHandle>>> CagedEnvironmentFactory::Make(Context& ctx, std::shared_ptr<const EnvironmentSpec> spec) {
  MF_ASSERT(spec != nullptr);
  MF_CO_TRY(std::unique_ptr<sandbox::Cage> cage, co_await cages_->Acquire(ctx));
  UniqueFd listener = cage->TakeListener();
  UniqueFd endpoint_listener = cage->TakeEndpointListener();
  UniqueFd trace_socket = cage->TakeTraceSocket();
  if (endpoint_.join) MF_CO_TRY_VOID(co_await endpoint_.join(*spec, cage->network_address()));
  std::string stream = fmt::format("{}/[{}]{}", FormatDatePath(loop_->WallNow()), spec->label.function_version, random_.Hex(16));
  auto environment =
      std::make_unique<ExecutionEnvironment>(*loop_, std::move(spec), options_, std::move(cage), *ports_, *events_, std::move(stream));
  auto handle = std::make_unique<Handle>(*loop_, std::move(environment), endpoint_);
  handle->FollowConnections();
  MF_CO_TRY_VOID(handle->server().Serve(std::move(listener)));
  MF_CO_TRY_VOID(handle->endpoint_server().Serve(std::move(endpoint_listener)));
  handle->ReceiveTraces(*loop_, std::move(trace_socket), endpoint_);
  co_return std::unique_ptr<EnvironmentHandle>(std::move(handle));
}

}  // namespace mayfly::runtime
