// If these fail, targets of rules get something else than AWS's would, or in somebody else's name.
#include "services/events/rule_input.h"

#include <gtest/gtest.h>

namespace mayfly::events {
namespace {

const Event kEvent{.id = "i", .source = "app", .detail_type = "kind", .account_id = "111122223333", .region = "eu-west-1",
                   .time = WallTime(std::chrono::seconds(1'800'000'000)), .resources = {"r"}, .detail = *json::Parse(R"({"id":"x","n":1.10,"l":[1]})")};

RuleRow MakeRule() { return {.name = {{"111122223333", "eu-west-1", "bus"}, "rule"}}; }

delivery::OwedDelivery Owed(const std::string& arn, const std::string& members, RuleRow rule = MakeRule()) {
  const json::Value envelope = EnvelopeOf(kEvent);
  const RuleTarget target{.id = "t", .arn = arn, .settings = "{\"Id\":\"t\"" + members + "}"};
  return OwedTo(rule, target, {.event = kEvent, .envelope = envelope, .ingested = kEvent.time}, "id", WallTime());
}

constexpr const char* kQueue = "arn:aws:sqs:eu-west-1:111122223333:q";

TEST(RuleInput, TheEnvelopeIsSentAsItIs) {
  const auto owed = Owed(kQueue, "");
  EXPECT_EQ(owed.delivery.body, R"({"version":"0","id":"i","detail-type":"kind","source":"app","account":"111122223333","time":"2027-01-15T08:00:00Z",)"
                                R"("region":"eu-west-1","resources":["r"],"detail":{"id":"x","n":1.10,"l":[1]}})");
  EXPECT_EQ(owed.delivery.source_arn, "arn:aws:events:eu-west-1:111122223333:rule/bus/rule");
  EXPECT_EQ(owed.delivery.principal.name, "events.amazonaws.com");
  const auto owner = ParseOwner(owed.owner_arn);
  ASSERT_TRUE(owner);
  EXPECT_EQ(owner->rule.Key(), MakeRule().name.Key());
  EXPECT_EQ(owner->target_id, "t");
}

TEST(RuleInput, InputsOfEachKind) {
  EXPECT_EQ(Owed(kQueue, R"(,"Input":"{\"a\":1}")").delivery.body, R"({"a":1})");
  EXPECT_EQ(Owed(kQueue, R"(,"InputPath":"$.detail.l")").delivery.body, "[1]");
  EXPECT_EQ(Owed(kQueue, R"(,"InputPath":"$.detail.none")").delivery.body, "");
  EXPECT_EQ(Owed(kQueue, R"(,"InputTransformer":{"InputPathsMap":{"id":"$.detail.id"},"InputTemplate":"{\"i\":<id>,\"r\":\"<aws.events.rule-name>\"}"})").delivery.body,
            R"({"i":"x","r":"rule"})");
  const std::string whole = Owed(kQueue, R"(,"InputTransformer":{"InputTemplate":"{\"e\":<aws.events.event>,\"t\":<aws.events.event.ingestion-time>}"})").delivery.body;
  EXPECT_FALSE(whole.contains("detail\":{")) << whole;
  EXPECT_TRUE(whole.ends_with(R"("t":"2027-01-15T08:00:00Z"})")) << whole;
}

TEST(RuleInput, AsARoleWhereThereIsOne) {
  const auto owed = Owed(kQueue, R"(,"RoleArn":"arn:aws:iam::111122223333:role/path/r","SqsParameters":{"MessageGroupId":"$.detail.id"})");
  EXPECT_EQ(owed.delivery.principal.kind, delivery::DeliveryPrincipal::Kind::Role);
  EXPECT_EQ(owed.delivery.principal.name, "arn:aws:sts::111122223333:assumed-role/r/id");
  EXPECT_EQ(owed.delivery.message_group_id, "x");
}

TEST(RuleInput, ABusGetsTheEventItself) {
  const auto owed = Owed("arn:aws:events:eu-west-1:111122223333:event-bus/other", "");
  const auto event = FromBusEvent(delivery::ReadBusEvent(owed.delivery, WallTime()));
  ASSERT_TRUE(event);
  EXPECT_EQ(json::Write(EnvelopeOf(*event)), json::Write(EnvelopeOf(kEvent)));
}

TEST(RuleNames, AreReadFromTheirArns) {
  for (const char* arn : {"arn:aws:events:eu-west-1:111122223333:rule/r", "arn:aws:events:eu-west-1:111122223333:rule/bus/r"}) {
    const auto rule = ParseRuleArn(arn);
    ASSERT_TRUE(rule) << arn;
    EXPECT_EQ(rule->Arn(), arn);
    EXPECT_EQ(RuleOfKey(rule->Key()).Arn(), arn);
  }
  EXPECT_FALSE(ParseRuleArn("arn:aws:events:eu-west-1:111122223333:event-bus/b"));
  EXPECT_FALSE(ParseBusArn("arn:aws:sqs:eu-west-1:111122223333:q"));
}

}  // namespace
}  // namespace mayfly::events
