#include "identity/access_control.h"

namespace mayfly::identity {

Result<> AccessControl::Authorize(const RequestPrincipal& principal, std::string_view action, const Resource& resource,
                                  std::span<const PolicyPointer> policies, ConditionKeys keys) const {
  if (resource.owner_account_id == principal.account_id && identities_->IsAllowedAnyway(principal, action, resource.arn, policies)) return {};
  AddGlobalKeys(principal, resource.region, clock_->WallNow(), keys);
  identities_->AddKeys(principal, keys);
  if (!resource.owner_account_id.empty()) keys.Add("aws:ResourceAccount", resource.owner_account_id);
  if (const std::string_view organization = organizations_.Of(principal.account_id); !organization.empty()) keys.Add("aws:PrincipalOrgID", organization);
  if (const std::string_view organization = organizations_.Of(resource.owner_account_id); !organization.empty()) keys.Add("aws:ResourceOrgID", organization);
  const PolicyRequest request{principal, action, resource.arn, keys};
  Decision decision;
  for (const PolicyPointer& policy : policies) {
    if (policy) decision = Combine(decision, policy->Evaluate(request));
  }
  const ResourceSide side{.owner_account_id = resource.owner_account_id, .decision = std::move(decision), .must_allow = resource.needs_policy, .kind = resource.kind};
  return identities_->Authorize(request, side, policies);
}

}  // namespace mayfly::identity
