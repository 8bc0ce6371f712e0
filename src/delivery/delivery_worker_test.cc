// If these fail, deliveries are given up too early or never, sent by those who must not, or their loss is told to nobody.
#include "delivery/delivery_worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sim_loop.h"

namespace mayfly::delivery {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kTopic = "arn:aws:sns:eu-west-1:111122223333:t";

// Lets in whom it is told to, and answers what it is told to.
class FakeTarget final : public Target {
 public:
  Result<> Authorize(const identity::RequestPrincipal& principal, std::string_view, const identity::ConditionKeys& keys) const override {
    const auto* source = keys.Find("aws:SourceArn");
    const auto* account = keys.Find("aws:SourceAccount");
    asked.push_back(std::string(principal.is_service() ? principal.service : principal.arn) + (source ? " for " + source->at(0) : "") +
                    (account ? " of " + account->at(0) : ""));
    if (allows) return {};
    return Fail(Error::Service("AccessDeniedException", "no"));
  }
  Task<Result<>> Deliver(Context& ctx, const Delivery& delivery) override {
    ids.push_back(delivery.id);
    accounts.push_back(ctx.principal.account_id);
    deadlines.push_back(ctx.deadline);
    if (error) co_return Fail(*error);
    co_return Result<>();
  }

  bool allows = true;
  std::optional<Error> error;
  mutable std::vector<std::string> asked;
  std::vector<std::string> ids, accounts;
  std::vector<TimePoint> deadlines;
};

class Counter final : public Sender {
 public:
  void OnGivenUp(const OwedDelivery& owed) override { owners.push_back(owed.owner_arn); }
  void OnDelivered(const OwedDelivery& owed) override { delivered.push_back(owed.delivery.id); }
  std::vector<LaneItem> InsteadOf(const OwedDelivery& owed, const GivenUp& given_up) override {
    why.push_back(given_up.why);
    return dead_letter ? std::vector{LaneItem{"deliver/dead", owed.delivery.body}} : std::vector<LaneItem>();
  }
  RetryRule RuleOf(const OwedDelivery&, const RetryRule& usual) const override { return rule.value_or(usual); }

  std::optional<RetryRule> rule;
  bool dead_letter = false;
  std::vector<std::string> owners, delivered;
  std::vector<GivenUp::Why> why;
};

class Worker : public testing::Test {
 protected:
  Worker() {
    targets_.Register("sqs", target_);
    worker_.AddSender("sns", sender_);
  }
  static OwedDelivery Owe(DeliveryPrincipal principal, std::string sender = "sns") {
    OwedDelivery owed{.sender = std::move(sender), .owner_arn = std::string(kTopic) + ":s", .delivery = {}};
    owed.delivery = {.id = "i", .target_arn = "arn:aws:sqs:eu-west-1:444455556666:q", .body = "{}", .attributes = {}, .source_arn = std::string(kTopic)};
    owed.delivery.principal = std::move(principal);
    return owed;
  }
  static OwedDelivery OweAsService() { return Owe(DeliveryPrincipal::Service("sns.amazonaws.com", "111122223333")); }
  Verdict Work(const OwedDelivery& owed) { return loop_.Run(worker_.Work(ctx_, Encode(owed))); }

