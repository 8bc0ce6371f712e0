// If these fail, extensions are not told of invocations and ends, or one that fails takes invocations or the node with it.
#include <gtest/gtest.h>

#include "base/json.h"
#include "runtime/simulation.h"

namespace mayfly::runtime {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using BehaviourKind = FakeBehaviour::Kind;
using Start = FakeExtension::Start;
using OnInvoke = FakeExtension::OnInvoke;

struct ExtendedNode : SimulatedNode {
  bool want_log_tail = false;

  explicit ExtendedNode(ManagerOptions options = {}) : SimulatedNode(options) { spec->extensions = {"agent"}; }
  Task<Result<InvokeOutcome>> Invoke(std::string payload, std::string pool = "pool") {
    Context ctx(loop);
    Invocation invocation = NewInvocation(std::move(payload));
    invocation.want_log_tail = want_log_tail;
    co_return co_await manager->Invoke(ctx, pool, spec, std::move(invocation));
  }
  InvokeOutcome Run(std::string payload) {
    auto outcome = loop.Run(Invoke(std::move(payload)));
    EXPECT_TRUE(outcome) << (outcome ? "" : outcome.error().ToString());
    return outcome ? *outcome : InvokeOutcome();
  }
  void Settle() { loop.RunFor(seconds(20)); }
  EventCounter& events() { return factory.events; }
  int given(const std::string& event) { return factory.extension_events[event]; }
};

TEST(Extensions, TakePartFromInitToShutdown) {
  ExtendedNode node;
  EXPECT_EQ(node.Run("1").payload, "1");
  EXPECT_EQ(node.events().last_extension, "agent Ready [INVOKE,SHUTDOWN] ");
  EXPECT_EQ(node.Run("2").payload, "2");
  node.Settle();
  EXPECT_EQ(node.given("INVOKE"), 2);
  EXPECT_EQ(node.factory.world.started_processes, 2);
  EXPECT_EQ(node.given("SHUTDOWN spindown"), 0);
  node.ExpectNothingLeft();
  EXPECT_EQ(node.given("SHUTDOWN spindown"), 1);
}

TEST(Extensions, CallersDoNotWaitForThem) {
  ExtendedNode node;
  node.spec->timeout = seconds(3);
  node.Run("1");
  node.Settle();
  node.factory.extension.takes = seconds(1);
  const TimePoint before = node.loop.Now();
  EXPECT_EQ(node.Run("2").payload, "2");
  EXPECT_LT(node.loop.Now() - before, milliseconds(100));
  EXPECT_EQ(node.manager->counts().idle, 0) << "the extension still works";
  EXPECT_EQ(node.events().reports, 1);
  node.Settle();
  EXPECT_EQ(node.manager->counts().idle, 1);
  EXPECT_EQ(node.events().reports, 2);
  node.ExpectNothingLeft();
}

TEST(Extensions, LogTailHoldsTheReport) {
  ExtendedNode node;
  node.want_log_tail = true;
  EXPECT_NE(node.Run("1").log_tail.find("REPORT RequestId: request-1"), std::string::npos);
  node.ExpectNothingLeft();
}

TEST(Extensions, OneThatHangsIsBoundedByTheTimeout) {
  ExtendedNode node;
  node.Run("1");
  node.Settle();
  node.factory.extension.on_invoke = [] { return OnInvoke::Hang; };
  EXPECT_EQ(node.Run("2").payload, "2") << "the function itself was well";
  node.Settle();
  EXPECT_EQ(node.events().last_status, "timeout");
  node.factory.extension.on_invoke = [] { return OnInvoke::Done; };
  EXPECT_EQ(node.Run("3").payload, "3");
  EXPECT_EQ(node.manager->counts().started, 1u) << "the sandbox is kept, and initialised anew";
  node.ExpectNothingLeft();
}

TEST(Extensions, OneThatCrashesFailsTheInvocation) {
  ExtendedNode node;
  node.function.on_event = [](const std::string&) { return FakeBehaviour{.takes = milliseconds(100)}; };
  node.factory.extension.on_invoke = [] { return OnInvoke::Exit; };
  EXPECT_EQ(node.Run("1").payload, R"({"errorType":"Extension.Crash","errorMessage":"RequestId: request-1 Error: exit code 0"})");
  node.factory.extension.on_invoke = [] { return OnInvoke::ExitError; };
  EXPECT_EQ(node.Run("1").payload, R"({"errorType":"Extension.ExitError","errorMessage":"RequestId: request-2 Error: exit status 2"})");
  node.factory.extension.on_invoke = [] { return OnInvoke::Done; };
  EXPECT_EQ(node.Run("3").payload, "3");
  node.Settle();
  EXPECT_EQ(node.events().starts, node.events().reports);
  node.ExpectNothingLeft();
}

TEST(Extensions, CrashAfterTheAnswerIsReportedAndNoMore) {
  ExtendedNode node;
  node.Run("1");
  node.Settle();
  node.factory.extension.takes = milliseconds(50);
  node.factory.extension.on_invoke = [] { return OnInvoke::Exit; };
  EXPECT_EQ(node.Run("2").payload, "2");
  node.Settle();
  EXPECT_EQ(node.events().last_status, "failure");
  node.factory.extension.on_invoke = [] { return OnInvoke::Done; };
  EXPECT_EQ(node.Run("3").payload, "3");
  node.ExpectNothingLeft();
}

TEST(Extensions, OneThatSpoilsInitIsNamed) {
  struct Case {
    Start start;
    std::string error;
    std::string message;
    std::string state;
  };
  const Case cases[] = {
      {Start::Exit, "Extension.Crash", "exit status 4", "agent Started [] "},
      {Start::ExitAfterRegister, "Extension.Crash", "exit code 0", "agent Registered [INVOKE,SHUTDOWN] "},
      {Start::InitError, "Extension.InitError", "exit status 1", "agent InitError [INVOKE,SHUTDOWN] Extension.Test"},
      {Start::NeverRegister, "Sandbox.Timedout", "Task timed out after 3.00 seconds", "agent Started [] "},
      {Start::NeverAsk, "Sandbox.Timedout", "Task timed out after 3.00 seconds", "agent Registered [INVOKE,SHUTDOWN] "},
  };
  for (const Case& expected : cases) {
    ExtendedNode node;
    node.factory.extension.on_start = [&] { return expected.start; };
    EXPECT_EQ(node.Run("1").payload, R"({"errorType":")" + expected.error + R"(","errorMessage":"RequestId: request-1 Error: )" + expected.message + R"("})");
    EXPECT_EQ(node.events().last_init_error, expected.error);
    EXPECT_EQ(node.events().last_extension, expected.state);
    EXPECT_EQ(node.events().failed_inits, 2);
    node.Settle();
    node.factory.extension.on_start = [] { return Start::Ready; };
    EXPECT_EQ(node.Run("2").payload, "2");
    node.ExpectNothingLeft();
  }
}

TEST(Extensions, RegisteringTwiceIsRefused) {
  ExtendedNode node;
  node.factory.extension.on_start = [] { return Start::RegisterTwice; };
  EXPECT_EQ(node.Run("1").payload, "1");
  node.ExpectNothingLeft();
}

TEST(Extensions, MoreThanTenAreTooMany) {
  ExtendedNode node;
  node.spec->extensions.clear();
  for (int i = 0; i < 11; ++i) node.spec->extensions.push_back("extension-" + std::to_string(i));
  EXPECT_NE(node.Run("1").payload.find("Extension.LaunchError"), std::string::npos);
  node.spec->extensions.pop_back();
  EXPECT_EQ(node.Run("2").payload, "2");
  node.Settle();
  EXPECT_EQ(node.given("INVOKE"), 10);
  node.ExpectNothingLeft();
  EXPECT_EQ(node.given("SHUTDOWN spindown"), 10);
}

TEST(Extensions, FailuresOfTheRuntimeAreToldWithTheirReason) {
  ExtendedNode node;
  node.function.on_event = [](const std::string&) { return FakeBehaviour{.kind = BehaviourKind::Exit}; };
  EXPECT_NE(node.Run("1").payload.find("Runtime.ExitError"), std::string::npos);
  node.Settle();
  EXPECT_EQ(node.given("SHUTDOWN failure"), 1);
  node.function.on_event = [](const std::string&) { return FakeBehaviour{.kind = BehaviourKind::Hang}; };
  const TimePoint before = node.loop.Now();
  EXPECT_NE(node.Run("1").payload.find("Sandbox.Timedout"), std::string::npos);
  EXPECT_LT(node.loop.Now() - before, milliseconds(3010)) << "the caller does not wait for the Shutdown phase";
  node.Settle();
  EXPECT_EQ(node.given("SHUTDOWN timeout"), 1);
  node.ExpectNothingLeft();
}

TEST(Extensions, ThoseThatIgnoreTheEndAreKilledAfterTwoSeconds) {
  ExtendedNode node;
  node.Run("1");
  node.Settle();
  node.factory.extension.obeys_shutdown = [] { return false; };
  node.manager->RetireAll();
  node.loop.RunFor(milliseconds(1900));
  EXPECT_EQ(node.factory.world.live_cages, 1);
  node.loop.RunFor(milliseconds(200));
  EXPECT_EQ(node.factory.world.live_cages, 0);
  node.ExpectNothingLeft();
}

TEST(Extensions, WithoutShutdownEventsTheyAreKilledAtOnce) {
  ExtendedNode node;
  node.factory.extension.events = R"("INVOKE")";
  node.Run("1");
  node.Settle();
  node.manager->RetireAll();
  node.loop.RunFor(milliseconds(50));
  EXPECT_EQ(node.factory.world.live_cages, 0);
  EXPECT_EQ(node.given("SHUTDOWN spindown"), 0);
  node.ExpectNothingLeft();
}

TEST(Extensions, AFullNodeWaitsForAShutdownPhase) {
  ExtendedNode node(ManagerOptions{.environments_max = 1});
  node.Run("1");
  node.Settle();
  const TimePoint before = node.loop.Now();
  auto outcome = node.loop.Run(node.Invoke("2", "other"));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->payload, "2");
  EXPECT_LT(node.loop.Now() - before, seconds(1));
  EXPECT_EQ(node.given("SHUTDOWN spindown"), 1);
  node.ExpectNothingLeft();
}

