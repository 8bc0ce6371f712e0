// If these fail, messages of a FIFO queue reach their function out of their groups' order, or one group's twice at a time.
#include <gtest/gtest.h>

#include <map>

#include "sources/testing_poller.h"

namespace mayfly::sources {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kOrdered = "arn:aws:sqs:us-east-1:000000000000:q.fifo";

struct OrderedBench : PollerBench {
  explicit OrderedBench(uint64_t seed = 1) : PollerBench(seed) { queue.ordered = true; }
  void Begin(catalog::EventSourceMapping mapping = PlainMapping()) {
    mapping.event_source_arn = kOrdered;
    poller = std::make_unique<QueuePoller>(
        PollerParts{.loop = &loop, .functions = &functions, .random = &random, .budget = &budget, .metrics = &metrics, .options = options},
        queue, kOrdered);
    poller->Start(std::make_shared<const catalog::EventSourceMapping>(mapping));
  }
};

std::string Failures(const Ids& ids) {
  std::string items;
  for (const std::string& id : ids) items += (items.empty() ? "" : ",") + (R"({"itemIdentifier":")" + id + R"("})");
  return R"({"batchItemFailures":[)" + items + "]}";
}

TEST(OrderedPoller, OneBatchOfAGroupAtATimeAndGroupsBesideEachOther) {
  OrderedBench bench;
  bench.functions.on_event = [](const Ids&) { return Behaviour{.takes = seconds(1)}; };
  auto mapping = PlainMapping();
  mapping.batch_size = 1;
  for (int i = 0; i < 3; ++i) {
    bench.queue.Send("x", "a");
    bench.queue.Send("x", "b");
  }
  bench.Begin(mapping);
  bench.loop.RunFor(milliseconds(1500));
  EXPECT_EQ(bench.functions.running_max, 2);
  bench.loop.RunFor(seconds(5));
  EXPECT_EQ(bench.functions.batches, (std::vector<Ids>{{"m1"}, {"m2"}, {"m3"}, {"m4"}, {"m5"}, {"m6"}}));
  EXPECT_EQ(bench.queue.size(), 0u);
}

TEST(OrderedPoller, AfterAFailureTheGroupWaitsUntilItsMessagesAreVisible) {
  OrderedBench bench;
  int calls = 0;
  bench.functions.on_event = [&](const Ids&) { return Behaviour{.kind = ++calls == 1 ? Kind::FunctionError : Kind::Answer}; };
  auto mapping = PlainMapping();
  mapping.batch_size = 2;
  for (int i = 0; i < 4; ++i) bench.queue.Send("x", "a");
  bench.Begin(mapping);
  bench.loop.RunFor(seconds(29));
  EXPECT_EQ(bench.functions.batches, (std::vector<Ids>{{"m1", "m2"}}));
  bench.loop.RunFor(seconds(2));
  EXPECT_EQ(bench.functions.batches, (std::vector<Ids>{{"m1", "m2"}, {"m1", "m2"}, {"m3", "m4"}}));
}

TEST(OrderedPoller, WhatFollowsAFailureInItsGroupHasFailedToo) {
  OrderedBench bench;
  int calls = 0;
  bench.functions.on_event = [&](const Ids&) { return Behaviour{.answer = ++calls == 1 ? Failures({"m2"}) : "null"}; };
  auto mapping = PlainMapping();
  mapping.function_response_types = {"ReportBatchItemFailures"};
  for (const char* group : {"a", "a", "b", "a"}) bench.queue.Send("x", group);
  bench.Begin(mapping);
  bench.loop.RunFor(seconds(1));
  EXPECT_EQ(bench.queue.deleted, (std::set<std::string>{"m1", "m3"}));
  bench.loop.RunFor(seconds(31));
  EXPECT_EQ(bench.functions.batches, (std::vector<Ids>{{"m1", "m2", "m3", "m4"}, {"m2", "m4"}}));
}

TEST(OrderedPoller, WhatHasNoRoomInTheEventWaitsForTheBatch) {
  OrderedBench bench;
  bench.functions.on_event = [](const Ids&) { return Behaviour{.takes = seconds(1)}; };
  for (int i = 0; i < 3; ++i) bench.queue.Send(std::string(900'000, '\x01'), "a");  // six bytes each in JSON
  bench.Begin();
  bench.loop.RunFor(seconds(4));
  EXPECT_EQ(bench.functions.batches, (std::vector<Ids>{{"m1"}, {"m2"}, {"m3"}}));
  EXPECT_EQ(bench.functions.running_max, 1);
  EXPECT_EQ(bench.queue.receive_calls, 2) << "all three were received together";
}

TEST(OrderedPoller, AMessageOfALoopKeepsItsGroup) {
  OrderedBench bench;
  bench.queue.Send("x", "a");
  auto looping = std::make_shared<QueueMessage>();
  looping->message_id = "loop";
  looping->group_id = "a";
  looping->trace_header = bench.functions.forbidden_trace;
  bench.queue.Send(looping);
  bench.queue.Send("x", "a");
  bench.queue.Send("x", "b");
  bench.Begin();
  bench.loop.RunFor(seconds(1));
  EXPECT_EQ(bench.functions.batches, (std::vector<Ids>{{"m1", "m3"}}));
}

// Each seed: groups, failures of every kind, slow commits, a broken store; each message is seen for the first time in the order
// of its group, and never while another batch of its group is with the function.
class OrderedPollerSeeds : public testing::TestWithParam<uint64_t> {};

TEST_P(OrderedPollerSeeds, OrderHoldsUnderFailures) {
  OrderedBench bench(GetParam());
  std::map<std::string, std::string> group_of;
  std::map<std::string, std::vector<std::string>> sent;
  std::map<std::string, size_t> seen;  // how many of a group have been processed
  SeededRandom dice(GetParam() + 1000);
  bench.queue.commit_takes = milliseconds(20);
  bench.queue.fault_chance = 0.02;
  bench.functions.on_event = [&](const Ids& ids) -> Behaviour {
    std::map<std::string, size_t> at;
    for (const std::string& id : ids) {
      const std::string& group = group_of.at(id);
      const auto& order = sent.at(group);
      const size_t place = static_cast<size_t>(std::ranges::find(order, id) - order.begin());
      if (const auto previous = at.find(group); previous != at.end()) EXPECT_EQ(place, previous->second + 1) << id;
      else EXPECT_LE(place, seen[group]) << id << " overtakes its group";
      at[group] = place;
    }
    const auto takes = milliseconds(1 + dice.Below(2000));
    const double fate = dice.Unit();
    if (fate < 0.1) return {.kind = Kind::FunctionError, .takes = takes};
    if (fate < 0.15) return {.kind = Kind::Throttle};
    if (fate < 0.2) return {.kind = Kind::Broken, .takes = takes};
    if (fate < 0.4) {
      const size_t failing = dice.Below(ids.size());
      for (size_t i = 0; i < ids.size(); ++i) {
        const bool follows = group_of.at(ids[i]) == group_of.at(ids[failing]) && i >= failing;
        if (!follows) seen[group_of.at(ids[i])] = std::max(seen[group_of.at(ids[i])], at[group_of.at(ids[i])] + 1);
      }
      // Of the failing one's group only what stood before it.
      const auto& order = sent.at(group_of.at(ids[failing]));
      seen[group_of.at(ids[failing])] =
          std::max<size_t>(seen[group_of.at(ids[failing])], static_cast<size_t>(std::ranges::find(order, ids[failing]) - order.begin()));
      return {.takes = takes, .answer = Failures({ids[failing]})};
    }
    for (const auto& [group, place] : at) seen[group] = std::max(seen[group], place + 1);
    return {.takes = takes};
  };
  auto mapping = PlainMapping();
  mapping.batch_size = 1 + static_cast<int>(dice.Below(10));
  mapping.function_response_types = {"ReportBatchItemFailures"};
  bench.Begin(mapping);
  for (int i = 0; i < 300; ++i) {
    const std::string group = std::string(1, static_cast<char>('a' + dice.Below(7)));
    const std::string id = bench.queue.Send("x", group);
    group_of[id] = group;
    sent[group].push_back(id);
    if (dice.Below(4) == 0) bench.loop.RunFor(milliseconds(dice.Below(400)));
  }
  bench.loop.RunFor(hours(6));
  EXPECT_EQ(bench.queue.size(), 0u);
  EXPECT_EQ(bench.queue.deleted.size(), 300u);
  for (const auto& [group, order] : sent) EXPECT_EQ(seen[group], order.size()) << group;
}

INSTANTIATE_TEST_SUITE_P(Seeds, OrderedPollerSeeds, testing::Range<uint64_t>(1, 13));

}  // namespace
}  // namespace mayfly::sources
