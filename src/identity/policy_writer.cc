#include "identity/policy_writer.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

namespace mayfly::identity {
namespace {

using Resources = std::set<std::string>;

// Up to where the resources of one service, region and account begin.
std::string_view KindOfResource(std::string_view arn) {
  size_t end = 0;
  for (int colons = 0; colons < 5 && end != std::string_view::npos; ++colons) end = arn.find(':', end + 1);
  return arn.substr(0, end);
}

std::string CommonPrefix(const std::vector<std::string_view>& texts) {
  std::string_view prefix = texts.front();
  for (const std::string_view text : texts) {
    const auto [end, other] = std::ranges::mismatch(prefix, text);
    prefix = prefix.substr(0, static_cast<size_t>(end - prefix.begin()));
  }
  return std::string(prefix) + "*";
}

Resources Folded(const Resources& all) {
  std::map<std::string_view, std::vector<std::string_view>> by_kind;
  for (const std::string& resource : all) by_kind[KindOfResource(resource)].push_back(resource);
  Resources folded;
  for (const auto& [kind, resources] : by_kind) {
    if (resources.size() > kExactResourcesMax) folded.insert(CommonPrefix(resources));
    else folded.insert(resources.begin(), resources.end());
  }
  if (folded.contains("*")) return {"*"};
  return folded;
}

json::Value OneOrMore(const auto& texts) {
  if (texts.size() == 1) return json::Value(*texts.begin());
  json::Array array;
  for (const auto& text : texts) array.emplace_back(text);
  return json::Value(std::move(array));
}

}  // namespace

json::Value WritePolicy(std::span<const DecisionRecord> records) {
  std::map<std::string, Resources> by_action;
  for (const DecisionRecord& record : records) {
    if (record.type != DecisionType::ExplicitDeny) by_action[record.action].insert(record.resource);
  }
  std::map<Resources, std::set<std::string>> grouped;
  for (const auto& [action, resources] : by_action) grouped[Folded(resources)].insert(action);
  std::map<std::string, json::Value> statements;  // by their first action
  for (const auto& [resources, actions] : grouped) {
    json::Value statement;
    statement.Set("Effect", "Allow");
    statement.Set("Action", OneOrMore(actions));
    statement.Set("Resource", OneOrMore(resources));
    statements.emplace(*actions.begin(), std::move(statement));
  }
  json::Array all;
  for (auto& [action, statement] : statements) all.push_back(std::move(statement));
  json::Value policy;
  policy.Set("Version", "2012-10-17");
  policy.Set("Statement", std::move(all));
  return policy;
}

PolicyDifference Compare(std::span<const DecisionRecord> records, std::span<const PolicyPointer> policies) {
  PolicyDifference difference;
  const auto is_used = [&](const Policy::Grant& grant) {
    return std::ranges::any_of(records, [&](const DecisionRecord& record) { return grant.Covers(record.action, record.resource); });
  };
  std::vector<Policy::Grant> grants;
  for (const PolicyPointer& policy : policies) {
    if (policy) policy->AddGrants(grants);
  }
  for (const DecisionRecord& record : records) {
    // What was refused then may have been granted since.
    const bool is_granted = std::ranges::any_of(grants, [&](const Policy::Grant& grant) { return grant.Covers(record.action, record.resource); });
    if (!is_granted) difference.missing.push_back(fmt::format("{} on {}", record.action, record.resource));
  }
  for (const Policy::Grant& grant : grants) {
    if (!is_used(grant)) difference.unused.push_back(fmt::format("{} on {}", grant.action.text(), grant.resource.text()));
  }
  for (auto* texts : {&difference.missing, &difference.unused}) {
    std::ranges::sort(*texts);
    texts->erase(std::ranges::unique(*texts).begin(), texts->end());
  }
  return difference;
}

}  // namespace mayfly::identity
