// RuleEngine: what rules do with a message. delivery::Target "iot".
//
// A delivery to arn:aws:iot:…:topic/TOPIC is a message that is published: by iot-data's Publish, or by a rule that republishes. Each enabled
// rule that wants it (FROM, WHERE) then owes one delivery per action to its own ARN, …:rule/NAME, with the message as it came: all of them in
// one commit, and Publish is answered. Such a delivery is worked on by the DeliveryWorker: SELECT is applied, and the result goes through the
// router to the action's target. Where that has failed for good, the rule's error action is owed in its stead, with the message.
// One per daemon, on its strand. A message that rules have republished kHopsMax times is refused.
#pragma once

#include "base/random.h"
#include "delivery/delivery_worker.h"
#include "identity/access_control.h"
#include "services/iot/rule_actions.h"

namespace mayfly::iot {

// The senders of actions and of error actions. They stand in stored deliveries.
inline constexpr std::string_view kRuleSender = "iot-rule";
inline constexpr std::string_view kErrorActionSender = "iot-error-action";
inline constexpr size_t kMessageBytesMax = 128 * 1024;
inline constexpr int kHopsMax = 16;

struct EngineParts {
  TopicRules* rules;
  delivery::TargetRouter* targets;
  delivery::DurableLanes* lanes;
  const identity::IdentityPolicies* identities;
  const Clock* calendar;
  Random* random;
};

class RuleEngine final : public delivery::Target, public delivery::Sender {
 public:
  // What the parts name outlives it.
  explicit RuleEngine(EngineParts parts) : parts_(parts), control_(*parts.identities, *parts.calendar) {}

  // May it publish to the topic (iot:Publish)? To a rule, this service alone sends. Error: AccessDeniedException.
  Result<> Authorize(const identity::RequestPrincipal& principal, std::string_view target_arn, const identity::ConditionKeys& keys) const override;
  // Errors: InvalidRequestException; of an action those of its target; faults of the store, retryable.
  Task<Result<>> Deliver(Context& ctx, const delivery::Delivery& delivery) override;
  size_t body_bytes_max() const override { return kMessageBytesMax; }

  std::vector<delivery::LaneItem> InsteadOf(const delivery::OwedDelivery& owed, const delivery::GivenUp& given_up) override;
  void OnGivenUp(const delivery::OwedDelivery& owed) override {}

 private:
  struct Published;
  Task<Result<>> Publish(Context& ctx, const delivery::Delivery& delivery);
  Task<Result<>> Act(Context& ctx, const RuleName& name, const delivery::Delivery& delivery);
  void Owe(const TopicRules::Compiled& rule, const Published& message, std::vector<delivery::LaneItem>& items) const;
  delivery::LaneItem ItemFor(std::string_view sender, const RuleName& rule, const Published& message, std::string_view action) const;

  EngineParts parts_;
  identity::AccessControl control_;
};

// Error actions that have failed: the log tells of them.
class ErrorActionSender final : public delivery::Sender {
 public:
  void OnGivenUp(const delivery::OwedDelivery& owed) override {}
};

}  // namespace mayfly::iot