  SimLoop loop_;
  Context ctx_{loop_};
  FakeTarget target_;
  TargetRouter targets_;
  Counter sender_;
  DeliveryWorker worker_{loop_, targets_, {.attempts_max = 3, .backoff_min = seconds(1), .backoff_max = minutes(1), .timeout = seconds(30)}};
};

TEST_F(Worker, TheTargetIsAskedWhetherThePrincipalMaySend) {
  EXPECT_EQ(Work(OweAsService()).kind, Verdict::Kind::Done);
  EXPECT_EQ(Work(Owe(DeliveryPrincipal::Role("arn:aws:sts::111122223333:assumed-role/r/s", "111122223333"))).kind, Verdict::Kind::Done);
  EXPECT_THAT(target_.asked, ElementsAre("sns.amazonaws.com for arn:aws:sns:eu-west-1:111122223333:t of 111122223333",
                                         "arn:aws:sts::111122223333:assumed-role/r/s"));
  EXPECT_THAT(target_.ids, ElementsAre("i", "i"));
  EXPECT_THAT(target_.accounts, ElementsAre("111122223333", "111122223333"));
  EXPECT_THAT(target_.deadlines, testing::Each(loop_.Now() + seconds(30)));
  EXPECT_THAT(sender_.owners, IsEmpty());
}

TEST_F(Worker, WhatIsRefusedIsGivenUpAtOnceAndTold) {
  target_.allows = false;
  EXPECT_EQ(Work(OweAsService()).kind, Verdict::Kind::Dropped);
  EXPECT_THAT(target_.ids, IsEmpty());
  EXPECT_THAT(sender_.owners, ElementsAre(std::string(kTopic) + ":s"));
}

TEST_F(Worker, WhatFailsIsTriedAgainABoundedNumberOfTimes) {
  target_.error = Error::Fault("down");
  target_.error->retryable = true;
  OwedDelivery owed = OweAsService();
  for (const Duration delay : {seconds(1), seconds(2)}) {
    const Verdict verdict = Work(owed);
    ASSERT_EQ(verdict.kind, Verdict::Kind::Later);
    EXPECT_EQ(verdict.delay, delay);
    owed = DecodeDelivery(verdict.payload).value();
    EXPECT_THAT(sender_.owners, IsEmpty());
  }
  EXPECT_EQ(Work(owed).kind, Verdict::Kind::Dropped);
  EXPECT_EQ(sender_.owners.size(), 1u);
  target_.error = Error::Service("NotThere", "for good");
  EXPECT_EQ(Work(OweAsService()).kind, Verdict::Kind::Dropped);
  EXPECT_EQ(sender_.owners.size(), 2u);
}

TEST_F(Worker, ASenderHasRulesAndDeadLettersOfItsOwn) {
  target_.error = Error::Fault("down");
  target_.error->retryable = true;
  sender_.rule = RetryRule{.attempts_max = 2, .age_left = seconds(3), .backoff_min = seconds(10), .backoff_max = seconds(10)};
  sender_.dead_letter = true;
  const Verdict later = Work(OweAsService());
  ASSERT_EQ(later.kind, Verdict::Kind::Later);
  EXPECT_EQ(later.delay, seconds(3)) << "not later than it may be tried";
  const Verdict end = Work(DecodeDelivery(later.payload).value());
  EXPECT_EQ(end.kind, Verdict::Kind::Dropped);
  ASSERT_EQ(end.follow_ups.size(), 1u);
  EXPECT_EQ(end.follow_ups[0].payload, "{}");
  sender_.rule->age_left = seconds(0);
  EXPECT_EQ(Work(OweAsService()).kind, Verdict::Kind::Dropped);
  target_.error.reset();
  EXPECT_EQ(Work(OweAsService()).kind, Verdict::Kind::Done);
  EXPECT_THAT(sender_.why, ElementsAre(GivenUp::Why::Attempts, GivenUp::Why::Age));
  EXPECT_THAT(sender_.delivered, ElementsAre("i"));
}

TEST_F(Worker, WhatNobodyTakesOrKnowsIsDropped) {
  OwedDelivery owed = OweAsService();
  owed.delivery.target_arn = "arn:aws:events:eu-west-1:111122223333:event-bus/b";
  EXPECT_EQ(Work(owed).kind, Verdict::Kind::Dropped);
  EXPECT_EQ(sender_.owners.size(), 1u);
  target_.allows = false;
  EXPECT_EQ(Work(Owe(DeliveryPrincipal::Service("s3.amazonaws.com", "111122223333"), "of a newer daemon")).kind, Verdict::Kind::Dropped);
  EXPECT_EQ(loop_.Run(worker_.Work(ctx_, "garbage")).kind, Verdict::Kind::Dropped);
  EXPECT_EQ(sender_.owners.size(), 1u);
}

}  // namespace
}  // namespace mayfly::delivery
