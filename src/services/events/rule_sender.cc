#include "services/events/rule_sender.h"

#include <algorithm>

namespace mayfly::events {
namespace {

constexpr std::chrono::minutes kBackoffMax{8};  // so that 185 retries take about a day
constexpr size_t kErrorMessageBytesMax = 1024;

void AddAttribute(delivery::Delivery& delivery, std::string_view name, std::string value) {
  if (value.empty()) return;  // a queue takes no empty attribute
  delivery::DeliveryAttribute& attribute = delivery.attributes.emplace_back();
  attribute.name = name;
  attribute.value = std::move(value);
}

// What the rule has sent, for a bus the event with its envelope.
std::string BodyOf(const delivery::Delivery& delivery) {
  if (!delivery::IsBusArn(delivery.target_arn)) return delivery.body;
  const auto event = FromBusEvent(delivery::ReadBusEvent(delivery, WallTime()));
  return event ? json::Write(EnvelopeOf(*event)) : delivery.body;
}

std::string_view NameOf(delivery::GivenUp::Why why) {
  switch (why) {
    case delivery::GivenUp::Why::Attempts: return "MaximumRetryAttempts";
    case delivery::GivenUp::Why::Age: return "MaximumEventAgeInSeconds";
    case delivery::GivenUp::Why::Refused: break;
  }
  return "";
}

}  // namespace

std::string_view DeadLetterCode(const Error& error) {
  constexpr std::pair<std::string_view, std::string_view> kCodes[] = {
      {"AccessDeniedException", "NO_PERMISSIONS"},       {"ResourceNotFoundException", "NO_RESOURCE"},
      {"QueueDoesNotExist", "NO_RESOURCE"},              {"AWS.SimpleQueueService.NonExistentQueue", "NO_RESOURCE"},
      {"NotFound", "NO_RESOURCE"},                       {"InvalidRequestContentException", "INVALID_JSON"},
      {"RequestEntityTooLargeException", "INVALID_PARAMETER"}, {"TooManyRequestsException", "THROTTLING"},
      {"UnsupportedTarget", "SDK_CLIENT_ERROR"},          {"ErrorFromTarget", "ERROR_FROM_TARGET"},
      {"ConnectionFailure", "CONNECTION_FAILURE"}};
  if (error.kind == Error::Kind::Cancelled) return "TIMEOUT";
  if (error.kind == Error::Kind::Fault) return "INTERNAL_ERROR";
  const auto found = std::ranges::find(kCodes, error.code, &std::pair<std::string_view, std::string_view>::first);
  return found == std::end(kCodes) ? std::string_view("SDK_CLIENT_ERROR") : found->second;
}

json::Value RuleSender::SettingsOf(const OwnerParts& owner) const {
  const auto rule = tables_->rules.Find(owner.rule.Key());
  if (!rule) return {};
  const auto target = std::ranges::find(rule->targets, owner.target_id, &RuleTarget::id);
  return target == rule->targets.end() ? json::Value() : json::Parse(target->settings).value_or(json::Value());
}

delivery::RetryRule RuleSender::RuleOf(const delivery::OwedDelivery& owed, const delivery::RetryRule& usual) const {
  const auto owner = ParseOwner(owed.owner_arn);
  const json::Value settings = owner ? SettingsOf(*owner) : json::Value();
  const json::Value* policy = settings.Find("RetryPolicy");
  const int64_t retries = policy ? policy->IntOr("MaximumRetryAttempts", kRetriesMax) : kRetriesMax;
  const std::chrono::seconds age(policy ? policy->IntOr("MaximumEventAgeInSeconds", std::chrono::seconds(kAgeMax).count()) : std::chrono::seconds(kAgeMax).count());
  return {.attempts_max = static_cast<int>(retries) + 1, .age_left = age - (lanes_->Time() - owed.accepted_at), .backoff_min = usual.backoff_min,
          .backoff_max = std::max<Duration>(usual.backoff_min, std::min<Duration>(kBackoffMax, 2 * usual.backoff_max))};
}

std::vector<delivery::LaneItem> RuleSender::InsteadOf(const delivery::OwedDelivery& owed, const delivery::GivenUp& given_up) {
  const auto owner = ParseOwner(owed.owner_arn);
  const json::Value settings = owner ? SettingsOf(*owner) : json::Value();
  const json::Value* config = settings.Find("DeadLetterConfig");
  const std::string_view queue = config ? config->StringOr("Arn", "") : std::string_view();
  if (queue.empty()) return {};
  const std::string rule_arn = owner->rule.Arn();
  delivery::OwedDelivery letter{.sender = std::string(kRuleDeadLetterSender), .owner_arn = owed.owner_arn, .delivery = {}, .accepted_at = lanes_->Time()};
  delivery::Delivery& delivery = letter.delivery;
  delivery.id = random_->Uuid();
  delivery.target_arn = queue;
  delivery.body = BodyOf(owed.delivery);
  delivery.source_arn = rule_arn;
  delivery.principal = delivery::DeliveryPrincipal::Service("events.amazonaws.com", owner->rule.bus.account_id);
  delivery.trace_header = owed.delivery.trace_header;
  AddAttribute(delivery, "RULE_ARN", rule_arn);
  AddAttribute(delivery, "TARGET_ARN", owed.delivery.target_arn);
  AddAttribute(delivery, "ERROR_CODE", std::string(DeadLetterCode(given_up.error)));
  AddAttribute(delivery, "ERROR_MESSAGE", given_up.error.message.substr(0, kErrorMessageBytesMax));
  AddAttribute(delivery, "EXHAUSTED_RETRY_CONDITION", std::string(NameOf(given_up.why)));
  AddAttribute(delivery, "RETRY_ATTEMPTS", std::to_string(std::max(0, owed.attempts - 1)));
  return {delivery::ItemOf(letter)};
}

}  // namespace mayfly::events
