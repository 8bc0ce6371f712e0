// If these fail, messages of a queue are lost, deleted unprocessed, processed beyond the mapping's limits, or left behind.
#include <gtest/gtest.h>

#include <set>

#include "sources/fake_functions.h"
#include "sources/fake_queue.h"
#include "sources/queue_poller.h"

namespace mayfly::sources {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Behaviour = FakeFunctions::Behaviour;
using Kind = Behaviour::Kind;
using Ids = FakeFunctions::Ids;

constexpr const char* kQueue = "arn:aws:sqs:us-east-1:000000000000:q";

catalog::EventSourceMapping PlainMapping() {
  catalog::EventSourceMapping mapping;
  mapping.account_id = "000000000000";
  mapping.region = "us-east-1";
  mapping.uuid = "u";
  mapping.function = {"000000000000", "us-east-1", "f"};
  mapping.event_source_arn = kQueue;
  mapping.batch_size = 10;
  mapping.state = "Enabled";
  return mapping;
}

struct Bench {
  explicit Bench(uint64_t seed = 1, PollerOptions given = {}) : random(seed), options(given) {}
  ~Bench() { Stop(); }
  void Start(const catalog::EventSourceMapping& mapping) {
    if (!poller) {
      PollerParts parts{.loop = &loop, .queues = &queue, .functions = &functions, .random = &random, .budget = &budget, .options = options};
      poller = std::make_unique<QueuePoller>(parts, kQueue);
    }
    poller->Start(std::make_shared<const catalog::EventSourceMapping>(mapping));
  }
  void Stop(Duration drain = minutes(15)) {
    if (poller) loop.RunVoid(poller->Stop(loop.Now() + drain));
    poller.reset();
    EXPECT_EQ(budget.bytes(), 0u);
  }
  Ids SendMany(int count, const std::string& body = "x") {
    Ids ids;
    for (int i = 0; i < count; ++i) ids.push_back(queue.Send(body));
    return ids;
  }
  std::vector<size_t> BatchSizes() const {
    std::vector<size_t> sizes;
    for (const Ids& batch : functions.batches) sizes.push_back(batch.size());
    return sizes;
  }