std::vector<std::string> RecordTypes(const std::vector<std::string>& batches) {
  std::vector<std::string> types;
  for (const std::string& batch : batches) {
    const auto records = json::Parse(batch);
    EXPECT_TRUE(records) << batch;
    for (const json::Value& record : records->array()) types.emplace_back(record.StringOr("type", ""));
  }
  return types;
}

constexpr const char* kSubscription = R"({"schemaVersion":"2022-12-13","types":["platform","function","extension"],)"
                                      R"("destination":{"protocol":"HTTP","URI":"http://sandbox.localdomain:8080/"},"buffering":{"timeoutMs":25}})";

TEST(Telemetry, TellsAllOfAnEnvironmentsLife) {
  ExtendedNode node;
  node.factory.extension.subscription = kSubscription;
  node.Run("1");
  node.Settle();
  EXPECT_EQ(RecordTypes(node.factory.telemetry),
            (std::vector<std::string>{"platform.initStart", "platform.telemetrySubscription", "platform.initRuntimeDone", "platform.extension",
                                      "platform.initReport", "platform.start", "platform.runtimeDone", "platform.report"}));
  node.ExpectNothingLeft();
}

TEST(Telemetry, DeliveriesAreRepeatedThenCountedAsDropped) {
  ExtendedNode node;
  node.factory.extension.subscription = kSubscription;
  node.Run("1");
  node.Settle();
  const size_t before = node.factory.telemetry.size();
  node.factory.telemetry_failures = kDeliveryAttempts - 1;
  node.Run("2");
  node.Settle();
  EXPECT_EQ(RecordTypes({node.factory.telemetry.begin() + static_cast<long>(before), node.factory.telemetry.end()}).size(), 3u);
  node.factory.telemetry_failures = kDeliveryAttempts;
  node.Run("3");
  node.Settle();
  node.Run("4");
  node.Settle();
  const auto types = RecordTypes(node.factory.telemetry);
  EXPECT_EQ(std::count(types.begin(), types.end(), "platform.logsDropped"), 1);
  EXPECT_EQ(std::count(types.begin(), types.end(), "platform.report"), 3);
  node.ExpectNothingLeft();
}

