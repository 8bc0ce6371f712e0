#include "catalog/access.h"

namespace mayfly::catalog {

Result<> Access::Authorize(const identity::RequestPrincipal& principal, std::string_view action, const FunctionReference& target,
                           const identity::ConditionKeys& keys) const {
  identity::PolicyPointer policies[2];
  if (tables_->policies.size() > 0) {
    policies[0] = PolicyOf(tables_->policies, PolicyKey(target.name, ""));
    if (!target.qualifier.empty() && target.qualifier != "$LATEST") policies[1] = PolicyOf(tables_->policies, PolicyKey(target.name, target.qualifier));
  }
  const std::string& owner = target.name.account_id;
  if (!policies[0] && !policies[1] && control_.IsOwner(principal, owner)) return {};
  const std::string arn = target.Arn();
  identity::ConditionKeys all = keys;
  if (const auto function = tables_->functions.Find(target.name.Key())) {
    for (const auto& [key, value] : function->tags) all.Add("aws:ResourceTag/" + key, value);
  }
  return control_.Authorize(principal, action, {.arn = arn, .owner_account_id = owner, .region = target.name.region}, policies, std::move(all));
}

Result<> Access::AuthorizeLayer(const identity::RequestPrincipal& principal, std::string_view action, const LayerTarget& target) const {
  identity::PolicyPointer policy;
  if (!target.policy_key.empty() && tables_->layer_policies.size() > 0) policy = PolicyOf(tables_->layer_policies, target.policy_key);
  if (!policy && control_.IsOwner(principal, target.owner_account_id)) return {};
  return control_.Authorize(principal, action, {.arn = target.arn, .owner_account_id = target.owner_account_id, .region = {}}, {&policy, 1});
}

Result<> Access::AuthorizeOwn(const identity::RequestPrincipal& principal, std::string_view action, std::string_view arn, std::string_view region) const {
  if (control_.IsOwner(principal, principal.account_id)) return {};
  return control_.Authorize(principal, action, {.arn = arn, .owner_account_id = principal.account_id, .region = region}, {});
}

identity::PolicyPointer Access::PolicyOf(const resources::ResourceTable<ResourcePolicy>& table, std::string_view key) {
  const auto policy = table.Find(key);
  return policy ? policy->parsed : nullptr;
}

}  // namespace mayfly::catalog
