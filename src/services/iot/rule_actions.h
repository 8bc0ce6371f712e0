// Actions of topic rules as deliveries: whom an action sends to, what, and on whose behalf. Pure functions.
//
// Here: lambda, sns, sqs, s3, republish. Source: AWS IoT developer guide, "AWS IoT rule actions", "Substitution templates".
#pragma once

#include "delivery/delivery.h"
#include "model/iot.h"
#include "services/iot/topic_rules.h"

namespace mayfly::iot {

// Whom functions' policies must let in.
inline constexpr std::string_view kOwnPrincipal = "iot.amazonaws.com";

// Errors: SqlParseException for the rule's SQL and the templates of its actions; InvalidRequestException; NotImplementedException for other actions.
Result<> CheckPayload(const TopicRulePayload& payload);
std::string WriteSettings(const TopicRulePayload& payload);
std::optional<TopicRulePayload> ReadSettings(const std::string& settings);

// `body`: what the SQL has made of the message. Its id is left to the caller. Error: Service, there is no such target.
Result<delivery::Delivery> MakeActionDelivery(const RuleName& rule, const Action& action, const RuleMessage& message, std::string body);
// "LambdaAction", as failures are told of.
std::string_view KindOf(const Action& action);
// "a/b" of $$-escaped reserved topics; arn:aws:iot:REGION:ACCOUNT:topic/TOPIC.
std::string TopicArn(std::string_view account_id, std::string_view region, std::string_view topic);

}  // namespace mayfly::iot
