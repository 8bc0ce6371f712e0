// If these fail, invocations are lost, mixed up or answered wrongly when functions fail, hang, crash or exit.
#include <gtest/gtest.h>

#include "runtime/simulation.h"

namespace mayfly::runtime {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = FakeBehaviour::Kind;

struct LifeNode : SimulatedNode {
  using SimulatedNode::SimulatedNode;
  Task<Result<InvokeOutcome>> Invoke(std::string payload, std::string pool = "pool") {
    Context ctx(loop);
    Invocation invocation = NewInvocation(std::move(payload));
    invocation.want_log_tail = true;
    co_return co_await manager->Invoke(ctx, pool, spec, std::move(invocation));
  }
  InvokeOutcome Run(std::string payload) {
    auto outcome = loop.Run(Invoke(std::move(payload)));
    EXPECT_TRUE(outcome) << (outcome ? "" : outcome.error().ToString());
    return outcome ? *outcome : InvokeOutcome();
  }
};

TEST(EnvironmentSim, AnEnvironmentEndsBeforeItsCredentialsDo) {
  LifeNode node({.idle_timeout = hours(100), .age_max = hours(11)});
  node.Run("\"a\"");
  for (int hour = 1; hour < 11; ++hour) {
    node.loop.RunFor(hours(1));
    node.Run("\"b\"");
  }
  EXPECT_EQ(node.manager->counts().started, 1u);
  node.loop.RunFor(hours(1));
  EXPECT_EQ(node.Run("\"c\"").payload, "\"c\"");
  EXPECT_EQ(node.manager->counts().started, 2u);
  EXPECT_EQ(node.manager->counts().live, 1);
  node.ExpectNothingLeft();
}

TEST(EnvironmentSim, FirstInvocationWaitsForInitAndTheNextOneReusesIt) {
  LifeNode node;
  const InvokeOutcome first = node.Run("\"a\"");
  EXPECT_EQ(first.payload, "\"a\"");
  EXPECT_FALSE(first.function_error);
  EXPECT_GT(first.init_duration, milliseconds(19));
  const InvokeOutcome second = node.Run("\"b\"");
  EXPECT_EQ(second.payload, "\"b\"");
  EXPECT_EQ(second.init_duration.count(), 0);
  EXPECT_EQ(node.manager->counts().started, 1u);
  node.ExpectNothingLeft();
}

TEST(EnvironmentSim, HandledErrorKeepsTheEnvironment) {
  LifeNode node;
  node.function.on_event = [](const std::string&) { return FakeBehaviour{.kind = Kind::HandledError}; };
  EXPECT_EQ(node.Run("1").payload, R"({"errorType":"ValueError"})");
  EXPECT_TRUE(node.Run("1").function_error);
  EXPECT_EQ(node.factory.world.started_processes, 1);
  EXPECT_EQ(node.factory.events.last_status, "success");
  node.ExpectNothingLeft();
}

TEST(EnvironmentSim, TimeoutKillsTheProcessAndKeepsTheSandbox) {
  LifeNode node;
  bool hang = true;
  node.function.on_event = [&](const std::string&) { return FakeBehaviour{.kind = hang ? Kind::Hang : Kind::Answer}; };
  const TimePoint before = node.loop.Now();
  const InvokeOutcome late = node.Run("1");
  EXPECT_EQ(late.payload, R"({"errorType":"Sandbox.Timedout","errorMessage":"RequestId: request-1 Error: Task timed out after 3.00 seconds"})");
  EXPECT_LT(node.loop.Now() - before, seconds(4));
  EXPECT_NE(late.log_tail.find("request-1 Task timed out after 3.00 seconds"), std::string::npos);
  EXPECT_EQ(node.factory.events.last_status, "timeout");
  hang = false;
  EXPECT_EQ(node.Run("2").payload, "2");  // in the same sandbox, by a suppressed init
  EXPECT_EQ(node.manager->counts().started, 1u);
  EXPECT_EQ(node.factory.world.started_processes, 2);
  node.ExpectNothingLeft();
}

TEST(EnvironmentSim, CrashesAreReportedAsLambdaDoes) {
  LifeNode node;
  FakeBehaviour behaviour{.kind = Kind::Exit, .exit_code = 127};
  node.function.on_event = [&](const std::string&) { return behaviour; };
  EXPECT_EQ(node.Run("1").payload,
            R"({"errorType":"Runtime.ExitError","errorMessage":"RequestId: request-1 Error: Runtime exited with error: exit status 127"})");
  behaviour.exit_code = 0;
  EXPECT_EQ(node.Run("1").payload,
            R"({"errorType":"Runtime.ExitError","errorMessage":"RequestId: request-2 Error: Runtime exited without providing a reason"})");
  behaviour.kind = Kind::Oversized;
  EXPECT_EQ(node.Run("1").payload,
            R"({"errorType":"Function.ResponseSizeTooLarge","errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes)."})");
  behaviour.kind = Kind::WrongRequestId;
  EXPECT_EQ(node.Run("7").payload, "7");
  EXPECT_EQ(node.factory.busy_violations, 0);
  node.ExpectNothingLeft();
}

