#include "runtime/simulation.h"

#include <gtest/gtest.h>

#include "base/json.h"

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
  Task<http::Response> Call(Context& ctx, http::Request request) { co_return co_await owned->HandleRuntimeRequest(ctx, request); }
  std::unique_ptr<ExecutionEnvironment> owned;
};

// One that goes through, as a server would pass it on.
class SimulatedFactory::Channel final : public TelemetryChannel {
 public:
  explicit Channel(SimulatedFactory& factory) : factory_(&factory) {}
  Task<Result<>> Send(Context& ctx, std::string batch) override {
    MF_CO_TRY_VOID(co_await Sleep(ctx, std::chrono::milliseconds(1)));
    if (factory_->telemetry_failures > 0) {
      --factory_->telemetry_failures;
      co_return Fail(Error::Fault("the test lets it fail"));
    }
    factory_->telemetry.push_back(std::move(batch));
    co_return Result<>();
  }

 private:
  SimulatedFactory* factory_;
};

// The body of an answer in streaming mode, as its connection gives it: the function's next piece is made when this one was taken.
class SimulatedFactory::StreamBody final : public http::BodyReader {
 public:
  StreamBody(SimulatedFactory& factory, Handle& handle, FakeStream stream, std::string target, char letter)
      : factory_(&factory), handle_(&handle), stream_(stream), target_(std::move(target)), letter_(letter) {}

  Task<Result<std::string>> Read(Context& ctx) override {
    MF_CO_TRY_VOID(co_await Sleep(ctx, stream_.between));
    if (count_ == 1 && stream_.end == FakeStream::End::Twice) {
      if ((co_await handle_->Call(ctx, MakeRequest("POST", target_, "second"))).status != 403) ++factory_->busy_violations;
      if ((co_await handle_->Call(ctx, MakeRequest("GET", "/2018-06-01/runtime/invocation/next"))).status != 403) ++factory_->busy_violations;
    }
    if (count_++ < stream_.pieces) {
      factory_->streamed_bytes += static_cast<int64_t>(stream_.piece_bytes);
      co_return std::string(stream_.piece_bytes, letter_);
    }
    if (stream_.end == FakeStream::End::Hang) (void)co_await Sleep(ctx, std::chrono::hours(24 * 365));
    if (stream_.end == FakeStream::End::Cut || stream_.end == FakeStream::End::Exit) co_return Fail(Error::Cancelled());
    if (stream_.end == FakeStream::End::Trailers) {
      trailers_.Add("Lambda-Runtime-Function-Error-Type", "Function.Late");
      trailers_.Add("Lambda-Runtime-Function-Error-Body", "eyJlcnJvclR5cGUiOiJMYXRlIn0=");
    }
    co_return std::string();
  }
  const http::Headers& trailers() const override { return trailers_; }

 private:
  SimulatedFactory* factory_;
  Handle* handle_;
  FakeStream stream_;
  std::string target_;
  char letter_;
  int count_ = 0;
  http::Headers trailers_;
};

namespace {

class Collected final : public http::BodyWriter {
 public:
  Task<Result<>> Write(Context&, std::string_view more) override {
    bytes += more;
    co_return Result<>();
  }
  std::string bytes;
};

}  // namespace

std::unique_ptr<TelemetryChannel> SimulatedFactory::NoPipes::OpenChannel(sandbox::Cage&, const TelemetryDestination&) {
  return std::make_unique<Channel>(*factory_);
}

