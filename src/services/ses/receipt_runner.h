// ReceiptRunner: what a rule set does with a mail that has come: its rules in their order, the actions of each in theirs.
//
// delivery::Target "ses": mail is a delivery to arn:aws:ses:…:receipt-rule-set/SET (mail_intake.h), so it survives a crash, and a run that met
// a passing failure (a full disk, a throttled function) begins again later. What must have happened before the next action is done at once,
// through the router: the object is there before a function hears of the mail, and a function that is asked (RequestResponse) has answered.
// Everything else (functions by Event, topics) is owed in one commit at the end, so that a repeated run owes it once. An action that is
// refused for good is passed over, and the log tells.
// One per daemon, on its strand.
#pragma once

#include "delivery/delivery_worker.h"
#include "delivery/outgoing_messages.h"
#include "services/ses/mail_intake.h"
#include "services/ses/rule_functions.h"
#include "wire/directory.h"

namespace mayfly::ses {

inline constexpr std::string_view kActionSender = "ses-action";
inline constexpr size_t kNotifiedMailBytesMax = 150 * 1024;  // a larger one bounces that a rule sends to a topic

// Mail that comes is tried for four hours.
class ReceiptSender final : public delivery::Sender {
 public:
  explicit ReceiptSender(const delivery::DurableLanes& lanes) : lanes_(&lanes) {}
  delivery::RetryRule RuleOf(const delivery::OwedDelivery& owed, const delivery::RetryRule& usual) const override;
  void OnGivenUp(const delivery::OwedDelivery& owed) override {}

 private:
  const delivery::DurableLanes* lanes_;
};

class ActionSender final : public delivery::Sender {
 public:
  void OnGivenUp(const delivery::OwedDelivery& owed) override {}
};

struct RunnerParts {
  const SesTables* tables;
  delivery::TargetRouter* targets;
  delivery::DurableLanes* lanes;
  delivery::OutgoingMessages* outgoing;
  const RuleFunctions* functions;
  wire::Directory* directory;  // topics are asked for
  const Clock* calendar;
  Random* random;
};

class ReceiptRunner final : public delivery::Target {
 public:
  // What the parts name outlives it.
  explicit ReceiptRunner(RunnerParts parts) : parts_(parts) {}

  // Only this service sends mail to rules. Error: AccessDeniedException.
  Result<> Authorize(const identity::RequestPrincipal& principal, std::string_view target_arn, const identity::ConditionKeys& keys) const override;
  // Errors: retryable ones, for which nothing is owed yet.
  Task<Result<>> Deliver(Context& ctx, const delivery::Delivery& delivery) override;

  // Whether a new rule could do what it says. Errors: InvalidLambdaFunction, InvalidS3Configuration, InvalidSnsTopic.
  // A bucket gets AMAZON_SES_SETUP_NOTIFICATION, as on AWS.
  Task<Result<>> Try(Context& ctx, const RuleSetName& set, const ReceiptRule& rule);

 private:
  enum class Then : unsigned char { NextAction, NextRule, End };
  struct Run;
  struct RuleRun;

  Task<Result<Then>> Act(Context& ctx, RuleRun& rule, const ReceiptAction& action);
  Task<Result<Then>> Store(Context& ctx, RuleRun& rule, const ReceiptAction& action);
  Task<Result<Then>> Ask(Context& ctx, RuleRun& rule, const ReceiptAction& action);
  Then Owe(RuleRun& rule, const ReceiptAction& action);
  Then Publish(RuleRun& rule, const ReceiptAction& action);
  Then Bounce(RuleRun& rule, const BounceAction& action);
  void AddHeader(RuleRun& rule, const AddHeaderAction& action);
  void NotifyTopic(RuleRun& rule, const ReceiptAction& action, std::string_view object_key);
  delivery::Delivery NewDelivery(RuleRun& rule, std::string target_arn, std::string body) const;
  Result<> TryFunction(const RuleSetName& set, const ReceiptRule& rule, const std::string& function_arn) const;
  Task<Result<>> TryTopic(Context& ctx, const RuleSetName& set, const ReceiptRule& rule, const std::string& topic_arn);
  Task<Result<>> TryBucket(Context& ctx, const RuleSetName& set, const ReceiptRule& rule, const S3Action& action);

  RunnerParts parts_;
};

}  // namespace mayfly::ses