// Else what starts after an out-of-memory is killed, too, while the kernel still holds buffers of the one before.
TEST(EnvironmentSim, AnEnvironmentThatWasKilledForItsMemoryIsReplaced) {
  LifeNode node;
  FakeBehaviour behaviour{.kind = Kind::Exit, .exit_code = kOutOfMemory};
  node.function.on_event = [&](const std::string&) { return behaviour; };
  EXPECT_EQ(node.Run("1").payload,
            R"({"errorType":"Runtime.OutOfMemory","errorMessage":"RequestId: request-1 Error: Runtime exited with error: signal: killed"})");
  EXPECT_EQ(node.factory.events.last_status, "failure");
  behaviour = {};
  const InvokeOutcome next = node.Run("2");
  EXPECT_EQ(next.payload, "2");
  EXPECT_GT(next.init_duration.count(), 0) << "an environment of its own";
  EXPECT_EQ(node.manager->counts().started, 2u);
  EXPECT_EQ(node.manager->counts().live, 1);
  node.ExpectNothingLeft();
}

TEST(EnvironmentSim, AnInitThatIsKilledForItsMemoryIsRepeatedInAnotherSandbox) {
  LifeNode node;
  int inits = 0;
  node.function.on_init = [&] { return ++inits == 1 ? kOutOfMemory : 0; };
  const InvokeOutcome outcome = node.Run("1");
  EXPECT_EQ(outcome.payload, "1");
  EXPECT_EQ(outcome.init_duration.count(), 0) << "inside the invocation, as on AWS";
  EXPECT_EQ(node.factory.events.failed_inits, 1);
  EXPECT_EQ(node.manager->counts().started, 2u);
  EXPECT_EQ(node.manager->counts().live, 1);
  // What fails again is the answer.
  node.manager->RetireAll();
  node.function.on_init = [] { return kOutOfMemory; };
  EXPECT_NE(node.Run("2").payload.find(R"("Runtime.OutOfMemory")"), std::string::npos);
  EXPECT_EQ(node.manager->counts().live, 0);
  EXPECT_EQ(node.factory.events.starts, 2);
  EXPECT_EQ(node.factory.events.reports, 2);
  node.ExpectNothingLeft();
}

TEST(EnvironmentSim, AnEventThatWasNotTakenGoesToAnotherSandboxAfterAnOutOfMemory) {
  for (const Duration between : {Duration(0), Duration(seconds(1))}) {
    LifeNode node;
    int events = 0;
    node.function.on_event = [&](const std::string&) {
      return ++events == 1 ? FakeBehaviour{.kind = Kind::ErrorThenExit, .exit_code = kOutOfMemory} : FakeBehaviour();
    };
    EXPECT_EQ(node.Run("1").payload, R"({"errorType":"Fatal"})");
    node.loop.RunFor(between);
    const InvokeOutcome next = node.Run("2");
    EXPECT_EQ(next.payload, "2");
    EXPECT_NE(next.log_tail.find("START RequestId: request-2"), std::string::npos);
    EXPECT_EQ(events, 2);
    EXPECT_EQ(node.manager->counts().started, 2u);
    EXPECT_EQ(node.factory.events.starts, 2);
    EXPECT_EQ(node.factory.events.reports, 2);
    node.ExpectNothingLeft();
  }
}