// An external extension, as real ones are: registers, subscribes, then asks for events and works on them.
Task<sandbox::ProcessExit> SimulatedFactory::RunExtension(Context& ctx, Handle& handle, std::string name) {
  using Start = FakeExtension::Start;
  using OnInvoke = FakeExtension::OnInvoke;
  constexpr std::string_view kBase = "/2020-01-01/extension/";
  std::string id;
  auto request = [&](std::string method, std::string_view operation, std::string body = {}) {
    http::Request made = MakeRequest(std::move(method), operation.starts_with('/') ? std::string(operation) : std::string(kBase) + std::string(operation), std::move(body));
    if (id.empty()) made.headers.Add("Lambda-Extension-Name", name);
    else made.headers.Add("Lambda-Extension-Identifier", id);
    if (operation.ends_with("/error")) made.headers.Add("Lambda-Extension-Function-Error-Type", "Extension.Test");
    return made;
  };
  (void)co_await Sleep(ctx, extension.takes);
  const Start start = extension.on_start();
  if (start == Start::Exit) co_return sandbox::ProcessExit{.exit_code = 4};
  if (start == Start::NeverRegister) (void)co_await Sleep(ctx, std::chrono::hours(24 * 365));
  http::Response registered = co_await handle.Call(ctx, request("POST", "register", "{\"events\":[" + extension.events + "]}"));
  if (start == Start::RegisterTwice && (co_await handle.Call(ctx, request("POST", "register", "{}"))).status != 403) ++busy_violations;
  if (start == Start::ExitAfterRegister) co_return sandbox::ProcessExit{};
  id = registered.headers.Get("Lambda-Extension-Identifier");
  if (!extension.subscription.empty()) (void)co_await handle.Call(ctx, request("PUT", "/2022-07-01/telemetry", extension.subscription));
  if (start == Start::NeverAsk) (void)co_await Sleep(ctx, std::chrono::hours(24 * 365));
  if (start == Start::InitError) {
    (void)co_await handle.Call(ctx, request("POST", "init/error", "{}"));
    co_return sandbox::ProcessExit{.exit_code = 1};
  }
  for (;;) {
    const http::Response next = co_await handle.Call(ctx, request("GET", "event/next"));
    if (next.status != 200) co_return sandbox::ProcessExit{.exit_code = 3};
    const auto event = json::Parse(next.body);
    const std::string type(event->StringOr("eventType", ""));
    if (type == "SHUTDOWN") {
      ++extension_events["SHUTDOWN " + std::string(event->StringOr("shutdownReason", ""))];
      (void)co_await Sleep(ctx, extension.obeys_shutdown() ? extension.takes : Duration(std::chrono::hours(24)));
      co_return sandbox::ProcessExit{};
    }
    ++extension_events[type];
    (void)co_await Sleep(ctx, extension.takes);
    switch (extension.on_invoke()) {
      case OnInvoke::Done: break;
      case OnInvoke::Exit: co_return sandbox::ProcessExit{.exit_code = 0};
      case OnInvoke::Hang: (void)co_await Sleep(ctx, std::chrono::hours(24 * 365)); break;
      case OnInvoke::ExitError: (void)co_await handle.Call(ctx, request("POST", "exit/error", "{}")); co_return sandbox::ProcessExit{.exit_code = 2};
    }
  }
}

Task<http::Response> SimulatedFactory::PostStream(Context& ctx, Handle& handle, const FakeStream& stream, std::string target, char letter) {
  http::Request request = MakeRequest("POST", target);
  request.headers.Add("Lambda-Runtime-Function-Response-Mode", "streaming");
  request.headers.Add("Content-Type", "text/fake");
  request.body_reader = std::make_unique<StreamBody>(*this, handle, stream, std::move(target), letter);
  co_return co_await handle.Call(ctx, std::move(request));
}

Task<> SimulatedFactory::AnswerLate(Context& ctx, Handle& handle) {
  for (const std::string_view verb : {"/response", "/error"}) {
    const http::Response refused = co_await handle.Call(ctx, MakeRequest("POST", "/2018-06-01/runtime/invocation/" + late_id_ + std::string(verb), "\"late\""));
    if (refused.status != 400 && refused.status != 403) ++busy_violations;
  }
}

namespace {

// How a process ends that exits with `exit_code`.
sandbox::ProcessExit EndOf(sandbox::FakeCage& cage, int exit_code) {
  if (exit_code != kOutOfMemory) return {.exit_code = exit_code};
  ++cage.oom_kills;
  return {.signal = 9};
}

}  // namespace

