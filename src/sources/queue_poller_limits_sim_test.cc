// If these fail, more runs or is held at once than a mapping allows, messages are lost under throttles, or a poller is slow.
#include "sources/testing_poller.h"

namespace mayfly::sources {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using LimitsBench = PollerBench;

TEST(QueuePoller, NoMoreBatchesAtOnceThanTheMappingAllows) {
  LimitsBench bench;
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
  LimitsBench bench;
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
  LimitsBench bench;
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
  LimitsBench bench;
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
  LimitsBench bench;
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

TEST(QueuePoller, ManyBatchesShareACommit) {
  LimitsBench bench;
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

// Otherwise a fast function waits for the store most of its time.
TEST(QueuePoller, AFastFunctionDoesNotWaitForTheQueue) {
  LimitsBench bench;
  catalog::EventSourceMapping mapping = PlainMapping();
  mapping.batch_size = 1;
  mapping.maximum_concurrency = 8;
  bench.queue.receive_takes = milliseconds(5);
  bench.functions.on_event = [](const Ids&) { return Behaviour{.takes = milliseconds(1)}; };
  bench.SendMany(4000);
  bench.Start(mapping);
  bench.loop.RunFor(milliseconds(700));  // half a second would be without any pause
  EXPECT_EQ(bench.queue.deleted.size(), 4000u);
  EXPECT_EQ(bench.functions.running_max, 8);
}

TEST(QueuePoller, PayloadsHaveABound) {
  PollerOptions options;
  options.payload_bytes_max = 20 << 20;
  LimitsBench bench(1, options);
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

// --- everything at once --------------------------------------------------------------------------------------------------

class PollerChaos : public testing::TestWithParam<uint64_t> {};

// Random settings, failures, throttles, broken stores, pauses, updates and crashes of the poller. Nothing is deleted that was
// not processed or filtered out, the limit holds at every instant, and in the end everything is deleted or a dead letter.
TEST_P(PollerChaos, NothingIsLost) {
  LimitsBench bench(GetParam());
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
