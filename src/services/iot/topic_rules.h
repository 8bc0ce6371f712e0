// What IoT keeps: topic rules. Rows of the control store, durable like everything that was answered 2xx.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "resources/json_members.h"
#include "resources/resource_table.h"
#include "services/iot/rule_sql.h"

namespace mayfly::iot {

inline constexpr size_t kRulesMax = 1'000;  // per account and region, as on AWS

struct RuleName {
  std::string account_id;
  std::string region;
  std::string name;

  static RuleName Of(const Context& ctx, std::string name) { return {ctx.principal.account_id, ctx.principal.region, std::move(name)}; }
  std::string Place() const { return account_id + '/' + region + '/'; }
  std::string Key() const { return Place() + name; }
  std::string Arn() const;  // arn:aws:iot:REGION:ACCOUNT:rule/NAME
};
std::optional<RuleName> ParseRuleArn(std::string_view arn);
RuleName RuleOfKey(std::string_view key);

struct TopicRuleRow {
  RuleName name;         // not part of the row: it is the row's key
  std::string settings;  // the TopicRulePayload of the API as JSON
  std::string sql;       // of it
  bool is_disabled = false;
  int64_t created_millis = 0;
  resources::StringPairs tags;
};

json::Value ToJson(const TopicRuleRow& rule);
Result<> FromJson(std::string_view key, const json::Value& value, TopicRuleRow& rule);

// The rules, and their SQL compiled (each as long as it is as it is). Made before the store's tables are opened.
class TopicRules {
 public:
  explicit TopicRules(resources::ResourceTables& all);
  TopicRules(const TopicRules&) = delete;
  TopicRules& operator=(const TopicRules&) = delete;

  using Pointer = resources::ResourceTable<TopicRuleRow>::Pointer;
  struct Compiled {
    Pointer rule;
    std::shared_ptr<const RuleSql> sql;
  };
  resources::ResourceTable<TopicRuleRow>& table() { return table_; }
  const resources::ResourceTable<TopicRuleRow>& table() const { return table_; }
  // Null when there is none, or its SQL is none any more.
  Compiled Find(const RuleName& name);
  // Those of an account in a region that are enabled.
  std::vector<Compiled> EnabledAt(std::string_view account_id, std::string_view region);

 private:
  Compiled Compile(const std::string& key, const Pointer& rule);

  resources::ResourceTable<TopicRuleRow> table_;
  std::map<std::string, std::shared_ptr<const RuleSql>, std::less<>> compiled_;  // by key; grows with what is stored
};

Error NoAccess(std::string_view rule);  // what AWS says of a rule that is not there

}  // namespace mayfly::iot