// The runtime process: boots, then asks for events and answers them, as a real client does.
Task<sandbox::ProcessExit> SimulatedFactory::RunRuntime(Context& ctx, Handle& handle, sandbox::FakeCage& cage) {
  (void)co_await Sleep(ctx, function_->init_takes);
  const int init = function_->on_init();
  if (init == -1 || init == -3) {
    (void)co_await handle.Call(ctx, MakeRequest("POST", "/2018-06-01/runtime/init/error", R"({"errorType":"Runtime.ImportModuleError"})"));
    if (init == -1) co_return sandbox::ProcessExit{.exit_code = 1};
  }
  if (init == -2 || init == -3) (void)co_await Sleep(ctx, std::chrono::hours(24 * 365));
  if (init != 0) co_return EndOf(cage, init == -4 ? 0 : init);
  if (!late_id_.empty()) co_await AnswerLate(ctx, handle);
  TimePoint idle_until = TimePoint::max();
  for (;;) {
    Context waiting = ctx.WithDeadline(idle_until);
    http::Request asking = MakeRequest("GET", "/2018-06-01/runtime/invocation/next");
    asking.peer = "127.0.0.1:40000";
    http::Response next = co_await handle.Call(waiting, std::move(asking));
    if (next.stream) {
      Collected whole;
      (void)co_await next.stream(ctx, whole);
      next.body = std::move(whole.bytes);
    }
    if (next.status != 200) co_return sandbox::ProcessExit{.exit_code = 3};
    const std::string id(next.headers.Get("Lambda-Runtime-Aws-Request-Id"));
    idle_until = TimePoint::max();
    if (!late_id_.empty()) co_await AnswerLate(ctx, handle);
    late_id_.clear();
    const FakeBehaviour behaviour = function_->on_event(next.body);
    (void)co_await Sleep(ctx, behaviour.takes);
    const std::string base = "/2018-06-01/runtime/invocation/" + id;
    switch (behaviour.kind) {
      case FakeBehaviour::Kind::Answer: (void)co_await handle.Call(ctx, MakeRequest("POST", base + "/response", next.body)); break;
      case FakeBehaviour::Kind::AnswerTwice: {
        (void)co_await handle.Call(ctx, MakeRequest("POST", base + "/response", next.body));
        const http::Response again = co_await handle.Call(ctx, MakeRequest("POST", base + "/response", "\"again\""));
        const http::Response failed = co_await handle.Call(ctx, MakeRequest("POST", base + "/error", "{}"));
        if (again.status / 100 != 4 || failed.status / 100 != 4) ++busy_violations;
        break;
      }
      case FakeBehaviour::Kind::HandledError:
        (void)co_await handle.Call(ctx, MakeRequest("POST", base + "/error", R"({"errorType":"ValueError"})"));
        break;
      case FakeBehaviour::Kind::ErrorThenExit:
        (void)co_await handle.Call(ctx, MakeRequest("POST", base + "/error", R"({"errorType":"Fatal"})"));
        (void)co_await Sleep(ctx, behaviour.lingers);
        co_return EndOf(cage, behaviour.exit_code);
      case FakeBehaviour::Kind::DieUnread:
      case FakeBehaviour::Kind::DieRead:
        handle.environment().OnConnectionEnd("127.0.0.1:40001", behaviour.kind == FakeBehaviour::Kind::DieRead);  // nobody's
        handle.environment().OnConnectionEnd("127.0.0.1:40000", behaviour.kind == FakeBehaviour::Kind::DieUnread);
        co_return EndOf(cage, behaviour.exit_code);
      case FakeBehaviour::Kind::Exit:
        handle.environment().OnConnectionEnd("127.0.0.1:40000", false);
        co_return EndOf(cage, behaviour.exit_code);
      case FakeBehaviour::Kind::Hang:
        late_id_ = id;
        (void)co_await Sleep(ctx, std::chrono::hours(24 * 365));
        break;
      case FakeBehaviour::Kind::AnswerThenExit:
      case FakeBehaviour::Kind::AnswerThenHang:
        (void)co_await handle.Call(ctx, MakeRequest("POST", base + "/response", next.body));
        (void)co_await Sleep(ctx, behaviour.kind == FakeBehaviour::Kind::AnswerThenExit ? behaviour.lingers : Duration(std::chrono::hours(24 * 365)));
        co_return EndOf(cage, behaviour.exit_code);
      case FakeBehaviour::Kind::AnswerThenIdle:
        (void)co_await handle.Call(ctx, MakeRequest("POST", base + "/response", next.body));
        idle_until = ctx.loop->Now() + behaviour.lingers;
        break;
      case FakeBehaviour::Kind::CutAnswer: {
        http::Request answer = MakeRequest("POST", base + "/response");
        answer.body_reader = std::make_unique<StreamBody>(*this, handle, FakeStream{.end = FakeStream::End::Cut}, base + "/response", 'x');
        (void)co_await handle.Call(ctx, std::move(answer));
        co_return EndOf(cage, behaviour.exit_code);
      }
      case FakeBehaviour::Kind::CageDies: cage.Die(); (void)co_await Sleep(ctx, std::chrono::hours(1)); break;
      case FakeBehaviour::Kind::Oversized:
        (void)co_await handle.Call(ctx, MakeRequest("POST", base + "/response", std::string(kResponseBytesMax + 1, 'x')));
        break;
      case FakeBehaviour::Kind::Stream: {
        const std::string late = std::exchange(late_target_, "");
        if (!late.empty() && (co_await PostStream(ctx, handle, FakeStream(), late, '!')).status != 400) ++busy_violations;
        if (behaviour.stream.end == FakeStream::End::Hang) late_target_ = base + "/response";
        (void)co_await PostStream(ctx, handle, behaviour.stream, base + "/response", next.body.empty() ? '?' : next.body[0]);
        if (behaviour.stream.end == FakeStream::End::Exit) co_return EndOf(cage, behaviour.exit_code);
        break;
      }
      case FakeBehaviour::Kind::WrongRequestId: {
        const http::Response refused = co_await handle.Call(ctx, MakeRequest("POST", "/2018-06-01/runtime/invocation/other/response", "1"));
        if (refused.status != 400 && refused.status != 403) ++busy_violations;  // 403: it is just being ended by its timeout
        (void)co_await handle.Call(ctx, MakeRequest("POST", base + "/response", next.body));
        break;
      }
    }
  }
}

