// What SES keeps: identities, receipt rule sets with their rules, which set is the active one, filters. Rows of the control store, durable
// like everything that was answered 2xx.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "resources/json_members.h"
#include "resources/resource_table.h"

namespace mayfly::ses {

inline constexpr size_t kIdentitiesMax = 10'000;  // per account and region, as on AWS
inline constexpr size_t kRuleSetsMax = 40;        // likewise
inline constexpr size_t kRulesMax = 200;          // per set (AWS: 200)
inline constexpr size_t kActionsMax = 10;         // per rule
inline constexpr size_t kRecipientsMax = 500;     // per rule (AWS: 500 since 2023, 100 before)
inline constexpr size_t kFiltersMax = 100;        // per account and region

// An account in a region. Of each there are rows of its own.
struct Place {
  std::string account_id;
  std::string region;

  static Place Of(const Context& ctx) { return {ctx.principal.account_id, ctx.principal.region}; }
  // Of a row "ACCOUNT/REGION" or "ACCOUNT/REGION/…".
  static Place OfKey(std::string_view key);
  std::string Key() const { return account_id + '/' + region; }
  std::string KeyOf(std::string_view name) const { return Key() + '/' + std::string(name); }
  bool operator==(const Place&) const = default;
};

struct IdentityRow {
  bool is_domain = false;
  std::string token;  // what would go into the domain's DNS
  int64_t created_millis = 0;
};

struct RuleRow {
  std::string name;
  std::string settings;  // the rule as it was said (receipt_rules.h)
};

struct RuleSetRow {
  int64_t created_millis = 0;
  std::vector<RuleRow> rules;  // in their order
};

struct ActiveRow {
  std::string rule_set;
};

struct FilterRow {
  std::string policy;  // "Block", "Allow"
  std::string cidr;
};

json::Value ToJson(const IdentityRow& row);
Result<> FromJson(std::string_view key, const json::Value& value, IdentityRow& row);
json::Value ToJson(const RuleSetRow& row);
Result<> FromJson(std::string_view key, const json::Value& value, RuleSetRow& row);
json::Value ToJson(const ActiveRow& row);
Result<> FromJson(std::string_view key, const json::Value& value, ActiveRow& row);
json::Value ToJson(const FilterRow& row);
Result<> FromJson(std::string_view key, const json::Value& value, FilterRow& row);

// Made before the store's tables are opened.
struct SesTables {
  explicit SesTables(resources::ResourceTables& all);

  resources::ResourceTables& all;
  resources::ResourceTable<IdentityRow> identities;  // by Place::KeyOf(the address or domain, in small letters)
  resources::ResourceTable<RuleSetRow> rule_sets;    // by Place::KeyOf(name)
  resources::ResourceTable<ActiveRow> active;        // by Place::Key()
  resources::ResourceTable<FilterRow> filters;       // by Place::KeyOf(name)

  // The identity that speaks for an address: the address itself, its domain, or one above that. "": none does.
  std::string IdentityOf(const Place& place, std::string_view address) const;
};

// arn:aws:ses:REGION:ACCOUNT:receipt-rule-set/SET, and its rule.
std::string RuleSetArn(const Place& place, std::string_view set);
std::string RuleArn(const Place& place, std::string_view set, std::string_view rule);
struct RuleSetName {
  Place place;
  std::string name;
};
std::optional<RuleSetName> ParseRuleSetArn(std::string_view arn);

Error RuleSetDoesNotExist(std::string_view name);
Error RuleDoesNotExist(std::string_view name);
Error AlreadyExists(std::string_view what, std::string_view name);
Error InvalidParameterValue(std::string message);
Error LimitExceeded(std::string message);

}  // namespace mayfly::ses
