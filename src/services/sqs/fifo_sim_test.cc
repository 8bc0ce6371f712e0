// If these fail, FIFO queues give messages out of order, take a message twice, or forget what they were sent.
#include <algorithm>
#include <map>
#include <set>

#include "services/sqs/fifo.h"
#include "services/sqs/testing_queues.h"

namespace mayfly::sqs {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

class FifoSim : public QueuesSim {
 protected:
  using QueuesSim::QueuesSim;

  QueuePointer MakeFifo(std::string name = "q.fifo", Queue settings = {}) {
    settings.fifo = true;
    return Make(std::move(name), settings);
  }
  static std::vector<OutgoingMessage> InGroup(std::string group, std::string body, std::string deduplication_id) {
    auto messages = Message(std::move(body));
    messages.front().stored.message.group_id = std::move(group);
    messages.front().stored.message.deduplication_id = std::move(deduplication_id);
    return messages;
  }
  SentMessage Put(const QueuePointer& queue, std::string group, std::string body, std::string deduplication_id = "") {
    auto messages = InGroup(std::move(group), body, deduplication_id.empty() ? body : std::move(deduplication_id));
    queues_->Stamp(messages.front().stored);
    return loop_.Run(queues_->Send(ctx_, queue, std::move(messages))).value().front();
  }
  store::LeaseOutcome Remove(const QueuePointer& queue, const IncomingMessage& message) {
    return loop_.Run(queues_->DeleteMessages(ctx_, queue, std::vector<Receipt>(1, message.receipt))).value().front();
  }
};

TEST_F(FifoSim, AGroupWaitsForItsMessagesInFlight) {
  const auto queue = MakeFifo();
  for (const char* body : {"a1", "a2", "a3"}) Put(queue, "a", body);
  Put(queue, "b", "b1");
  const auto first = Receive(queue, {.messages_max = 2});
  ASSERT_EQ(first.messages.size(), 2u);
  EXPECT_EQ(first.messages[1].stored.message.body, "a2");
  EXPECT_LT(first.messages[0].stored.message.sequence_number, first.messages[1].stored.message.sequence_number);
  EXPECT_EQ(first.messages[0].stored.message.sequence_number.size(), 20u);
  EXPECT_EQ(Bodies(queue), Texts{"b1"});
  EXPECT_EQ(Remove(queue, first.messages[0]), store::LeaseOutcome::Changed);
  EXPECT_EQ(Bodies(queue), Texts());
  EXPECT_EQ(Remove(queue, first.messages[1]), store::LeaseOutcome::Changed);
  EXPECT_EQ(Bodies(queue), Texts{"a3"});
}

TEST_F(FifoSim, DeletingTheHeadWakesWhoWaitsForItsGroup) {
  const auto queue = MakeFifo();
  Put(queue, "a", "a1");
  Put(queue, "a", "a2");
  const auto first = Receive(queue);
  Texts later;
  TaskScope waiting(loop_);
  waiting.Spawn([](FifoSim& sim, QueuePointer queue, Texts& later) -> Task<> {
    auto got = co_await sim.queues_->Receive(sim.ctx_, queue->name, {.wait = seconds(20)});
    if (!got) co_return;
    for (const auto& message : got->messages) later.push_back(message.stored.message.body);
  }(*this, queue, later));
  loop_.RunFor(seconds(1));
  EXPECT_EQ(later, Texts());
  Remove(queue, first.messages[0]);
  loop_.RunFor(milliseconds(50));
  EXPECT_EQ(later, Texts{"a2"});
}

TEST_F(FifoSim, ADuplicateIsTakenAndNotQueuedForFiveMinutes) {
  const auto queue = MakeFifo();
  const auto first = Put(queue, "a", "one", "id");
  loop_.RunFor(minutes(4));
  const auto again = Put(queue, "b", "two", "id");
  EXPECT_EQ(again.message_id, first.message_id);
  EXPECT_EQ(again.sequence_number, first.sequence_number);
  EXPECT_EQ(queues_->Counts(*queue).items, 1);
  Open({});  // as after a restart
  EXPECT_EQ(Put(queue, "a", "three", "id").message_id, first.message_id);
  loop_.RunFor(minutes(1));
  EXPECT_NE(Put(queue, "a", "four", "id").message_id, first.message_id);
  EXPECT_EQ(Bodies(queue), (Texts{"one", "four"}));
}

TEST_F(FifoSim, WhatWasDeletedOrPurgedIsADuplicateStill) {
  const auto queue = MakeFifo();
  Put(queue, "a", "one", "id");
  Remove(queue, Receive(queue).messages[0]);
  Put(queue, "a", "two", "id");
  EXPECT_EQ(queues_->Counts(*queue).items, 0);
  ASSERT_TRUE(loop_.Run(queues_->Purge(ctx_, queue->name)));
  Put(queues_->Find(queue->name), "a", "three", "id");
  EXPECT_EQ(queues_->Counts(*queues_->Find(queue->name)).items, 0);
}

TEST_F(FifoSim, GroupsMayHaveTheirOwnIds) {
  Queue settings;
  settings.deduplicates_per_group = true;
  const auto queue = MakeFifo("q.fifo", settings);
  Put(queue, "a", "one", "id");
  Put(queue, "b", "two", "id");
  Put(queue, "b", "three", "id");
  EXPECT_EQ(Bodies(queue), (Texts{"one", "two"}));
}

TEST_F(FifoSim, AnExpiredHandleDeletesNothing) {
  const auto queue = MakeFifo();
  Put(queue, "a", "a1");
  const auto first = Receive(queue, {.visibility_timeout = 10});
  loop_.RunFor(seconds(11));
  EXPECT_EQ(Remove(queue, first.messages[0]), store::LeaseOutcome::NotHeld);
  const auto second = Receive(queue);
  EXPECT_EQ(Remove(queue, first.messages[0]), store::LeaseOutcome::NotHeld);
  EXPECT_EQ(Remove(queue, second.messages[0]), store::LeaseOutcome::Changed);
  EXPECT_EQ(Remove(queue, second.messages[0]), store::LeaseOutcome::Gone);
}

TEST_F(FifoSim, DeadLettersKeepTheirGroupsAndLetThemGoOn) {
  const auto dead = MakeFifo("dead.fifo");
  Queue settings;
  settings.redrive = RedrivePolicy{dead->name.Arn(), 1};
  settings.redrive_policy = "{}";
  const auto queue = MakeFifo("q.fifo", settings);
  Put(queue, "a", "bad");
  Put(queue, "a", "good");
  EXPECT_EQ(Bodies(queue, {.messages_max = 1, .visibility_timeout = 5}), Texts{"bad"});
  loop_.RunFor(seconds(6));
  EXPECT_EQ(Bodies(queue), Texts{"good"});
  const auto letters = Receive(dead, {.messages_max = 10});
  ASSERT_EQ(letters.messages.size(), 1u);
  EXPECT_EQ(letters.messages[0].stored.message.body, "bad");
  EXPECT_EQ(letters.messages[0].stored.message.group_id, "a");
  EXPECT_EQ(letters.messages[0].stored.message.deduplication_id, "bad");
}

TEST_F(FifoSim, AReceiveIsRepeatedByItsAttempt) {
  const auto queue = MakeFifo();
  Put(queue, "a", "a1");
  Put(queue, "a", "a2");
  const ReceiveOptions attempt{.messages_max = 1, .visibility_timeout = 30, .attempt_id = "once"};
  const auto first = Receive(queue, attempt);
  ASSERT_EQ(first.messages.size(), 1u);
  loop_.RunFor(seconds(20));
  const auto again = Receive(queue, attempt);
  ASSERT_EQ(again.messages.size(), 1u);
  EXPECT_EQ(again.messages[0].receipt.attempt, first.messages[0].receipt.attempt);
  EXPECT_EQ(again.messages[0].receive_count, 1);
  loop_.RunFor(seconds(20));
  EXPECT_EQ(Bodies(queue), Texts()) << "its visibility began again";
  EXPECT_EQ(Remove(queue, first.messages[0]), store::LeaseOutcome::Changed);
  const auto next = Receive(queue, attempt);
  ASSERT_EQ(next.messages.size(), 1u);
  EXPECT_EQ(next.messages[0].stored.message.body, "a2") << "an attempt whose message was deleted is forgotten";
}

TEST_F(FifoSim, DelaysHoldUpTheirOwnGroup) {
  const auto queue = MakeFifo();
  auto late = InGroup("a", "late", "late");
  late.front().delay_seconds = 60;
  queues_->Stamp(late.front().stored);
  ASSERT_TRUE(loop_.Run(queues_->Send(ctx_, queue, std::move(late))));
  Put(queue, "a", "behind");
  Put(queue, "b", "free");
  EXPECT_EQ(Bodies(queue), Texts{"free"});
  loop_.RunFor(seconds(61));
  EXPECT_EQ(Bodies(queue), (Texts{"free", "late", "behind"})) << "groups come by when they were free again";
}

// Each seed: a store that fails now and then, receivers that crash, delete late, or change visibility. No message overtakes one
// that was sent before it in its group, none is lost, and none of a duplicate's id is there twice.
class FifoLoad : public FifoSim, public testing::WithParamInterface<uint64_t> {
 protected:
  FifoLoad() : FifoSim({.latency = milliseconds(3), .failure_rate = 0.03}, GetParam()) {}
};

struct GroupBooks {
  std::map<std::string, std::vector<std::string>> sent;  // bodies of a group, in the order of their numbers
  std::map<std::string, size_t> done;                    // how many of a group are deleted
  bool ended = false;
};

Task<> SendInGroups(SimLoop& loop, Queues& queues, QueuePointer queue, SeededRandom random, GroupBooks& books) {
  Context ctx(loop);
  for (int i = 0; i < 200; ++i) {
    const std::string group(1, static_cast<char>('a' + random.Below(5)));
    const std::string body = std::to_string(i);
    bool taken = false;
    while (!taken) {  // as a client does: again, with the same id
      std::vector<OutgoingMessage> messages(1);
      sources::QueueMessage& message = messages.front().stored.message;
      message.body = message.deduplication_id = body;
      message.group_id = group;
      queues.Stamp(messages.front().stored);
      taken = (co_await queues.Send(ctx, queue, std::move(messages))).has_value() && random.Below(5) > 0;  // or its answer is lost
    }
    books.sent[group].push_back(body);
    if (random.Below(3) == 0) (void)co_await Sleep(ctx, seconds(random.Below(40)));
  }
  books.ended = true;
}

Task<> ReceiveInGroups(SimLoop& loop, Queues& queues, QueuePointer queue, SeededRandom random, GroupBooks& books) {
  Context ctx(loop);
  while (!books.ended || queues.Counts(*queue).items > 0) {
    auto got = co_await queues.Receive(ctx, queue->name, {.messages_max = 1 + random.Below(10), .visibility_timeout = 20, .wait = seconds(20)});
    if (!got) continue;
    std::map<std::string, size_t> place;
    for (const IncomingMessage& message : got->messages) {
      const std::string& group = message.stored.message.group_id;
      const auto [next, is_first] = place.emplace(group, books.done[group]);
      // What is being sent at this moment is not in the books yet.
      if (next->second < books.sent[group].size()) EXPECT_EQ(message.stored.message.body, books.sent[group][next->second]) << "group " << group;
      ++next->second;
    }
    (void)co_await Sleep(ctx, milliseconds(random.Below(25'000)));
    for (const IncomingMessage& message : got->messages) {
      if (random.Below(6) == 0) break;  // it crashes; the rest comes back
      auto deleted = co_await queues.DeleteMessages(ctx, queue, std::vector<Receipt>(1, message.receipt));
      if (!deleted || deleted->front() == store::LeaseOutcome::NotHeld) break;
      if (deleted->front() == store::LeaseOutcome::Changed) ++books.done[message.stored.message.group_id];
    }
  }
}

TEST_P(FifoLoad, KeepsTheOrderOfEveryGroup) {
  const auto queue = MakeFifo();
  GroupBooks books;
  {
    TaskScope load(loop_);
    load.Spawn(SendInGroups(loop_, *queues_, queue, SeededRandom(random_.Next()), books));
    for (int i = 0; i < 4; ++i) load.Spawn(ReceiveInGroups(loop_, *queues_, queue, SeededRandom(random_.Next()), books));
    loop_.RunFor(hours(24));
    EXPECT_EQ(load.size(), 0u) << "seed " << GetParam();
  }
  for (const auto& [group, bodies] : books.sent) EXPECT_EQ(books.done[group], bodies.size()) << group;
}
INSTANTIATE_TEST_SUITE_P(Seeds, FifoLoad, testing::Range<uint64_t>(1, 11));

}  // namespace
}  // namespace mayfly::sqs
