// RuleSender: rules as senders of deliveries: how often and how long their targets' deliveries are tried, and where they go that fail.
//
// By the target's RetryPolicy (24 hours, 185 retries) and DeadLetterConfig, as the rule has them when a delivery fails. One per daemon, told
// by DeliveryWorker, on its strand. Source: AWS "Retry policy", "Using dead-letter queues" of EventBridge.
#pragma once

#include "delivery/delivery_worker.h"
#include "services/events/event_tables.h"
#include "services/events/rule_input.h"

namespace mayfly::events {

inline constexpr int kRetriesMax = 185;
inline constexpr std::chrono::hours kAgeMax{24};

class RuleSender final : public delivery::Sender {
 public:
  // Both outlive it.
  RuleSender(const EventTables& tables, const delivery::DurableLanes& lanes, Random& random) : tables_(&tables), lanes_(&lanes), random_(&random) {}

  delivery::RetryRule RuleOf(const delivery::OwedDelivery& owed, const delivery::RetryRule& usual) const override;
  std::vector<delivery::LaneItem> InsteadOf(const delivery::OwedDelivery& owed, const delivery::GivenUp& given_up) override;
  void OnGivenUp(const delivery::OwedDelivery& owed) override {}

 private:
  // The target as it is now; null when it has gone.
  json::Value SettingsOf(const OwnerParts& owner) const;

  const EventTables* tables_;
  const delivery::DurableLanes* lanes_;
  Random* random_;
};

// Dead letters that no queue took: the log tells of them.
class RuleDeadLetterSender final : public delivery::Sender {
 public:
  void OnGivenUp(const delivery::OwedDelivery& owed) override {}
};

// ERROR_CODE of a dead letter, by the error with which a target refused.
std::string_view DeadLetterCode(const Error& error);

}  // namespace mayfly::events