Task<Result<std::unique_ptr<EnvironmentHandle>>> SimulatedFactory::Make(Context& ctx, std::shared_ptr<const EnvironmentSpec> spec) {
  if (world.live_cages >= world.cages_max) {
    Error full = Error::Fault("no cage");
    full.code = "NoCage";
    co_return Fail(std::move(full));
  }
  auto handle = std::make_unique<Handle>();
  Handle* raw = handle.get();
  auto program = [this, raw](sandbox::FakeCage& cage, Context& ctx, const sandbox::ProcessSpec& process) {
    constexpr std::string_view kFolder = "/opt/extensions/";
    const std::string path = process.arguments.empty() ? "" : process.arguments[0];
    return path.starts_with(kFolder) ? RunExtension(ctx, *raw, path.substr(kFolder.size())) : RunRuntime(ctx, *raw, cage);
  };
  auto cage = std::make_unique<sandbox::FakeCage>(*loop_, world, program, next_id_++);
  handle->owned = std::make_unique<ExecutionEnvironment>(*loop_, std::move(spec), options, std::move(cage), *ports_, events,
                                                         "2026/01/01/[$LATEST]" + std::to_string(next_id_));
  co_return std::unique_ptr<EnvironmentHandle>(std::move(handle));
}

void SimulatedNode::ExpectNothingLeft() {
  manager->RetireAll();
  loop.RunFor(std::chrono::seconds(10));
  EXPECT_EQ(factory.world.live_cages, 0);
  EXPECT_EQ(factory.world.live_processes, 0);
  EXPECT_EQ(manager->counts().live, 0);
  EXPECT_EQ(factory.busy_violations, 0);
}

}  // namespace mayfly::runtime
