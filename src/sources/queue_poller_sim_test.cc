// If these fail, messages of a queue are lost, deleted unprocessed, not deleted, or given to the function in the wrong batches.
#include "sources/testing_poller.h"

#include "invoke/function_metrics.h"

namespace mayfly::sources {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Bench = PollerBench;

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

TEST(QueuePoller, CountsInMetricsWhereTheMappingWantsThem) {
  Bench bench;
  catalog::EventSourceMapping mapping = PlainMapping();
  mapping.filter_patterns = {R"({"body":["want"]})"};
  bench.functions.on_event = [](const Ids& ids) { return Behaviour{.kind = ids.size() == 2 ? Kind::FunctionError : Kind::Answer}; };
  namespace metric = invoke::metric;
  const auto sum = [&](const telemetry::Metric& counted) {
    const telemetry::Dimension dimensions[] = {{"EventSourceMappingUUID", "u"}};
    const auto figure = bench.metrics.Find(counted, {"000000000000", "us-east-1"}, dimensions);
    return figure ? figure->sum : -1;
  };
  bench.Start(mapping);
  bench.SendMany(1, "want");
  bench.loop.RunFor(seconds(1));
  EXPECT_EQ(sum(metric::kPolledEventCount), -1);
  mapping.metrics = {"EventCount"};
  bench.Start(mapping);
  bench.SendMany(3, "want");
  bench.loop.RunFor(seconds(1));
  bench.SendMany(1, "other");
  bench.SendMany(2, "want");
  bench.loop.RunFor(seconds(1));
  EXPECT_EQ(sum(metric::kPolledEventCount), 6);
  EXPECT_EQ(sum(metric::kFilteredOutEventCount), 1);
  EXPECT_EQ(sum(metric::kInvokedEventCount), 5);
  EXPECT_EQ(sum(metric::kFailedInvokeEventCount), 2);
  EXPECT_EQ(sum(metric::kDeletedEventCount), 3);
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

TEST(QueuePoller, MessagesOfALoopAreLeftToTheirQueue) {
  Bench bench;
  bench.functions.forbidden_trace = "round and round";
  bench.queue.receives_max = 2;
  auto message = std::make_shared<QueueMessage>();
  message->message_id = "looped";
  message->trace_header = "round and round";
  bench.SendMany(1);
  bench.queue.Send(std::move(message));
  bench.SendMany(1);
  bench.Start(PlainMapping());
  bench.loop.RunFor(minutes(2));
  EXPECT_EQ(bench.functions.batches, (std::vector<Ids>{{"m1", "m2"}}));
  EXPECT_EQ(bench.queue.dead_letters, std::set<std::string>{"looped"});
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

}  // namespace
}  // namespace mayfly::sources
