// If these fail, queues lose or repeat messages, or forget about time: the real code on a virtual clock, over the store in memory.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "services/sqs/queue_ports.h"
#include "services/sqs/testing_queues.h"

namespace mayfly::sqs {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST_F(QueuesSim, AMessageComesBackWhenItsTimeIsOver) {
  const auto queue = Make("q");
  Send(queue, "a");
  const auto first = Receive(queue, {.visibility_timeout = 30});
  ASSERT_EQ(first.messages.size(), 1u);
  EXPECT_EQ(first.hidden_until, loop_.Now() - milliseconds(3) + seconds(30));
  loop_.RunFor(seconds(29));
  EXPECT_EQ(Bodies(queue), Texts());
  loop_.RunFor(seconds(2));
  const auto second = Receive(queue, {.visibility_timeout = 30});
  ASSERT_EQ(second.messages.size(), 1u);
  EXPECT_EQ(second.messages[0].receive_count, 2);
  EXPECT_EQ(second.messages[0].first_received_millis, first.messages[0].first_received_millis);
}

TEST_F(QueuesSim, ADelayEndsALongPollAtOnce) {
  const auto queue = Make("q");
  Send(queue, "later", 7);
  const TimePoint began = loop_.Now();
  EXPECT_EQ(Bodies(queue, {.wait = seconds(20)}), Texts{"later"});
  EXPECT_GE(loop_.Now() - began, seconds(6));
  EXPECT_LE(loop_.Now() - began, seconds(7) + milliseconds(50));
}

TEST_F(QueuesSim, LongPollsAreServedInTurn) {
  const auto queue = Make("q");
  std::vector<int> served;
  TaskScope pollers(loop_);
  for (int i = 0; i < 5; ++i) {
    pollers.Spawn([](QueuesSim& sim, QueuePointer queue, std::vector<int>& served, int number) -> Task<> {
      auto got = co_await sim.queues_->Receive(sim.ctx_, queue->name, {.wait = seconds(20)});
      if (got && !got->messages.empty()) served.push_back(number);
    }(*this, queue, served, i));
    loop_.RunFor(milliseconds(100));
  }
  for (int i = 0; i < 3; ++i) {
    Send(queue, std::to_string(i));
    loop_.RunFor(milliseconds(100));
  }
  EXPECT_EQ(served, (std::vector<int>{0, 1, 2}));
  loop_.RunFor(seconds(21));
  EXPECT_EQ(served.size(), 3u);
  EXPECT_EQ(pollers.size(), 0u);
}

TEST_F(QueuesSim, AWakeUpThatIsNotUsedGoesToTheNext) {
  const auto queue = Make("q");
  std::stop_source leaves;
  Context leaving = ctx_.WithStop(leaves.get_token());
  std::vector<std::string> outcomes;
  TaskScope pollers(loop_);
  auto poll = [](QueuesSim& sim, Context& ctx, QueuePointer queue, std::vector<std::string>& outcomes, std::string name) -> Task<> {
    auto got = co_await sim.queues_->Receive(ctx, queue->name, {.wait = seconds(20)});
    outcomes.push_back(name + (got ? (got->messages.empty() ? " empty" : " got") : " " + got.error().code));
  };
  pollers.Spawn(poll(*this, leaving, queue, outcomes, "first"));
  loop_.RunFor(milliseconds(50));
  pollers.Spawn(poll(*this, ctx_, queue, outcomes, "second"));
  loop_.RunFor(milliseconds(50));
  pollers.Spawn([](QueuesSim& sim, QueuePointer queue, std::stop_source& leaves) -> Task<> {
    (void)co_await sim.SendOne(queue, "x");
    leaves.request_stop();  // in the moment in which the first one is woken
  }(*this, queue, leaves));
  loop_.RunFor(seconds(1));
  // Whoever got it: nobody waits for a message that is there.
  const auto got = [](const std::string& outcome) { return outcome.ends_with(" got"); };
  EXPECT_EQ(std::ranges::count_if(outcomes, got), 1);
  leaves.request_stop();
  loop_.RunFor(seconds(30));
  EXPECT_EQ(pollers.size(), 0u);
}

TEST_F(QueuesSim, ExpiredMessagesVanish) {
  const auto queue = Make("q", {.message_retention_period = 60});
  Send(queue, "old");
  loop_.RunFor(seconds(40));
  Send(queue, "young");
  ASSERT_EQ(Receive(queue, {.messages_max = 1, .visibility_timeout = 10}).messages.size(), 1u);
  loop_.RunFor(seconds(30));
  EXPECT_EQ(Bodies(queue), Texts{"young"});
  loop_.RunFor(minutes(5));
  EXPECT_EQ(queues_->Counts(*queue).items, 0);
}

TEST_F(QueuesSim, DeadLettersKeepWhatTheyWere) {
  const auto dead = Make("dead");
  Queue settings;
  settings.redrive = RedrivePolicy{dead->name.Arn(), 2};
  settings.redrive_policy = "{}";
  const auto queue = Make("q", settings);
  Send(queue, "poison");
  const std::string id = Receive(queue, {.visibility_timeout = 1}).messages.at(0).stored.message.message_id;
  loop_.RunFor(seconds(2));
  ASSERT_EQ(Receive(queue, {.visibility_timeout = 1}).messages.size(), 1u);
  loop_.RunFor(seconds(2));
  // A receiver of the dead-letter queue is woken by the move.
  std::optional<IncomingMessages> got;
  TaskScope poller(loop_);
  poller.Spawn([](QueuesSim& sim, QueuePointer dead, std::optional<IncomingMessages>& got) -> Task<> {
    got = (co_await sim.queues_->Receive(sim.ctx_, dead->name, {.wait = seconds(20)})).value();
  }(*this, dead, got));
  loop_.RunFor(milliseconds(100));
  EXPECT_EQ(Bodies(queue), Texts());
  loop_.RunFor(milliseconds(100));
  ASSERT_TRUE(got && got->messages.size() == 1);
  EXPECT_EQ(got->messages[0].stored.message.message_id, id);
  EXPECT_EQ(got->messages[0].stored.message.dead_letter_source_arn, queue->name.Arn());
  EXPECT_EQ(got->messages[0].receive_count, 3);
  EXPECT_EQ(queues_->Counts(*queue).items, 0);
}

TEST_F(QueuesSim, TooManyInFlightAreHeldBack) {
  Open({.in_flight_max = 3});
  const auto queue = Make("q");
  for (int i = 0; i < 5; ++i) Send(queue, std::to_string(i));
  EXPECT_EQ(Bodies(queue).size(), 3u);
  const auto limited = Receive(queue);
  EXPECT_TRUE(limited.limited && limited.messages.empty());
  const IncomingMessages waiting = Receive(queue, {.wait = seconds(5)});
  EXPECT_TRUE(waiting.messages.empty());
  loop_.RunFor(seconds(31));
  EXPECT_EQ(Bodies(queue).size(), 3u);
}

TEST_F(QueuesSim, VisibilityIsChangedOnlyByTheLastReceiver) {
  const auto queue = Make("q");
  Send(queue, "a");
  const Receipt first = Receive(queue, {.visibility_timeout = 5}).messages.at(0).receipt;
  loop_.RunFor(seconds(6));
  const Receipt second = Receive(queue, {.visibility_timeout = 5}).messages.at(0).receipt;
  auto change = [&](Receipt receipt, int seconds) { return loop_.Run(queues_->ChangeVisibility(ctx_, queue, {{receipt, seconds}})).value().at(0); };
  EXPECT_EQ(change(first, 100), store::LeaseOutcome::NotHeld);
  EXPECT_EQ(change(second, 100), store::LeaseOutcome::Changed);
  loop_.RunFor(seconds(50));
  EXPECT_EQ(Bodies(queue), Texts());
  EXPECT_EQ(change(second, 0), store::LeaseOutcome::Changed);
  EXPECT_EQ(Bodies(queue), Texts{"a"});
  ASSERT_TRUE(loop_.Run(queues_->DeleteMessages(ctx_, queue, {first})));
  EXPECT_EQ(change(second, 10), store::LeaseOutcome::Gone);
}

// Who may deliver: the account's own roles; services and other accounts where the queue's policy lets them in.
TEST_F(QueuesSim, ADeliveryNeedsWhatASendMessageNeeds) {
  const identity::AdministratorsOnly identities;
  const Authorizer authorizer(*queues_, identities, loop_);
  QueuePorts ports(*queues_, authorizer);
  delivery::TargetRouter router;
  router.Register("sqs", ports);
  const auto policy = [](std::string_view effect, std::string_view principal, std::string_view condition) {
    return R"({"Version":"2012-10-17","Statement":[{"Effect":")" + std::string(effect) + R"(","Principal":)" + std::string(principal) +
           R"(,"Action":"sqs:SendMessage","Resource":"*","Condition":)" + std::string(condition) + "}]}";
  };
  constexpr std::string_view kTopic = "arn:aws:sns:us-east-1:000000000000:t";
  const std::string of_topic = R"({"ArnEquals":{"aws:SourceArn":")" + std::string(kTopic) + R"("},"StringEquals":{"aws:SourceAccount":"000000000000"}})";
  const std::string of_other = R"({"ArnEquals":{"aws:SourceArn":"arn:aws:sns:us-east-1:000000000000:other"}})";
  const std::string sns = R"({"Service":"sns.amazonaws.com"})", account = R"({"AWS":"444455556666"})", everybody = R"("*")";
  const auto topic = delivery::DeliveryPrincipal::Service("sns.amazonaws.com", "000000000000");
  const auto role = delivery::DeliveryPrincipal::Role("arn:aws:sts::000000000000:assumed-role/r/f", "000000000000");
  const auto stranger = delivery::DeliveryPrincipal::Role("arn:aws:sts::444455556666:assumed-role/r/f", "444455556666");
  const struct {
    const delivery::DeliveryPrincipal& principal;
    std::string policy;
    bool allowed;
  } cases[] = {
      {role, "", true},
      {role, policy("Allow", sns, "{}"), true},
      {role, policy("Deny", everybody, "{}"), false},
      {topic, "", false},
      {topic, policy("Allow", sns, of_topic), true},
      {topic, policy("Allow", sns, of_other), false},
      {topic, policy("Allow", account, "{}"), false},
      {stranger, "", false},
      {stranger, policy("Allow", account, "{}"), true},
  };
  int number = 0;
  for (const auto& c : cases) {
    const auto queue = Make("q" + std::to_string(++number), {.policy = c.policy});
    delivery::Delivery delivery{.id = "1", .target_arn = queue->name.Arn(), .body = "x", .source_arn = std::string(kTopic), .principal = c.principal};
    const auto delivered = loop_.Run(router.Deliver(ctx_, delivery));
    EXPECT_EQ(delivered.has_value(), c.allowed) << number;
    if (!delivered) EXPECT_TRUE(delivered.error().IsService("AccessDeniedException") && !delivered.error().retryable) << number;
    EXPECT_EQ(Bodies(queue), c.allowed ? Texts{"x"} : Texts()) << number;
  }
}

TEST_F(QueuesSim, OtherRoomsSendReceiveAndDelete) {
  const auto queue = Make("q", {.visibility_timeout = 45});
  const identity::AdministratorsOnly identities;
  const Authorizer authorizer(*queues_, identities, loop_);
  QueuePorts ports(*queues_, authorizer);
  const std::string arn = queue->name.Arn();
  EXPECT_EQ(loop_.Run(ports.Describe(ctx_, arn))->visibility_timeout, seconds(45));
  EXPECT_EQ(loop_.Run(ports.Describe(ctx_, arn + "x")).error().code, sources::kQueueDoesNotExist);
  delivery::Delivery delivery{.id = "1", .target_arn = arn, .body = "{}", .trace_header = "Root=1"};
  delivery.principal = delivery::DeliveryPrincipal::Role("arn:aws:sts::123456789012:assumed-role/r/f", "123456789012");
  delivery.attributes = {{"ErrorCode", delivery::DeliveryAttribute::Type::Number, "200"}, {"RequestID", delivery::DeliveryAttribute::Type::String, "r"}};
  ASSERT_TRUE(loop_.Run(ports.Deliver(ctx_, delivery)));
  EXPECT_EQ(loop_.Run(ports.Describe(ctx_, arn))->visible, 1);
  const auto received = loop_.Run(ports.Receive(ctx_, {.queue_arn = arn, .messages_max = 100, .wait = seconds(1)})).value();
  ASSERT_EQ(received.messages.size(), 1u);
  const sources::QueueMessage& message = *received.messages[0].message;
  EXPECT_EQ(message.body, "{}");
  EXPECT_EQ(message.trace_header, "Root=1");
  EXPECT_EQ(message.sender_id, "123456789012");
  ASSERT_EQ(message.attributes.size(), 2u);
  EXPECT_EQ(message.attributes[0].data_type, "Number");
  EXPECT_EQ(message.md5_of_attributes.size(), 32u);
  EXPECT_GT(received.hidden_until, loop_.Now() + seconds(40));
  const std::string handle = received.messages[0].receipt_handle;
  ASSERT_TRUE(loop_.Run(ports.ChangeVisibility(ctx_, arn, {{handle, seconds(0)}, {"made-up", seconds(5)}})));
  EXPECT_EQ(loop_.Run(ports.Describe(ctx_, arn))->visible, 1);
  ASSERT_TRUE(loop_.Run(ports.Delete(ctx_, arn, {handle, "made-up"})));
  EXPECT_EQ(loop_.Run(ports.Describe(ctx_, arn))->visible, 0);
  delivery.body.assign(ports.body_bytes_max() + 1, 'x');
  EXPECT_EQ(loop_.Run(ports.Deliver(ctx_, delivery)).error().code, "InvalidParameterValue");
  delivery.target_arn = arn + "-gone";
  const Error gone = loop_.Run(ports.Deliver(ctx_, delivery)).error();
  EXPECT_TRUE(gone.IsService(sources::kQueueDoesNotExist) && !gone.retryable);
}

TEST_F(QueuesSim, ADaemonThatEndsLetsNobodyWait) {
  const auto queue = Make("q");
  int ended = 0;
  TaskScope pollers(loop_);
  auto poll = [](QueuesSim& sim, QueuePointer queue, int& ended) -> Task<> {
    const auto got = co_await sim.queues_->Receive(sim.ctx_, queue->name, {.wait = seconds(20)});
    if (got && got->messages.empty()) ++ended;
  };
  pollers.Spawn(poll(*this, queue, ended));
  loop_.RunFor(seconds(1));
  queues_->EndWaits();
  pollers.Spawn(poll(*this, queue, ended));
  loop_.RunFor(seconds(1));
  EXPECT_EQ(ended, 2);
}

TEST_F(QueuesSim, PurgedAndDeletedQueuesLeaveNothing) {
  auto queue = Make("q");
  for (int i = 0; i < 50; ++i) Send(queue, "x");
  ASSERT_EQ(Bodies(queue).size(), 10u);
  ASSERT_TRUE(loop_.Run(queues_->Purge(ctx_, queue->name)));
  queue = queues_->Find(queue->name);
  EXPECT_EQ(queues_->Counts(*queue).items, 0);
  Send(queue, "new");
  loop_.RunFor(minutes(2));
  EXPECT_EQ(store_->QueueNames(), Texts{queue->Storage()});
  ASSERT_TRUE(loop_.Run(queues_->Delete(ctx_, queue->name)));
  loop_.RunFor(minutes(2));
  EXPECT_EQ(store_->QueueNames(), Texts());
}

// Senders, receivers that fail, crash or are slow, a dead-letter queue and a store that fails now and then, for some virtual days.
// Every acknowledged message is processed, a dead letter, or still there; none is given out more often than the policy allows,
// none twice at once.
class QueuesLoad : public QueuesSim, public testing::WithParamInterface<uint64_t> {
 protected:
  QueuesLoad() : QueuesSim({.latency = milliseconds(5), .failure_rate = 0.02}, GetParam()) {}
};

struct Books {
  std::set<std::string> sent, done, dead;
  std::map<std::string, int> receives;
  std::map<std::string, TimePoint> hidden_until;
  int senders = 0;
};
constexpr int kReceivesMax = 4;

Task<> SendLoad(SimLoop& loop, Queues& queues, QueuePointer queue, SeededRandom random, Books& books, int number) {
  Context ctx(loop);
  for (int i = 0; i < 150; ++i) {
    std::vector<OutgoingMessage> messages(1);
    const std::string body = std::to_string(number) + "/" + std::to_string(i);
    messages.front().stored.message.body = body;
    messages.front().delay_seconds = random.Below(4) == 0 ? static_cast<int>(random.Below(900)) : 0;
    queues.Stamp(messages.front().stored);
    if (co_await queues.Send(ctx, queue, std::move(messages))) books.sent.insert(body);
    (void)co_await Sleep(ctx, seconds(random.Below(600)));
  }
  --books.senders;
}

Task<> ReceiveLoad(SimLoop& loop, Queues& queues, QueuePointer queue, SeededRandom random, Books& books) {
  Context ctx(loop);
  const QueueName name = queue->name;
  for (;;) {
    auto got = co_await queues.Receive(ctx, name, {.messages_max = 1 + random.Below(10), .visibility_timeout = 60, .wait = seconds(20)});
    if (!got) continue;
    if (got->messages.empty() && books.senders == 0 && queues.Counts(*queue).items == 0) co_return;
    for (const IncomingMessage& message : got->messages) {
      const std::string& body = message.stored.message.body;
      EXPECT_LE(++books.receives[body], kReceivesMax) << body;
      EXPECT_LE(books.hidden_until[body], loop.Now()) << body << " was given out while it was hidden";
      books.hidden_until[body] = got->hidden_until;
    }
    (void)co_await Sleep(ctx, milliseconds(random.Below(30'000)));
    for (const IncomingMessage& message : got->messages) {
      const std::string body = message.stored.message.body;
      if (random.Below(3) == 0) continue;  // it fails, and its visibility runs out
      const std::vector<Receipt> receipts(1, message.receipt);
      if (co_await queues.DeleteMessages(ctx, queue, receipts)) books.done.insert(body);
    }
  }
}

TEST_P(QueuesLoad, LosesNothing) {
  Queue dead_settings;
  dead_settings.message_retention_period = 1'209'600;
  const auto dead = Make("dead", dead_settings);
  Queue settings = dead_settings;
  settings.redrive = RedrivePolicy{dead->name.Arn(), kReceivesMax};
  settings.redrive_policy = "{}";
  const auto queue = Make("q", settings);
  Books books;
  {
    TaskScope load(loop_);
    for (int i = 0; i < 3; ++i) {
      ++books.senders;
      load.Spawn(SendLoad(loop_, *queues_, queue, SeededRandom(random_.Next()), books, i));
    }
    for (int i = 0; i < 4; ++i) load.Spawn(ReceiveLoad(loop_, *queues_, queue, SeededRandom(random_.Next()), books));
    loop_.RunFor(hours(72));
    EXPECT_EQ(load.size(), 0u) << "seed " << GetParam();
  }
  while (queues_->Counts(*dead).items > 0) {
    auto got = loop_.Run(queues_->Receive(ctx_, dead->name, {.messages_max = 10, .visibility_timeout = 3'600}));
    if (!got) continue;
    std::vector<Receipt> receipts;
    for (const IncomingMessage& message : got->messages) {
      books.dead.insert(message.stored.message.body);
      receipts.push_back(message.receipt);
    }
    while (!loop_.Run(queues_->DeleteMessages(ctx_, dead, receipts))) {
    }
  }
  EXPECT_GT(books.done.size(), 200u);
  EXPECT_GT(books.dead.size(), 0u);
  for (const std::string& body : books.sent) {
    EXPECT_TRUE(books.done.contains(body) || books.dead.contains(body)) << body << " is lost, seed " << GetParam();
    EXPECT_FALSE(books.done.contains(body) && books.dead.contains(body)) << body << " is both, seed " << GetParam();
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, QueuesLoad, testing::Range<uint64_t>(1, 9));

}  // namespace
}  // namespace mayfly::sqs