TEST(EnvironmentSim, ASecondAnswerIsRefused) {
  LifeNode node;
  node.function.on_event = [](const std::string&) { return FakeBehaviour{.kind = Kind::AnswerTwice}; };
  for (const char* event : {"1", "2", "3"}) EXPECT_EQ(node.Run(event).payload, event);
  EXPECT_EQ(node.factory.busy_violations, 0);
  EXPECT_EQ(node.factory.world.started_processes, 1);
  node.ExpectNothingLeft();
}

TEST(EnvironmentSim, ARuntimeThatEndsAfterItsAnswerDoesNotFailTheNextInvocation) {
  LifeNode node;
  int events = 0;
  node.function.on_event = [&](const std::string&) { return FakeBehaviour{.kind = ++events == 1 ? Kind::ErrorThenExit : Kind::Answer}; };
  EXPECT_EQ(node.Run("1").payload, R"({"errorType":"Fatal"})");
  const InvokeOutcome next = node.Run("2");  // at once: the old process is still there
  EXPECT_EQ(next.payload, "2");
  EXPECT_FALSE(next.function_error);
  EXPECT_EQ(events, 2);
  EXPECT_EQ(node.manager->counts().started, 1u) << "in the same sandbox";
  EXPECT_EQ(node.factory.world.started_processes, 2);
  EXPECT_EQ(node.factory.events.starts, 2);
  EXPECT_EQ(node.factory.events.reports, 2);
  // One that ends again before it has taken the event is the function's own failure: a second start would go on for ever.
  node.function.on_event = [](const std::string&) { return FakeBehaviour{.kind = Kind::ErrorThenExit}; };
  node.Run("3");
  node.function.on_init = [] { return 7; };
  EXPECT_NE(node.Run("4").payload.find("Runtime.ExitError"), std::string::npos);
  node.ExpectNothingLeft();
}

