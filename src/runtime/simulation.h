// A simulated node for tests: fake cages whose runtimes speak to the real RuntimeApi, virtual time, seeded behaviour.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/sim_loop.h"
#include "runtime/environment_manager.h"
#include "sandbox/fake.h"

namespace mayfly::runtime {

// An answer in streaming mode: `pieces` times `piece_bytes`, and how it ends.
struct FakeStream {
  enum class End : unsigned char { Whole, Trailers, Cut, Exit, Hang, Twice };
  int pieces = 3;
  size_t piece_bytes = 100;
  Duration between = std::chrono::milliseconds(1);
  End end = End::Whole;
};

inline constexpr int kOutOfMemory = 137;

// What the function does with one event.
struct FakeBehaviour {
  enum class Kind : unsigned char {
    Answer, HandledError, Exit, Hang, CageDies, Oversized, WrongRequestId, Stream, ErrorThenExit, AnswerTwice,
    AnswerThenExit,  // `lingers` after its answer, without having asked for the next event
    AnswerThenHang,  // never asks for another event
    AnswerThenIdle,  // asks for the next event, and exits when none has come for as long as it `lingers`
    CutAnswer,       // exits in the midst of its answer's body
    DieUnread,       // exits without having read the event that it was sent: its connection is torn
    DieRead,         // exits when it has read it
  };
  Kind kind = Kind::Answer;
  Duration takes = std::chrono::milliseconds(5);
  int exit_code = 1;  // kOutOfMemory: the kernel kills it for its memory
  FakeStream stream;
  Duration lingers = std::chrono::milliseconds(3);
};

struct FakeFunction {
  std::function<FakeBehaviour(const std::string& event)> on_event = [](const std::string&) { return FakeBehaviour(); };
  // What Init does: 0 = fine; otherwise the process exits with that code; -1 = reports an init error, and exits; -2 = never ends;
  // -3 = reports an init error, and lives on; -4 = exits with 0; kOutOfMemory: is killed for its memory.
  std::function<int()> on_init = [] { return 0; };
  Duration init_takes = std::chrono::milliseconds(20);
};

// What every external extension of the function does.
struct FakeExtension {
  enum class Start : unsigned char { Ready, Exit, NeverRegister, ExitAfterRegister, NeverAsk, InitError, RegisterTwice };
  enum class OnInvoke : unsigned char { Done, Exit, Hang, ExitError };
  std::function<Start()> on_start = [] { return Start::Ready; };
  std::function<OnInvoke()> on_invoke = [] { return OnInvoke::Done; };
  std::function<bool()> obeys_shutdown = [] { return true; };
  std::string events = R"("INVOKE","SHUTDOWN")";
  std::string subscription;  // a body for PUT /2022-07-01/telemetry; "" for none
  Duration takes = std::chrono::milliseconds(2);
};

class EventCounter final : public telemetry::EventSink {
 public:
  void OnEvent(const telemetry::EnvironmentLabel&, const telemetry::PlatformEvent& event) override {
    using Type = telemetry::PlatformEvent::Type;
    if (event.type == Type::Start) ++starts;
    if (event.type == Type::Extension) last_extension = fmt::format("{} {} [{}] {}", event.name, event.state, fmt::join(event.words, ","), event.error_type);
    if (event.type == Type::InitReport) last_init_error = event.error_type;
    if (event.type == Type::RuntimeDone) {
      ++dones;
      last_produced_bytes = event.produced_bytes;
      last_response_duration = event.spans.size() > 1 ? event.spans[1].duration : Duration();
    }
    if (event.type == Type::Report) ++reports, last_status = event.status;
    if (event.type == Type::InitReport && event.status != "success") ++failed_inits;
  }
  int starts = 0, dones = 0, reports = 0, failed_inits = 0;
  int64_t last_produced_bytes = 0;
  Duration last_response_duration{};
  std::string last_status;
  std::string last_extension;
  std::string last_init_error;
};

class SimulatedFactory final : public EnvironmentFactory {
 public:
  SimulatedFactory(SimLoop& loop, FakeFunction& function) : loop_(&loop), function_(&function), ports_(std::make_unique<NoPipes>(*this)) {}

  Task<Result<std::unique_ptr<EnvironmentHandle>>> Make(Context& ctx, std::shared_ptr<const EnvironmentSpec> spec) override;

  sandbox::FakeWorld world;
  EventCounter events;
  EnvironmentOptions options;
  int busy_violations = 0;  // an environment that was given two invocations at once
  int64_t streamed_bytes = 0;  // what streaming functions have got rid of
  FakeExtension extension;
  std::map<std::string, int> extension_events;  // "INVOKE", "SHUTDOWN spindown" …: how often an extension was given it
  std::vector<std::string> telemetry;           // batches that subscribers took
  int telemetry_failures = 0;                   // deliveries that fail from now on

 private:
  struct Handle;
  class Channel;
  class StreamBody;
  Task<http::Response> PostStream(Context& ctx, Handle& handle, const FakeStream& stream, std::string target, char letter);
  Task<sandbox::ProcessExit> RunExtension(Context& ctx, Handle& handle, std::string name);
  Task<> AnswerLate(Context& ctx, Handle& handle);
  Task<sandbox::ProcessExit> RunRuntime(Context& ctx, Handle& handle, sandbox::FakeCage& cage);

  class NoPipes final : public EnvironmentPorts {
   public:
    explicit NoPipes(SimulatedFactory& factory) : factory_(&factory) {}
    std::unique_ptr<LogPipe> OpenPipe(UniqueFd, std::function<void(std::string_view)>) override { return nullptr; }
    std::unique_ptr<TelemetryChannel> OpenChannel(sandbox::Cage&, const TelemetryDestination&) override;
    Random& random() override { return random_; }

   private:
    SimulatedFactory* factory_;
    SeededRandom random_{1};
  };
  SimLoop* loop_;
  FakeFunction* function_;
  std::unique_ptr<EnvironmentPorts> ports_;
  uint32_t next_id_ = 1;
  // The request id of an invocation that ran into its timeout, and the path of a streamed answer that did: whoever runs next tries
  // to answer it, and must be refused.
  std::string late_id_, late_target_;
};

// A node whose environments are all of one function version; tests add how they invoke it.
struct SimulatedNode {
  explicit SimulatedNode(ManagerOptions options = {}) {
    spec->label.function_version = "$LATEST";
    manager = std::make_unique<EnvironmentManager>(loop, factory, options);
  }
  // request-1, request-2 …
  Invocation NewInvocation(std::string payload) {
    Invocation invocation;
    invocation.request_id = "request-" + std::to_string(++requests);
    invocation.payload = std::move(payload);
    return invocation;
  }
  // Ends all environments; fails the test when something of them stays, or one was used twice at once.
  void ExpectNothingLeft();

  SimLoop loop;
  FakeFunction function;
  SimulatedFactory factory{loop, function};
  std::unique_ptr<EnvironmentManager> manager;
  std::shared_ptr<EnvironmentSpec> spec = std::make_shared<EnvironmentSpec>();
  int requests = 0;
};

}  // namespace mayfly::runtime