  SimLoop loop;
  SeededRandom random;
  PollerOptions options;
  FakeQueue queue{loop, random};
  FakeFunctions functions{loop};
  ByteBudget budget{loop, options.payload_bytes_max};
  std::unique_ptr<QueuePoller> poller;
};

TEST(QueuePoller, AMessageIsProcessedAtOnceAndDeleted) {
  Bench bench;
  bench.Start(PlainMapping());
  bench.loop.RunFor(minutes(3));
  const TimePoint sent = bench.loop.Now();
  EXPECT_EQ(bench.poller->result(), "");
  bench.queue.Send("x");
  bench.loop.RunFor(milliseconds(20));
  EXPECT_EQ(bench.functions.begins, std::vector<TimePoint>{sent});
  EXPECT_EQ(bench.queue.deleted, std::set<std::string>{"m1"});
  EXPECT_EQ(bench.poller->result(), "OK");
}

TEST(QueuePoller, TakesWhatIsThereInBatches) {
  Bench bench;
  bench.SendMany(25);
  bench.Start(PlainMapping());
  bench.loop.RunFor(seconds(1));
  EXPECT_EQ(bench.BatchSizes(), (std::vector<size_t>{10, 10, 5}));
  EXPECT_EQ(bench.queue.size(), 0u);
  EXPECT_LE(bench.queue.delete_calls, 3);
}

TEST(QueuePoller, AWindowCollectsUntilItEndsOrTheBatchIsFull) {
  Bench bench;
  catalog::EventSourceMapping mapping = PlainMapping();
  mapping.batch_size = 1000;
  mapping.batching_window_seconds = 5;
  bench.Start(mapping);
  bench.loop.RunFor(seconds(10));
  const TimePoint begin = bench.loop.Now();
  for (int i = 0; i < 4; ++i) {
    bench.SendMany(3);
    bench.loop.RunFor(seconds(1));
  }
  EXPECT_TRUE(bench.functions.batches.empty());
  bench.loop.RunFor(seconds(2));
  EXPECT_EQ(bench.BatchSizes(), std::vector<size_t>{12});
  EXPECT_EQ(bench.functions.begins, std::vector<TimePoint>{begin + seconds(5)}) << "the window begins with its first message";
  bench.SendMany(2500);
  bench.loop.RunFor(milliseconds(1));
  EXPECT_EQ(bench.BatchSizes(), (std::vector<size_t>{12, 1000, 1000})) << "full batches do not wait";
  bench.loop.RunFor(seconds(5));
  EXPECT_EQ(bench.BatchSizes().back(), 500u);
}

// Otherwise its first messages come again while they wait.
TEST(QueuePoller, AWindowEndsBeforeItsMessagesAreVisibleAgain) {
  Bench bench;
  catalog::EventSourceMapping mapping = PlainMapping();
  mapping.batching_window_seconds = 300;
  bench.Start(mapping);
  bench.SendMany(2);
  bench.loop.RunFor(seconds(26));
  EXPECT_TRUE(bench.functions.batches.empty());
  bench.loop.RunFor(seconds(2));
  EXPECT_EQ(bench.BatchSizes(), std::vector<size_t>{2});
  EXPECT_EQ(bench.queue.size(), 0u);
}

TEST(QueuePoller, EventsAreNeverLargerThanAnInvocationMayBe) {
  Bench bench;
  catalog::EventSourceMapping mapping = PlainMapping();
  mapping.batch_size = 10'000;
  mapping.batching_window_seconds = 300;
  bench.queue.visibility = minutes(10);
  bench.SendMany(40, std::string(400'000, '"'));  // twice as long in JSON
  bench.Start(mapping);
  bench.loop.RunFor(seconds(1));
  EXPECT_EQ(bench.BatchSizes(), (std::vector<size_t>{7, 7, 7, 7, 7})) << "what is full by size does not wait for the window";
  bench.loop.RunFor(seconds(300));
  EXPECT_EQ(bench.BatchSizes().back(), 5u);
  EXPECT_LE(bench.functions.event_bytes_max, kEventBytesMax);
  EXPECT_EQ(bench.queue.size(), 0u);
}

TEST(QueuePoller, FailedBatchesComeBackWhenTheyAreVisibleAgain) {
  Bench bench;
  bool fails = true;
  bench.functions.on_event = [&](const Ids&) { return Behaviour{.kind = fails ? Kind::FunctionError : Kind::Answer}; };
  bench.SendMany(3);
  bench.Start(PlainMapping());
  bench.loop.RunFor(seconds(29));
  EXPECT_EQ(bench.BatchSizes(), std::vector<size_t>{3});
  EXPECT_EQ(bench.poller->result(), "PROBLEM: Function call failed");
  bench.loop.RunFor(seconds(2));
  EXPECT_EQ(bench.poller->counts().failed_invoke, 6u);
  EXPECT_EQ(bench.queue.size(), 3u);
  fails = false;
  bench.loop.RunFor(seconds(30));
  EXPECT_EQ(bench.queue.deleted.size(), 3u);
  EXPECT_EQ(bench.poller->result(), "OK");
  EXPECT_EQ(bench.poller->counts().polled, 9u);
  EXPECT_EQ(bench.poller->counts().invoked, 9u);
  EXPECT_EQ(bench.poller->counts().failed_invoke, 6u);
  EXPECT_EQ(bench.poller->counts().deleted, 3u);
}

TEST(QueuePoller, OnlyItemsThatFailedComeBack) {
  Bench bench;
  catalog::EventSourceMapping mapping = PlainMapping();
  mapping.function_response_types = {"ReportBatchItemFailures"};
  bench.functions.on_event = [](const Ids& ids) {
    if (ids.size() == 1) return Behaviour();
    return Behaviour{.answer = R"({"batchItemFailures":[{"itemIdentifier":"m2"}]})"};
  };
  bench.SendMany(3);
  bench.Start(mapping);
  bench.loop.RunFor(seconds(10));
  EXPECT_EQ(bench.queue.deleted, (std::set<std::string>{"m1", "m3"}));
  EXPECT_EQ(bench.poller->counts().failed_invoke, 1u);
  bench.loop.RunFor(seconds(30));
  EXPECT_EQ(bench.functions.batches.back(), Ids{"m2"});
  EXPECT_EQ(bench.queue.size(), 0u);
}

TEST(QueuePoller, ReportsCountOnlyWhereTheMappingAsksForThem) {
  Bench bench;
  bench.functions.on_event = [](const Ids&) { return Behaviour{.answer = R"({"batchItemFailures":[{"itemIdentifier":"m2"}]})"}; };
  bench.SendMany(3);
  bench.Start(PlainMapping());
  bench.loop.RunFor(seconds(1));
  EXPECT_EQ(bench.queue.deleted.size(), 3u);
}

TEST(QueuePoller, MessagesThatTheFilterRefusesAreDeletedUnseen) {
  Bench bench;
  catalog::EventSourceMapping mapping = PlainMapping();
  mapping.filter_patterns = {R"({"body":["want"]})"};
  bench.queue.Send("want");
  bench.SendMany(5, "other");
  bench.queue.Send("want");
  bench.Start(mapping);
  bench.loop.RunFor(seconds(1));
  EXPECT_EQ(bench.functions.batches, (std::vector<Ids>{{"m1", "m7"}}));
  EXPECT_EQ(bench.queue.size(), 0u);
  EXPECT_EQ(bench.poller->counts().filtered_out, 5u);
  EXPECT_EQ(bench.poller->counts().deleted, 2u);
}

TEST(QueuePoller, NoMoreBatchesAtOnceThanTheMappingAllows) {
  Bench bench;
  catalog::EventSourceMapping mapping = PlainMapping();
  mapping.batch_size = 1;
  mapping.maximum_concurrency = 3;
  bench.functions.on_event = [](const Ids&) { return Behaviour{.takes = seconds(1)}; };
  bench.SendMany(30);
  bench.Start(mapping);
  bench.loop.RunFor(milliseconds(500));
  EXPECT_EQ(bench.functions.running, 3);
  EXPECT_EQ(bench.queue.visible(), 27u) << "what cannot be processed yet stays in the queue";
  mapping.maximum_concurrency = 2;
  bench.Start(mapping);
  bench.functions.running_max = 0;
  bench.loop.RunFor(seconds(20));
  EXPECT_LE(bench.functions.running_max, 2);
  EXPECT_EQ(bench.queue.size(), 0u);
}

TEST(QueuePoller, GrowsToFullConcurrencyWithinASecond) {
  Bench bench;
  catalog::EventSourceMapping mapping = PlainMapping();
  mapping.batch_size = 1;
  bench.functions.on_event = [](const Ids&) { return Behaviour{.takes = seconds(10)}; };
  bench.SendMany(3000);
  bench.Start(mapping);
  bench.loop.RunFor(milliseconds(1));
  EXPECT_LE(bench.functions.running, 7);
  bench.loop.RunFor(seconds(1));
  EXPECT_GE(bench.functions.running, 1000);
  bench.loop.RunFor(seconds(2));
  EXPECT_EQ(bench.functions.running_max, 1250);
}

TEST(QueuePoller, ProvisionedPollersSetTheBounds) {
  Bench bench;
  catalog::EventSourceMapping mapping = PlainMapping();
  mapping.batch_size = 1;
  mapping.minimum_pollers = 3;
  mapping.maximum_pollers = 5;
  bench.functions.on_event = [](const Ids&) { return Behaviour{.takes = seconds(10)}; };
  bench.SendMany(300);
  bench.Start(mapping);
  bench.loop.RunFor(Duration(1));
  EXPECT_EQ(bench.functions.running, 30);
  bench.loop.RunFor(seconds(5));
  EXPECT_EQ(bench.functions.running, 50);
}

// Whoever throttles takes less from the queue, and has tried again at once when there is room.
TEST(QueuePoller, ThrottledBatchesWaitForTheirTurn) {
  Bench bench;
  catalog::EventSourceMapping mapping = PlainMapping();
  mapping.batch_size = 1;
  bench.functions.on_event = [&](const Ids&) {
    return Behaviour{.kind = bench.functions.running < 2 ? Kind::Answer : Kind::Throttle, .takes = milliseconds(100)};
  };
  bench.SendMany(100);
  bench.Start(mapping);
  bench.loop.RunFor(seconds(5) + milliseconds(200));
  EXPECT_EQ(bench.queue.deleted.size(), 100u) << "both places were used all the time";
  EXPECT_EQ(bench.functions.running_max, 2);
  for (const Ids& batch : bench.functions.batches) EXPECT_EQ(batch.size(), 1u);
  EXPECT_EQ(bench.functions.batches.size(), 100u);
}

TEST(QueuePoller, AFunctionThatIsAlwaysThrottledLosesNothing) {
  Bench bench;
  bool throttled = true;
  bench.functions.on_event = [&](const Ids&) { return Behaviour{.kind = throttled ? Kind::Throttle : Kind::Answer}; };
  bench.SendMany(100);
  bench.Start(PlainMapping());
  bench.loop.RunFor(minutes(5));
  EXPECT_EQ(bench.queue.size(), 100u);
  EXPECT_LT(bench.functions.throttles, 1000) << "it backs off";
  throttled = false;
  bench.loop.RunFor(minutes(1));
  EXPECT_EQ(bench.queue.deleted.size(), 100u);
}

TEST(QueuePoller, PausedItTakesNothingAndEndsWhatItHas) {
  Bench bench;
  catalog::EventSourceMapping mapping = PlainMapping();
  mapping.batching_window_seconds = 60;
  bench.SendMany(4);
  bench.Start(mapping);
  bench.loop.RunFor(seconds(1));
  EXPECT_TRUE(bench.functions.batches.empty());
  bench.poller->Pause();
  bench.loop.RunVoid(bench.poller->Drain());
  EXPECT_EQ(bench.BatchSizes(), std::vector<size_t>{4});
  EXPECT_EQ(bench.queue.size(), 0u);
  bench.SendMany(3);
  bench.loop.RunFor(minutes(10));
  EXPECT_EQ(bench.queue.visible(), 3u);
  EXPECT_EQ(bench.functions.batches.size(), 1u);
  mapping.batching_window_seconds = 0;
  bench.Start(mapping);
  bench.loop.RunFor(seconds(1));
  EXPECT_EQ(bench.queue.deleted.size(), 7u);
}

TEST(QueuePoller, StoppedItHandsBackWhatNobodyHasSeen) {
  Bench bench;
  catalog::EventSourceMapping mapping = PlainMapping();
  mapping.batch_size = 1;
  mapping.maximum_concurrency = 2;
  bench.functions.on_event = [](const Ids&) { return Behaviour{.takes = minutes(10)}; };
  bench.SendMany(2);
  bench.Start(mapping);
  bench.loop.RunFor(seconds(1));
  mapping.batch_size = 10;
  mapping.batching_window_seconds = 60;
  bench.queue.visibility = minutes(20);
  bench.Start(mapping);
  bench.SendMany(5);
  bench.loop.RunFor(seconds(1));
  bench.Stop(seconds(5));
  bench.loop.RunFor(seconds(1));
  EXPECT_EQ(bench.queue.size(), 7u);
}

TEST(QueuePoller, ComesBackWithItsQueue) {
  Bench bench;
  bench.Start(PlainMapping());
  bench.loop.RunFor(seconds(1));
  bench.queue.Drop();
  bench.loop.RunFor(seconds(1));
  EXPECT_EQ(bench.poller->result(), "PROBLEM: The specified queue does not exist.");
  bench.queue.exists = true;
  bench.SendMany(3);
  bench.loop.RunFor(seconds(5));
  EXPECT_EQ(bench.queue.deleted.size(), 3u);
  EXPECT_EQ(bench.poller->result(), "OK");
}

TEST(QueuePoller, WithoutItsFunctionItLeavesTheQueueAlone) {
  Bench bench;
  bench.functions.exists = false;
  bench.SendMany(3);
  bench.Start(PlainMapping());
  bench.loop.RunFor(minutes(5));
  EXPECT_EQ(bench.queue.receive_calls, 0);
  EXPECT_EQ(bench.poller->result(), "PROBLEM: Function not found");
  bench.functions.exists = true;
  bench.loop.RunFor(seconds(5));
  EXPECT_EQ(bench.queue.deleted.size(), 3u);
  // Gone while it waits for messages: what it has taken by then is handed back.
  bench.functions.exists = false;
  const std::string id = bench.queue.Send("x");
  bench.loop.RunFor(seconds(1));
  EXPECT_EQ(bench.queue.visible(), 1u);
  EXPECT_EQ(bench.queue.receives_of(id), 1);
}

TEST(QueuePoller, ManyBatchesShareACommit) {
  Bench bench;
  catalog::EventSourceMapping mapping = PlainMapping();
  mapping.batch_size = 1;
  bench.queue.commit_takes = milliseconds(20);
  bench.functions.on_event = [](const Ids&) { return Behaviour{.takes = milliseconds(1)}; };
  bench.SendMany(1000);
  bench.Start(mapping);
  bench.loop.RunFor(seconds(2));
  EXPECT_EQ(bench.queue.deleted.size(), 1000u);
  EXPECT_LT(bench.queue.delete_calls, 100);
}

TEST(QueuePoller, PayloadsHaveABound) {
  PollerOptions options;
  options.payload_bytes_max = 20 << 20;
  Bench bench(1, options);
  catalog::EventSourceMapping mapping = PlainMapping();
  mapping.batch_size = 1;
  bench.functions.on_event = [](const Ids&) { return Behaviour{.takes = seconds(1)}; };
  bench.SendMany(100, std::string(1 << 20, 'x'));
  bench.Start(mapping);
  size_t bytes_max = 0;
  for (int i = 0; i < 200; ++i) {
    bench.loop.RunFor(milliseconds(100));
    bytes_max = std::max(bytes_max, bench.budget.bytes());
  }
  EXPECT_GT(bytes_max, size_t{15} << 20);
  EXPECT_LT(bytes_max, size_t{22} << 20);
  EXPECT_EQ(bench.queue.deleted.size(), 100u);
}

TEST(QueuePoller, ASingleMessageTakesItsTraceAlong) {
  Bench bench;
  auto message = std::make_shared<QueueMessage>();
  message->message_id = "traced";
  message->trace_header = "Root=1-5e1b4151-5ac6c58d5f4b3f9b1a2c3d4e";
  bench.queue.Send(std::move(message));
  bench.Start(PlainMapping());
  bench.loop.RunFor(seconds(1));
  EXPECT_EQ(bench.functions.traces, Ids{"Root=1-5e1b4151-5ac6c58d5f4b3f9b1a2c3d4e"});
}

// --- everything at once --------------------------------------------------------------------------------------------------

class PollerChaos : public testing::TestWithParam<uint64_t> {};

// Random settings, failures, throttles, broken stores, pauses, updates and crashes of the poller. Nothing is deleted that was
// not processed or filtered out, the limit holds at every instant, and in the end everything is deleted or a dead letter.
TEST_P(PollerChaos, NothingIsLost) {
  Bench bench(GetParam());
  SeededRandom& random = bench.random;
  std::set<std::string> processed;
  int limit = 1250;
  bench.queue.commit_takes = milliseconds(50);
  bench.queue.fault_chance = 0.02;
  bench.queue.receives_max = 200;
  const bool reports = random.Below(2) == 0;
  bench.functions.on_event = [&](const Ids& ids) {
    EXPECT_LT(bench.functions.running, limit);
    const uint64_t dice = random.Below(100);
    Behaviour behaviour{.kind = dice < 70 ? Kind::Answer : dice < 80 ? Kind::FunctionError : dice < 95 ? Kind::Throttle : Kind::Broken,
                        .takes = milliseconds(random.Below(2000))};
    if (behaviour.kind != Kind::Answer) return behaviour;
    std::set<std::string> failed;
    if (reports && random.Below(3) == 0) {
      failed.insert(ids[random.Below(ids.size())]);
      behaviour.answer = R"({"batchItemFailures":[{"itemIdentifier":")" + *failed.begin() + R"("}]})";
    }
    for (const std::string& id : ids) {
      if (!failed.contains(id)) processed.insert(id);
    }
    return behaviour;
  };
  catalog::EventSourceMapping mapping = PlainMapping();
  mapping.filter_patterns = {R"({"body":["want"]})"};
  if (reports) mapping.function_response_types = {"ReportBatchItemFailures"};
  std::set<std::string> all, unwanted;
  for (int step = 0; step < 60; ++step) {
    for (uint64_t i = random.Below(60); i > 0; --i) {
      const bool want = random.Below(10) > 0;
      const std::string id = bench.queue.Send(want ? "want" : "not");
      all.insert(id);
      if (!want) unwanted.insert(id);
    }
    switch (random.Below(9)) {
      case 0: bench.poller ? bench.poller->Pause() : void(); break;
      case 1: bench.Stop(milliseconds(random.Below(3000))); break;
      case 2: bench.poller.reset(); break;  // the daemon has crashed
      default: {
        mapping.batch_size = 1 + static_cast<int>(random.Below(30));
        mapping.batching_window_seconds = static_cast<int>(random.Below(3)) + (mapping.batch_size > 10 ? 1 : 0);
        // Batches of before go on: until they have ended the larger limit holds.
        if (bench.poller) bench.poller->Pause(), bench.loop.RunVoid(bench.poller->Drain());
        limit = 2 + static_cast<int>(random.Below(20));
        mapping.maximum_concurrency = limit;
        bench.Start(mapping);
      }
    }
    bench.loop.RunFor(milliseconds(random.Below(5000)));
  }
  bench.queue.fault_chance = 0;
  bench.Start(mapping);
  bench.loop.RunFor(std::chrono::hours(24));
  EXPECT_EQ(bench.queue.size(), 0u);
  for (const std::string& id : all) {
    const bool done = bench.queue.deleted.contains(id);
    EXPECT_TRUE(done || bench.queue.dead_letters.contains(id)) << id << " is lost";
    if (done) EXPECT_TRUE(processed.contains(id) || unwanted.contains(id)) << id << " was deleted unprocessed";
    if (unwanted.contains(id)) EXPECT_FALSE(processed.contains(id)) << id << " was not wanted";
  }
  EXPECT_EQ(bench.poller->running(), 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, PollerChaos, testing::Range<uint64_t>(1, 101));

}  // namespace
}  // namespace mayfly::sources
