#include "catalog/access.h"

namespace mayfly::catalog {

bool Access::IsOwner(const identity::RequestPrincipal& principal, std::string_view owner_account_id) const {
  return principal.account_id == owner_account_id && identities_->IsAdministrator(principal);
}

Result<> Access::Decide(const identity::RequestPrincipal& principal, std::string_view action, const Resource& resource,
                        std::initializer_list<PolicyPointer> policies, identity::ConditionKeys keys) const {
  identity::AddGlobalKeys(principal, resource.region, clock_->WallNow(), keys);
  if (const std::string_view organization = organizations_.Of(principal.account_id); !organization.empty()) keys.Add("aws:PrincipalOrgID", organization);
  if (const std::string_view organization = organizations_.Of(resource.owner_account_id); !organization.empty()) keys.Add("aws:ResourceOrgID", organization);
  const identity::PolicyRequest request{principal, action, resource.arn, keys};
  identity::Decision decision;
  for (const PolicyPointer& policy : policies) {
    if (policy) decision = identity::Combine(decision, policy->parsed->Evaluate(request));
  }
  return identity::Authorize(request, resource.owner_account_id, *identities_, decision);
}

Result<> Access::Authorize(const identity::RequestPrincipal& principal, std::string_view action, const FunctionReference& target,
                           const identity::ConditionKeys& keys) const {
  PolicyPointer of_function;
  PolicyPointer of_qualifier;
  if (tables_->policies.size() > 0) {
    of_function = tables_->policies.Find(PolicyKey(target.name, ""));
    if (!target.qualifier.empty() && target.qualifier != "$LATEST") of_qualifier = tables_->policies.Find(PolicyKey(target.name, target.qualifier));
  }
  if (!of_function && !of_qualifier && IsOwner(principal, target.name.account_id)) return {};
  return Decide(principal, action, {target.Arn(), target.name.account_id, target.name.region}, {of_function, of_qualifier}, keys);
}

Result<> Access::AuthorizeLayer(const identity::RequestPrincipal& principal, std::string_view action, const LayerTarget& target) const {
  PolicyPointer policy;
  if (!target.policy_key.empty() && tables_->layer_policies.size() > 0) policy = tables_->layer_policies.Find(target.policy_key);
  if (!policy && IsOwner(principal, target.owner_account_id)) return {};
  return Decide(principal, action, {std::string(target.arn), target.owner_account_id, {}}, {policy}, {});
}

}  // namespace mayfly::catalog
