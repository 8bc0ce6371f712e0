#include "services/ses/ses_tables.h"

#include <fmt/format.h>

#include "base/text.h"
#include "identity/arn.h"
#include "services/ses/mail.h"

namespace mayfly::ses {
namespace {

constexpr std::string_view kRuleSetResource = "receipt-rule-set/";

std::string_view LastPart(std::string_view key) { return key.substr(key.rfind('/') + 1); }

Error WithName(Error error, std::string_view name) {
  error.members.emplace_back("Name", json::Quote(name));
  return error;
}

Error MissingSet(std::string_view key) { return RuleSetDoesNotExist(LastPart(key)); }
Error SetExists(std::string_view key) { return AlreadyExists("Rule set", LastPart(key)); }
Error FilterExists(std::string_view key) { return AlreadyExists("Filter", LastPart(key)); }
Error BusySesRow(std::string_view) { return Error::Service("Throttling", "Another change of it is on its way. Try again."); }

}  // namespace

void VisitMembers(resources::Is<IdentityRow> auto& row, auto&& visit) {
  visit("Domain", row.is_domain);
  visit("Token", row.token);
  visit("Created", row.created_millis);
}

void VisitMembers(resources::Is<RuleRow> auto& row, auto&& visit) {
  visit("Name", row.name);
  visit("Settings", row.settings);
}

void VisitMembers(resources::Is<RuleSetRow> auto& row, auto&& visit) {
  visit("Created", row.created_millis);
  visit("Rules", row.rules);
}

void VisitMembers(resources::Is<ActiveRow> auto& row, auto&& visit) { visit("RuleSet", row.rule_set); }

void VisitMembers(resources::Is<FilterRow> auto& row, auto&& visit) {
  visit("Policy", row.policy);
  visit("Cidr", row.cidr);
}

json::Value ToJson(const IdentityRow& row) { return resources::WriteMembers(row); }
json::Value ToJson(const RuleSetRow& row) { return resources::WriteMembers(row); }
json::Value ToJson(const ActiveRow& row) { return resources::WriteMembers(row); }
json::Value ToJson(const FilterRow& row) { return resources::WriteMembers(row); }

Result<> FromJson(std::string_view, const json::Value& value, IdentityRow& row) {
  resources::ReadMembers(value, row);
  return {};
}

Result<> FromJson(std::string_view, const json::Value& value, RuleSetRow& row) {
  resources::ReadMembers(value, row);
  return {};
}

Result<> FromJson(std::string_view, const json::Value& value, ActiveRow& row) {
  resources::ReadMembers(value, row);
  return {};
}

Result<> FromJson(std::string_view, const json::Value& value, FilterRow& row) {
  resources::ReadMembers(value, row);
  return {};
}

Place Place::OfKey(std::string_view key) {
  const auto parts = Split(key, '/');
  MF_ASSERT(parts.size() >= 2);
  return {std::string(parts[0]), std::string(parts[1])};
}

SesTables::SesTables(resources::ResourceTables& tables)
    : all(tables),
      identities(tables, "ses_identities", {.owners = {}, .errors = {.busy = BusySesRow}}),
      rule_sets(tables, "ses_rule_sets", {.owners = {}, .errors = {.missing = MissingSet, .exists = SetExists, .busy = BusySesRow}}),
      active(tables, "ses_active", {.owners = {}, .errors = {.busy = BusySesRow}}),
      filters(tables, "ses_filters", {.owners = {}, .errors = {.exists = FilterExists, .busy = BusySesRow}}) {}

std::string SesTables::IdentityOf(const Place& place, std::string_view address) const {
  std::string name = LowerCase(address);
  if (identities.Find(place.KeyOf(name))) return name;
  std::string_view domain = DomainOf(name);
  while (!domain.empty()) {
    if (identities.Find(place.KeyOf(domain))) return std::string(domain);
    const size_t dot = domain.find('.');
    domain = dot == std::string_view::npos ? std::string_view() : domain.substr(dot + 1);
  }
  return {};
}

std::string RuleSetArn(const Place& place, std::string_view set) {
  return fmt::format("arn:{}:ses:{}:{}:{}{}", identity::PartitionOf(place.region), place.region, place.account_id, kRuleSetResource, set);
}

std::string RuleArn(const Place& place, std::string_view set, std::string_view rule) { return fmt::format("{}:receipt-rule/{}", RuleSetArn(place, set), rule); }

std::optional<RuleSetName> ParseRuleSetArn(std::string_view text) {
  const auto arn = identity::ParseArn(text);
  if (!arn || arn->service != "ses" || !arn->resource.starts_with(kRuleSetResource)) return std::nullopt;
  return RuleSetName{.place = {std::string(arn->account_id), std::string(arn->region)}, .name = std::string(arn->resource.substr(kRuleSetResource.size()))};
}

Error RuleSetDoesNotExist(std::string_view name) {
  return WithName(Error::Service("RuleSetDoesNotExistException", fmt::format("Rule set does not exist: {}", name)), name);
}

Error RuleDoesNotExist(std::string_view name) {
  return WithName(Error::Service("RuleDoesNotExistException", fmt::format("Rule does not exist: {}", name)), name);
}

Error AlreadyExists(std::string_view what, std::string_view name) {
  return WithName(Error::Service("AlreadyExistsException", fmt::format("{} already exists: {}", what, name)), name);
}

Error InvalidParameterValue(std::string message) { return Error::Service("InvalidParameterValue", std::move(message)); }

Error LimitExceeded(std::string message) { return Error::Service("LimitExceededException", std::move(message)); }

}  // namespace mayfly::ses