// Extensions and runtimes that fail in every way, many callers, a virtual day each.
class ExtensionChaos : public testing::TestWithParam<uint64_t> {};

TEST_P(ExtensionChaos, EveryInvocationEndsOnceAndNothingIsLeft) {
  SeededRandom random(GetParam());
  ExtendedNode node(ManagerOptions{.idle_timeout = seconds(30), .environments_max = 8});
  node.spec->extensions = {"agent", "tail"};
  node.factory.extension.subscription = kSubscription;
  node.factory.extension.on_start = [&] {
    const auto dice = random.Below(100);
    return dice < 88 ? Start::Ready : static_cast<Start>(dice % 7);
  };
  node.factory.extension.on_invoke = [&] {
    const auto dice = random.Below(100);
    node.factory.extension.takes = milliseconds(random.Below(300));
    return dice < 85 ? OnInvoke::Done : static_cast<OnInvoke>(dice % 4);
  };
  node.factory.extension.obeys_shutdown = [&] { return random.Below(3) > 0; };
  node.function.on_init = [&] { const auto dice = random.Below(100); return dice < 5 ? 1 : dice < 8 ? -1 : dice < 9 ? -2 : 0; };
  node.function.on_event = [&](const std::string&) {
    FakeBehaviour behaviour{.takes = milliseconds(random.Below(500))};
    const auto dice = random.Below(100);
    behaviour.kind = dice < 70 ? BehaviourKind::Answer : dice < 78 ? BehaviourKind::HandledError : dice < 86 ? BehaviourKind::Exit : dice < 90 ? BehaviourKind::Hang
                   : dice < 94 ? BehaviourKind::CageDies : dice < 96 ? BehaviourKind::Oversized : BehaviourKind::WrongRequestId;
    node.factory.telemetry_failures = random.Below(10) == 0 ? 3 : 0;
    return behaviour;
  };
  int answered = 0, wrong = 0;
  const int total = 300;
  TaskScope scope(node.loop);
  for (int i = 0; i < total; ++i) {
    const Duration at = milliseconds(random.Below(120'000));
    const std::string pool = "pool-" + std::to_string(random.Below(3));
    scope.Spawn([](ExtendedNode& node, Duration at, std::string pool, int i, int& answered, int& wrong) -> Task<> {
      Context ctx(node.loop);
      (void)co_await Sleep(ctx, at);
      auto outcome = co_await node.Invoke(std::to_string(i), pool);
      ++answered;
      if (outcome && !outcome->function_error && outcome->payload != std::to_string(i)) ++wrong;
    }(node, at, pool, i, answered, wrong));
  }
  node.loop.CallAfter(seconds(60), [&] { node.manager->Retire("pool-1"); });
  node.loop.RunFor(hours(24));
  EXPECT_EQ(answered, total) << "seed " << GetParam();
  EXPECT_EQ(wrong, 0) << "seed " << GetParam();
  EXPECT_EQ(node.events().starts, node.events().dones) << "seed " << GetParam();
  EXPECT_EQ(node.events().starts, node.events().reports) << "seed " << GetParam();
  EXPECT_GT(node.given("INVOKE"), 10);
  EXPECT_EQ(node.factory.busy_violations, 0);
  EXPECT_EQ(node.manager->counts().live, 0) << "seed " << GetParam();
  EXPECT_EQ(node.factory.world.live_cages, 0) << "seed " << GetParam();
  EXPECT_EQ(node.factory.world.live_processes, 0) << "seed " << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Seeds, ExtensionChaos, testing::Range<uint64_t>(1, 41));

}  // namespace
}  // namespace mayfly::runtime
