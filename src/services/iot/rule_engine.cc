#include "services/iot/rule_engine.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/text.h"
#include "identity/arn.h"
#include "services/iot/topic_filter.h"

namespace mayfly::iot {

// A message on its way through the rules.
struct RuleEngine::Published {
  RuleMessage message;
  int hops = 0;
};

namespace {

constexpr std::string_view kTopicResource = "topic/";
constexpr std::string_view kErrorAction = "error";

struct TopicName {
  std::string account_id;
  std::string region;
  std::string topic;
};

std::optional<TopicName> ParseTopicArn(std::string_view text) {
  const auto arn = identity::ParseArn(text);
  if (!arn || arn->service != "iot" || !arn->resource.starts_with(kTopicResource)) return std::nullopt;
  return TopicName{std::string(arn->account_id), std::string(arn->region), std::string(arn->resource.substr(kTopicResource.size()))};
}

std::string_view FieldOf(const delivery::Delivery& delivery, std::string_view name) {
  const auto found = std::ranges::find(delivery.attributes, name, &delivery::DeliveryAttribute::name);
  return found == delivery.attributes.end() ? std::string_view() : std::string_view(found->value);
}

void SetField(delivery::Delivery& delivery, std::string_view name, std::string value) {
  delivery::DeliveryAttribute& attribute = delivery.attributes.emplace_back();
  attribute.name = name;
  attribute.value = std::move(value);
}

int HopsOf(const delivery::Delivery& delivery) { return ParseNumber<int>(FieldOf(delivery, "hops")).value_or(0); }

// As an owed delivery carries it.
RuleMessage ReadMessage(const RuleName& rule, const delivery::Delivery& delivery) {
  return {.topic = std::string(FieldOf(delivery, "topic")), .payload = delivery.body, .millis = ParseNumber<int64_t>(FieldOf(delivery, "millis")).value_or(0),
          .account_id = rule.account_id, .principal = std::string(FieldOf(delivery, "principal")), .trace_id = std::string(FieldOf(delivery, "trace-id")),
          .qos = ParseNumber<int>(FieldOf(delivery, "qos")).value_or(0)};
}

// What an error action gets. Source: AWS IoT developer guide, "Error handling (error action)".
std::string ErrorDocument(const RuleName& rule, const delivery::Delivery& delivery, std::string_view failed_action, std::string_view failed_resource, const Error& error) {
  json::Value failure{json::Object()};
  failure.Set("failedAction", failed_action);
  failure.Set("failedResource", failed_resource);
  failure.Set("errorMessage", error.message);
  json::Value document{json::Object()};
  document.Set("ruleName", rule.name);
  document.Set("topic", FieldOf(delivery, "topic"));
  document.Set("cloudwatchTraceId", FieldOf(delivery, "trace-id"));
  document.Set("clientId", "N/A");
  document.Set("base64OriginalPayload", Base64Encode(delivery.body));
  document.Set("failures", json::Array{std::move(failure)});
  return json::Write(document);
}

const Action* ActionAt(const TopicRulePayload& payload, std::string_view place) {
  if (place == kErrorAction) return payload.error_action ? &*payload.error_action : nullptr;
  const auto index = ParseNumber<uint32_t>(place);
  return index && *index < payload.actions.size() ? &payload.actions[*index] : nullptr;
}

// For the log and failures: what an action sends to.
std::string ResourceOf(const RuleName& rule, const Action& action, const RuleMessage& message) {
  const auto delivery = MakeActionDelivery(rule, action, message, "");
  return delivery ? delivery->target_arn : std::string();
}

}  // namespace

Result<> RuleEngine::Authorize(const identity::RequestPrincipal& principal, std::string_view target_arn, const identity::ConditionKeys& keys) const {
  if (const auto topic = ParseTopicArn(target_arn)) {
    if (control_.IsOwner(principal, topic->account_id)) return {};
    return control_.Authorize(principal, "iot:Publish", {.arn = target_arn, .owner_account_id = topic->account_id, .region = topic->region}, {}, keys);
  }
  if (ParseRuleArn(target_arn) && principal.service == kOwnPrincipal) return {};
  return Fail(Error::Service("AccessDeniedException", fmt::format("nobody but its topics sends to {}", target_arn)));
}

Task<Result<>> RuleEngine::Deliver(Context& ctx, const delivery::Delivery& delivery) {
  if (const auto rule = ParseRuleArn(delivery.target_arn)) co_return co_await Act(ctx, *rule, delivery);
  co_return co_await Publish(ctx, delivery);
}

delivery::LaneItem RuleEngine::ItemFor(std::string_view sender, const RuleName& rule, const Published& published, std::string_view action) const {
  const RuleMessage& message = published.message;
  delivery::OwedDelivery owed{.sender = std::string(sender), .owner_arn = rule.Arn(), .delivery = {}, .attempts = 0, .accepted_at = parts_.lanes->Time()};
  owed.delivery.id = parts_.random->Uuid();
  owed.delivery.target_arn = owed.delivery.source_arn = rule.Arn();
  owed.delivery.principal = delivery::DeliveryPrincipal::Service(std::string(kOwnPrincipal), rule.account_id);
  owed.delivery.body = message.payload;
  SetField(owed.delivery, "action", std::string(action));
  SetField(owed.delivery, "topic", message.topic);
  SetField(owed.delivery, "millis", std::to_string(message.millis));
  SetField(owed.delivery, "principal", message.principal);
  SetField(owed.delivery, "trace-id", message.trace_id);
  SetField(owed.delivery, "qos", std::to_string(message.qos));
  SetField(owed.delivery, "hops", std::to_string(published.hops));
  return delivery::ItemOf(owed);
}

void RuleEngine::Owe(const TopicRules::Compiled& rule, const Published& published, std::vector<delivery::LaneItem>& items) const {
  const auto payload = ReadSettings(rule.rule->settings);
  if (!payload || !rule.sql->Wants(published.message)) return;
  for (size_t i = 0; i < payload->actions.size(); ++i) items.push_back(ItemFor(kRuleSender, rule.rule->name, published, std::to_string(i)));
}

Task<Result<>> RuleEngine::Publish(Context& ctx, const delivery::Delivery& delivery) {
  const auto name = ParseTopicArn(delivery.target_arn);
  if (!name || !IsTopic(name->topic)) co_return Fail(Error::Service("InvalidRequestException", "The topic is invalid."));
  Published published{.message = {.topic = name->topic, .payload = delivery.body, .millis = ToEpochMillis(parts_.calendar->WallNow()),
                                  .account_id = name->account_id, .principal = delivery.principal.name, .trace_id = parts_.random->Uuid(),
                                  .qos = ParseNumber<int>(FieldOf(delivery, "qos")).value_or(0)},
                      .hops = HopsOf(delivery)};
  if (published.hops > kHopsMax) co_return Fail(Error::Service("InvalidRequestException", "Rules have republished the message too often."));
  std::vector<delivery::LaneItem> items;
  if (const auto ingest = ParseBasicIngest(name->topic)) {
    published.message.topic = ingest->topic;
    const auto rule = parts_.rules->Find({name->account_id, name->region, ingest->rule});
    if (rule.rule && !rule.rule->is_disabled) Owe(rule, published, items);
  } else {
    for (const auto& rule : parts_.rules->EnabledAt(name->account_id, name->region)) {
      if (!rule.sql->topic_filter().empty() && MatchesFilter(name->topic, rule.sql->topic_filter())) Owe(rule, published, items);
    }
  }
  auto appended = co_await parts_.lanes->AppendAll(ctx, std::move(items));
  if (appended) co_return Result<>();
  Error error = std::move(appended).error();
  error.retryable = true;
  co_return Fail(std::move(error));
}

Task<Result<>> RuleEngine::Act(Context& ctx, const RuleName& name, const delivery::Delivery& delivery) {
  const TopicRules::Compiled rule = parts_.rules->Find(name);
  const auto payload = rule.rule ? ReadSettings(rule.rule->settings) : std::nullopt;
  const std::string_view place = FieldOf(delivery, "action");
  const Action* action = payload ? ActionAt(*payload, place) : nullptr;
  if (!action) co_return Result<>();  // the rule has gone, or does this no more
  const RuleMessage message = ReadMessage(name, delivery);
  std::string body = place == kErrorAction ? delivery.body : rule.sql->Select(message);
  MF_CO_TRY(delivery::Delivery sent, MakeActionDelivery(name, *action, message, std::move(body)));
  sent.id = delivery.id;
  sent.trace_header = delivery.trace_header;
  if (action->republish) SetField(sent, "hops", std::to_string(HopsOf(delivery) + 1));
  co_return co_await parts_.targets->Deliver(ctx, sent);
}

std::vector<delivery::LaneItem> RuleEngine::InsteadOf(const delivery::OwedDelivery& owed, const delivery::GivenUp& given_up) {
  const auto name = ParseRuleArn(owed.owner_arn);
  const TopicRules::Compiled rule = name ? parts_.rules->Find(*name) : TopicRules::Compiled{};
  const auto payload = rule.rule ? ReadSettings(rule.rule->settings) : std::nullopt;
  const Action* failed = payload ? ActionAt(*payload, FieldOf(owed.delivery, "action")) : nullptr;
  if (!failed || !payload->error_action) return {};
  Published published{.message = ReadMessage(*name, owed.delivery), .hops = HopsOf(owed.delivery)};
  published.message.payload = ErrorDocument(*name, owed.delivery, KindOf(*failed), ResourceOf(*name, *failed, published.message), given_up.error);
  return {ItemFor(kErrorActionSender, *name, published, kErrorAction)};
}

}  // namespace mayfly::iot