// Else a process that dies just after its answer fails the next invocation, of which it has not read a byte.
TEST(EnvironmentSim, AnEventThatWasSentButNotReadIsGivenToAnotherProcess) {
  for (const size_t bytes : {2, 100'000}) {  // a large event is kept in another way
    LifeNode node;
    const std::string event = '"' + std::string(bytes, 'x') + '"';
    int events = 0;
    node.function.on_event = [&](const std::string& seen) {
      EXPECT_EQ(seen, event);
      return FakeBehaviour{.kind = ++events == 1 ? Kind::DieUnread : Kind::Answer};
    };
    const InvokeOutcome outcome = node.Run(event);
    EXPECT_EQ(outcome.payload, event);
    EXPECT_FALSE(outcome.function_error);
    EXPECT_EQ(node.factory.world.started_processes, 2);
    EXPECT_EQ(node.factory.events.starts, 1);
    EXPECT_EQ(node.factory.events.reports, 1);
    // What it has read it has taken: a second process might do the same work again.
    node.function.on_event = [](const std::string&) { return FakeBehaviour{.kind = Kind::DieRead, .exit_code = 5}; };
    EXPECT_NE(node.Run(event).payload.find("exit status 5"), std::string::npos);
    // Twice is the function's own failure: a third start might go on for ever.
    node.function.on_event = [](const std::string&) { return FakeBehaviour{.kind = Kind::DieUnread, .exit_code = 6}; };
    EXPECT_NE(node.Run(event).payload.find("exit status 6"), std::string::npos);
    node.ExpectNothingLeft();
  }
}

// The runtime's process ends in each state of the Runtime API. Each case: what the first caller gets, what the second one gets who
// comes `pause` later, and in how many processes it all ran.
TEST(EnvironmentSim, ARuntimeMayDieInEveryState) {
  struct Case {
    const char* what;
    FakeBehaviour first;
    std::string answer;
    Duration pause;
    int processes;
  };
  const std::string exit_error = R"({"errorType":"Runtime.ExitError","errorMessage":"RequestId: request-1 Error: Runtime exited with error: exit status 1"})";
  const Case cases[] = {
      {"while it works", {.kind = Kind::Exit}, exit_error, {}, 2},
      {"in the midst of its answer", {.kind = Kind::CutAnswer}, exit_error, {}, 2},
      {"after its answer, before the next event came", {.kind = Kind::AnswerThenExit}, "1", seconds(1), 2},
      {"after its answer, while the next event waits for it", {.kind = Kind::AnswerThenExit, .lingers = seconds(1)}, "1", milliseconds(1), 2},
      {"after an error, while the next event waits for it", {.kind = Kind::ErrorThenExit, .lingers = seconds(1)}, R"({"errorType":"Fatal"})", milliseconds(1), 2},
      {"while it waits for the next event", {.kind = Kind::AnswerThenIdle, .lingers = seconds(1)}, "1", seconds(2), 2},
      {"never, as the next event came in time", {.kind = Kind::AnswerThenIdle, .lingers = seconds(2)}, "1", seconds(1), 1},
  };
  for (const Case& expected : cases) {
    SCOPED_TRACE(expected.what);
    LifeNode node;
    bool is_first = true;
    node.function.on_event = [&](const std::string&) { return std::exchange(is_first, false) ? expected.first : FakeBehaviour(); };
    EXPECT_EQ(node.Run("1").payload, expected.answer);
    node.loop.RunFor(expected.pause);
    EXPECT_EQ(node.Run("2").payload, "2");
    EXPECT_EQ(node.factory.world.started_processes, expected.processes);
    EXPECT_EQ(node.manager->counts().started, 1u) << "in the same sandbox";
    EXPECT_EQ(node.factory.events.starts, 2);
    EXPECT_EQ(node.factory.events.dones, 2);
    EXPECT_EQ(node.factory.events.reports, 2);
    node.ExpectNothingLeft();
  }
}

TEST(EnvironmentSim, EveryWayToFailInitEndsTheProcess) {
  for (const int init : {1, -1, -2, -3, -4}) {
    SCOPED_TRACE(init);
    LifeNode node;
    int inits = 0;
    node.function.on_init = [&] { return ++inits <= 2 ? init : 0; };
    EXPECT_TRUE(node.Run("1").function_error);
    EXPECT_EQ(inits, 2);
    EXPECT_EQ(node.Run("2").payload, "2");
    EXPECT_EQ(node.factory.world.live_processes, 1) << "what could not be initialised has gone";
    node.ExpectNothingLeft();
  }
}

TEST(EnvironmentSim, ARuntimeThatAsksForNothingMoreTimesOutTheNextInvocation) {
  LifeNode node;
  node.function.on_event = [](const std::string& event) { return FakeBehaviour{.kind = event == "1" ? Kind::AnswerThenHang : Kind::Answer}; };
  EXPECT_EQ(node.Run("1").payload, "1");
  EXPECT_NE(node.Run("2").payload.find("Task timed out after 3.00 seconds"), std::string::npos);
  EXPECT_EQ(node.Run("3").payload, "3");
  EXPECT_EQ(node.factory.world.started_processes, 2);
  node.ExpectNothingLeft();
}

// The old process answers between the timeout and its end; then the new one answers in its place (simulation_test.cc tries it).
TEST(EnvironmentSim, ALateAnswerIsNobodys) {
  for (const Duration late : {Duration(microseconds(-1)), Duration(0), Duration(microseconds(1)), Duration(microseconds(500)), Duration(milliseconds(1))}) {
    SCOPED_TRACE(late.count());
    LifeNode node;
    const Duration takes = seconds(3) + late;
    bool is_late = false;
    node.function.on_event = [&](const std::string& event) { return FakeBehaviour{.takes = is_late && event == "1" ? takes : milliseconds(1)}; };
    node.Run("0");
    is_late = true;
    const InvokeOutcome first = node.Run("1");
    if (late.count() < 0) EXPECT_EQ(first.payload, "1");
    if (late.count() > 0) EXPECT_NE(first.payload.find("Task timed out"), std::string::npos);
    EXPECT_EQ(first.function_error, first.payload != "1");
    const InvokeOutcome second = node.Run("2");
    EXPECT_EQ(second.payload, "2");
    EXPECT_FALSE(second.function_error);
    node.ExpectNothingLeft();
  }
  LifeNode node;
  node.function.on_event = [](const std::string& event) { return FakeBehaviour{.kind = event == "1" ? Kind::Hang : Kind::Answer}; };
  EXPECT_NE(node.Run("1").payload.find("Task timed out"), std::string::npos);
  EXPECT_EQ(node.Run("2").payload, "2");
  EXPECT_EQ(node.Run("3").payload, "3");
  EXPECT_EQ(node.factory.events.last_status, "success");
  node.ExpectNothingLeft();
}

TEST(EnvironmentSim, FailedInitIsRepeatedInsideTheInvocation) {
  LifeNode node;
  int inits = 0;
  node.function.on_init = [&] { return ++inits == 1 ? 1 : 0; };
  EXPECT_EQ(node.Run("1").payload, "1");
  EXPECT_EQ(inits, 2);
  EXPECT_EQ(node.factory.events.failed_inits, 1);

  LifeNode broken;
  broken.function.on_init = [] { return -1; };
  const InvokeOutcome outcome = broken.Run("1");
  EXPECT_TRUE(outcome.function_error);
  EXPECT_EQ(outcome.payload, R"({"errorType":"Runtime.ImportModuleError"})");
  EXPECT_EQ(broken.factory.events.failed_inits, 2);
  broken.ExpectNothingLeft();
  node.ExpectNothingLeft();
}

TEST(EnvironmentSim, InitThatNeverEndsTimesOutTwice) {
  LifeNode node;
  node.function.on_init = [] { return -2; };
  const TimePoint before = node.loop.Now();
  const InvokeOutcome outcome = node.Run("1");
  EXPECT_NE(outcome.payload.find("Sandbox.Timedout"), std::string::npos);
  EXPECT_GE(node.loop.Now() - before, seconds(13));  // 10 s of Init, 3 s of Invoke
  EXPECT_LT(node.loop.Now() - before, seconds(14));
  node.ExpectNothingLeft();
}

TEST(EnvironmentSim, DeathOfTheCageEndsTheInvocationAndTheEnvironment) {
  LifeNode node;
  bool die = true;
  node.function.on_event = [&](const std::string&) { return FakeBehaviour{.kind = die ? Kind::CageDies : Kind::Answer}; };
  EXPECT_TRUE(node.Run("1").function_error);
  die = false;
  EXPECT_EQ(node.Run("2").payload, "2");
  EXPECT_EQ(node.manager->counts().started, 2u);
  node.ExpectNothingLeft();
}

TEST(EnvironmentSim, IdleEnvironmentsEnd) {
  LifeNode node;
  node.Run("1");
  EXPECT_EQ(node.manager->counts().idle, 1);
  node.loop.RunFor(hours(1));
  EXPECT_EQ(node.manager->counts().live, 0);
  EXPECT_EQ(node.factory.world.live_cages, 0);
}

TEST(EnvironmentSim, AFullNodeEvictsIdleEnvironmentsOfOthersThenRefuses) {
  LifeNode node(ManagerOptions{.environments_max = 2});
  node.Run("1");
  EXPECT_TRUE(node.loop.Run(node.Invoke("1", "other")));
  EXPECT_TRUE(node.loop.Run(node.Invoke("1", "third")));
  EXPECT_LE(node.factory.world.live_cages, 2);
  node.function.on_event = [](const std::string&) { return FakeBehaviour{.kind = Kind::Hang}; };
  TaskScope scope(node.loop);
  int refused = 0;
  for (int i = 0; i < 3; ++i) {
    scope.Spawn([](LifeNode& node, int& refused) -> Task<> {
      auto outcome = co_await node.Invoke("1");
      if (!outcome && outcome.error().code == "NoCage") ++refused;
    }(node, refused));
  }
  node.loop.RunFor(seconds(30));
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(scope.size(), 0u);
  node.ExpectNothingLeft();
}

TEST(EnvironmentSim, RetiredVersionsGiveNoMoreEnvironments) {
  LifeNode node;
  node.Run("1");
  node.manager->Retire("pool");
  node.loop.RunFor(seconds(1));
  EXPECT_EQ(node.factory.world.live_cages, 0);
  node.Run("2");
  EXPECT_EQ(node.manager->counts().started, 2u);
  node.ExpectNothingLeft();
}

// Random functions, many callers, a virtual day each: every invocation is answered once with its own answer or an error,
// every START has its END and REPORT, and nothing is left.
class EnvironmentChaos : public testing::TestWithParam<uint64_t> {};

TEST_P(EnvironmentChaos, EveryInvocationEndsOnceAndNothingIsLeft) {
  SeededRandom random(GetParam());
  LifeNode node(ManagerOptions{.idle_timeout = seconds(30), .environments_max = 8});
  node.function.on_init = [&] { const auto dice = random.Below(100); return dice < 5 ? 1 : dice < 9 ? -1 - static_cast<int>(random.Below(4)) : 0; };
  constexpr Kind kFailures[] = {Kind::CageDies, Kind::ErrorThenExit, Kind::Oversized, Kind::AnswerTwice, Kind::WrongRequestId,
                                Kind::AnswerThenExit, Kind::AnswerThenHang, Kind::AnswerThenIdle, Kind::CutAnswer};
  node.function.on_event = [&](const std::string&) {
    FakeBehaviour behaviour{.takes = milliseconds(random.Below(500)), .lingers = milliseconds(random.Below(2000))};
    const auto dice = random.Below(100);
    behaviour.kind = dice < 66 ? Kind::Answer : dice < 74 ? Kind::HandledError : dice < 80 ? Kind::Exit : dice < 84 ? Kind::Hang
                                                                                             : kFailures[random.Below(std::size(kFailures))];
    if (random.Below(50) == 0) behaviour.takes = seconds(3) + microseconds(random.Below(3000)) - milliseconds(1);  // about when it times out
    return behaviour;
  };
  int answered = 0, wrong = 0, refused = 0;
  const int total = 600;
  TaskScope scope(node.loop);
  for (int i = 0; i < total; ++i) {
    const Duration at = milliseconds(random.Below(120'000));
    const std::string pool = "pool-" + std::to_string(random.Below(3));
    scope.Spawn([](LifeNode& node, Duration at, std::string pool, int i, int& answered, int& wrong, int& refused) -> Task<> {
      Context ctx(node.loop);
      (void)co_await Sleep(ctx, at);
      auto outcome = co_await node.Invoke(std::to_string(i), pool);
      ++answered;
      if (!outcome) {
        ++refused;
      } else if (!outcome->function_error && outcome->payload != std::to_string(i)) {
        ++wrong;
      }
    }(node, at, pool, i, answered, wrong, refused));
  }
  node.loop.CallAfter(seconds(60), [&] { node.manager->Retire("pool-1"); });
  node.loop.RunFor(hours(24));
  EXPECT_EQ(answered, total) << "seed " << GetParam();
  EXPECT_EQ(wrong, 0) << "seed " << GetParam();
  EXPECT_LT(refused, total / 2);
  EXPECT_EQ(node.factory.events.starts, node.factory.events.dones);
  EXPECT_EQ(node.factory.events.starts, node.factory.events.reports);
  EXPECT_EQ(node.factory.busy_violations, 0);
  EXPECT_EQ(node.manager->counts().live, 0) << "seed " << GetParam();
  EXPECT_EQ(node.factory.world.live_cages, 0) << "seed " << GetParam();
  EXPECT_EQ(node.factory.world.live_processes, 0) << "seed " << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Seeds, EnvironmentChaos, testing::Range<uint64_t>(1, 41));

}  // namespace
}  // namespace mayfly::runtime
