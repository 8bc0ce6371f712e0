// RuleInput: what a rule's target gets of an event, and how it is delivered. Pure functions. Source: AWS "Amazon EventBridge input
// transformation", API reference "Target".
#pragma once

#include <optional>
#include <string>

#include "delivery/owed_delivery.h"
#include "services/events/envelope.h"
#include "services/events/event_tables.h"

namespace mayfly::events {

// The names of the senders. They stand in stored deliveries.
inline constexpr std::string_view kRuleSender = "events-rule";
inline constexpr std::string_view kRuleDeadLetterSender = "events-dead-letter";

struct MatchedEvent {
  const Event& event;
  const json::Value& envelope;
  WallTime ingested;
};

// The body. Error: Service "INVALID_JSON" or so, as ERROR_CODE of a dead letter has it; InputPath finds nothing.
Result<std::string> InputOf(const RuleRow& rule, const json::Value& settings, const MatchedEvent& matched);

// The delivery that the rule owes to the target. `id`: unique; `accepted_at` by DurableLanes::Time.
delivery::OwedDelivery OwedTo(const RuleRow& rule, const RuleTarget& target, const MatchedEvent& matched, std::string id, WallTime accepted_at);

// RULE-ARN#TARGET-ID: whose a delivery is.
std::string OwnerOf(const RuleRow& rule, const RuleTarget& target);
struct OwnerParts {
  RuleName rule;
  std::string target_id;
};
std::optional<OwnerParts> ParseOwner(std::string_view owner);

}  // namespace mayfly::events
