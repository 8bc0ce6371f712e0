#include "services/iot/topic_rules.h"

#include <fmt/format.h>

#include "base/text.h"
#include "identity/arn.h"

namespace mayfly::iot {
namespace {

constexpr std::string_view kRuleResource = "rule/";

Error MissingRule(std::string_view key) { return NoAccess(RuleOfKey(key).name); }
Error RuleExists(std::string_view key) {
  const RuleName name = RuleOfKey(key);
  Error error = Error::Service("ResourceAlreadyExistsException", fmt::format("Rule already exists with this name: {}", name.name));
  error.members.emplace_back("resourceArn", json::Quote(name.Arn()));
  return error;
}
Error BusyRule(std::string_view) { return Error::Service("ConflictingResourceUpdateException", "There is another update of the rule on its way. Try again."); }

}  // namespace

std::string RuleName::Arn() const { return fmt::format("arn:{}:iot:{}:{}:{}{}", identity::PartitionOf(region), region, account_id, kRuleResource, name); }

std::optional<RuleName> ParseRuleArn(std::string_view text) {
  const auto arn = identity::ParseArn(text);
  if (!arn || arn->service != "iot" || !arn->resource.starts_with(kRuleResource)) return std::nullopt;
  return RuleName{std::string(arn->account_id), std::string(arn->region), std::string(arn->resource.substr(kRuleResource.size()))};
}

RuleName RuleOfKey(std::string_view key) {
  const auto parts = Split(key, '/');
  MF_ASSERT(parts.size() == 3);
  return {std::string(parts[0]), std::string(parts[1]), std::string(parts[2])};
}

void VisitMembers(resources::Is<TopicRuleRow> auto& rule, auto&& visit) {
  visit("Settings", rule.settings);
  visit("Sql", rule.sql);
  visit("Disabled", rule.is_disabled);
  visit("Created", rule.created_millis);
  visit("Tags", rule.tags);
}

json::Value ToJson(const TopicRuleRow& rule) { return resources::WriteMembers(rule); }

Result<> FromJson(std::string_view key, const json::Value& value, TopicRuleRow& rule) {
  rule.name = RuleOfKey(key);
  resources::ReadMembers(value, rule);
  return {};
}

Error NoAccess(std::string_view rule) { return Error::Service("UnauthorizedException", fmt::format("Access to topic rule '{}' was denied", rule)); }

TopicRules::TopicRules(resources::ResourceTables& all)
    : table_(all, "iot_rules", {.owners = {}, .errors = {.missing = MissingRule, .exists = RuleExists, .busy = BusyRule}}) {
  table_.OnChange([this](const std::string& key, const auto&, const auto&) { compiled_.erase(key); });
}

TopicRules::Compiled TopicRules::Compile(const std::string& key, const Pointer& rule) {
  auto found = compiled_.find(key);
  if (found == compiled_.end()) {
    auto sql = RuleSql::Compile(rule->sql);
    if (!sql) return {};
    found = compiled_.emplace(key, std::make_shared<const RuleSql>(std::move(*sql))).first;
  }
  return {.rule = rule, .sql = found->second};
}

TopicRules::Compiled TopicRules::Find(const RuleName& name) {
  const std::string key = name.Key();
  const Pointer rule = table_.Find(key);
  return rule ? Compile(key, rule) : Compiled{};
}

std::vector<TopicRules::Compiled> TopicRules::EnabledAt(std::string_view account_id, std::string_view region) {
  std::vector<Compiled> rules;
  for (const auto& row : table_.List(fmt::format("{}/{}/", account_id, region), "", kRulesMax)) {
    Compiled compiled = row.value->is_disabled ? Compiled{} : Compile(row.key, row.value);
    if (compiled.rule) rules.push_back(std::move(compiled));
  }
  return rules;
}

}  // namespace mayfly::iot
