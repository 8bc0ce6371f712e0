#include "identity/access_control.h"

namespace mayfly::identity {

Result<> AccessControl::Authorize(const RequestPrincipal& principal, std::string_view action, const Resource& resource,
                                  std::span<const PolicyPointer> policies, ConditionKeys keys) const {
  AddGlobalKeys(principal, resource.region, clock_->WallNow(), keys);
  if (const std::string_view organization = organizations_.Of(principal.account_id); !organization.empty()) keys.Add("aws:PrincipalOrgID", organization);
  if (const std::string_view organization = organizations_.Of(resource.owner_account_id); !organization.empty()) keys.Add("aws:ResourceOrgID", organization);
  const PolicyRequest request{principal, action, resource.arn, keys};
  Decision decision;
  for (const PolicyPointer& policy : policies) {
    if (policy) decision = Combine(decision, policy->Evaluate(request));
  }
  return identity::Authorize(request, resource.owner_account_id, *identities_, decision);
}

}  // namespace mayfly::identity
