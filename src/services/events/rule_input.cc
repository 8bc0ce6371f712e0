#include "services/events/rule_input.h"

#include <fmt/format.h>

#include "delivery/http_destinations.h"
#include "identity/arn.h"
#include "patterns/input_template.h"
#include "patterns/json_path.h"

namespace mayfly::events {
namespace {

std::optional<json::Value> FindPath(std::string_view path, const json::Value& envelope) {
  const auto parsed = patterns::JsonPath::Parse(path);
  return parsed ? parsed->Find(envelope) : std::nullopt;
}

// A setting that may be a path: what the event has there, as text.
std::string ResolveText(std::string_view setting, const json::Value& envelope) {
  if (!setting.starts_with("$.")) return std::string(setting);
  const auto found = FindPath(setting, envelope);
  if (!found) return {};
  return found->is_string() ? found->string() : json::Write(*found);
}

std::optional<json::Value> ReservedValue(std::string_view name, const RuleRow& rule, const MatchedEvent& matched) {
  if (name == "aws.events.rule-arn") return rule.name.Arn();
  if (name == "aws.events.rule-name") return rule.name.name;
  if (name == "aws.events.event.ingestion-time") return SecondsText(matched.ingested);
  if (name == "aws.events.event.json") return matched.envelope;
  if (name != "aws.events.event") return std::nullopt;
  json::Object without_detail;
  for (const json::Member& member : matched.envelope.object()) {
    if (member.first != "detail") without_detail.push_back(member);
  }
  return without_detail;
}

std::string Transform(const RuleRow& rule, const json::Value& transformer, const MatchedEvent& matched) {
  const json::Value* paths = transformer.Find("InputPathsMap");
  return patterns::FillTemplate(transformer.StringOr("InputTemplate", ""), [&](std::string_view name) -> std::optional<json::Value> {
    const std::string_view path = paths ? paths->StringOr(name, "") : std::string_view();
    return path.empty() ? ReservedValue(name, rule, matched) : FindPath(path, matched.envelope);
  });
}

// As a role of the customer's, or by itself for the rule.
delivery::DeliveryPrincipal PrincipalOf(const RuleRow& rule, const json::Value& settings, const std::string& session) {
  std::string_view role_arn = settings.StringOr("RoleArn", "");
  if (role_arn.empty()) role_arn = rule.role_arn;
  const auto role = identity::ParseArn(role_arn);
  if (!role || !role->resource.starts_with("role/")) return delivery::DeliveryPrincipal::Service("events.amazonaws.com", rule.name.bus.account_id);
  const std::string_view name = role->resource.substr(role->resource.rfind('/') + 1);
  return delivery::DeliveryPrincipal::Role(fmt::format("arn:{}:sts::{}:assumed-role/{}/{}", role->partition, role->account_id, name, session),
                                           std::string(role->account_id));
}

void AddGroup(delivery::Delivery& delivery, const json::Value& settings, const json::Value& envelope) {
  const json::Value* queue = settings.Find("SqsParameters");
  if (queue) delivery.message_group_id = ResolveText(queue->StringOr("MessageGroupId", ""), envelope);
}

// Of a target that is called over HTTP.
void AddHttp(delivery::Delivery& delivery, const json::Value& settings, const json::Value& envelope) {
  const json::Value* parameters = settings.Find("HttpParameters");
  if (!parameters) return;
  delivery::HttpFields fields;
  const json::Value* values = parameters->Find("PathParameterValues");
  for (const json::Value& value : values && values->is_array() ? values->array() : json::Array()) {
    if (value.is_string()) fields.path_values.push_back(ResolveText(value.string(), envelope));
  }
  const auto add = [&](std::string_view name, auto& pairs) {
    const json::Value* map = parameters->Find(name);
    for (const json::Member& member : map && map->is_object() ? map->object() : json::Object()) {
      if (member.second.is_string()) pairs.emplace_back(member.first, ResolveText(member.second.string(), envelope));
    }
  };
  add("HeaderParameters", fields.headers);
  add("QueryStringParameters", fields.query);
  delivery::AddHttpFields(delivery, fields);
}

}  // namespace

Result<std::string> InputOf(const RuleRow& rule, const json::Value& settings, const MatchedEvent& matched) {
  if (const json::Value* input = settings.Find("Input")) return input->string();
  if (const json::Value* transformer = settings.Find("InputTransformer")) return Transform(rule, *transformer, matched);
  const json::Value* path = settings.Find("InputPath");
  if (!path) return json::Write(matched.envelope);
  const auto found = FindPath(path->string(), matched.envelope);
  if (found) return json::Write(*found);
  return Fail(Error::Service("INVALID_JSON", fmt::format("the input path {} finds nothing in the event", path->string())));
}

std::string OwnerOf(const RuleRow& rule, const RuleTarget& target) { return rule.name.Arn() + '#' + target.id; }

std::optional<OwnerParts> ParseOwner(std::string_view owner) {
  const size_t mark = owner.find('#');
  auto rule = ParseRuleArn(owner.substr(0, mark));
  if (!rule || mark == std::string_view::npos) return std::nullopt;
  return OwnerParts{std::move(*rule), std::string(owner.substr(mark + 1))};
}

delivery::OwedDelivery OwedTo(const RuleRow& rule, const RuleTarget& target, const MatchedEvent& matched, std::string id, WallTime accepted_at) {
  const json::Value settings = json::Parse(target.settings).value_or(json::Value());
  delivery::OwedDelivery owed{.sender = std::string(kRuleSender), .owner_arn = OwnerOf(rule, target), .delivery = {}, .accepted_at = accepted_at};
  delivery::Delivery& delivery = owed.delivery;
  delivery.principal = PrincipalOf(rule, settings, id);
  delivery.id = std::move(id);
  delivery.target_arn = target.arn;
  delivery.source_arn = rule.name.Arn();
  delivery.trace_header = matched.event.trace_header;
  if (delivery::IsBusArn(target.arn)) {
    delivery.detail_type = matched.event.detail_type;
    delivery.body = json::Write(matched.event.detail);
    delivery::AddBusFields(delivery, ToBusEvent(matched.event));
    return owed;
  }
  delivery.body = InputOf(rule, settings, matched).value_or(std::string());
  AddGroup(delivery, settings, matched.envelope);
  if (delivery::IsApiDestinationArn(target.arn)) AddHttp(delivery, settings, matched.envelope);
  return owed;
}

}  // namespace mayfly::events
