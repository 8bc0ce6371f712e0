// AccessControl: may this principal do this with that resource? The part of each service's authorizer that is the same for all: who
// needs no policy, the global keys, the policies of identities and of the resource. What a request is about is the service's part,
// and so is what AWS lets nobody do across accounts.
//
// One per authorizer; any thread that its policies are used on. Costs nothing where a principal is its account's administrator and
// the resource has no policy (IsOwner: asked first), and a look-up where the same was allowed before and no condition has a part in it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "identity/authorization.h"
#include "identity/organizations.h"

namespace mayfly::identity {

class AccessControl {
 public:
  // Both outlive it.
  AccessControl(const IdentityPolicies& identities, const Clock& clock, Organizations organizations = {})
      : identities_(&identities), clock_(&clock), organizations_(std::move(organizations)) {}

  struct Resource {
    std::string_view arn;               // "*" where an action is about none
    std::string_view owner_account_id;
    std::string_view region;
    bool needs_policy = false;  // without its own policy's word nobody gets in (ResourceSide::must_allow)
    PolicyKind kind = PolicyKind::Resource;  // what its policy is called
  };

  // Whether the principal may do whatever no policy of the resource forbids.
  bool IsOwner(const RequestPrincipal& principal, std::string_view owner_account_id) const {
    return principal.account_id == owner_account_id && identities_->IsAdministrator(principal);
  }

  // `policies`: the resource's, which count as one; null ones are none. `keys`: what only the caller knows (aws:SourceArn,
  // lambda:FunctionUrlAuthType …); the global ones, those of the request and those of organizations are added here.
  // Error (Service): AccessDeniedException with AWS's text.
  Result<> Authorize(const RequestPrincipal& principal, std::string_view action, const Resource& resource,
                     std::span<const PolicyPointer> policies, ConditionKeys keys = {}) const;

 private:
  const IdentityPolicies* identities_;
  const Clock* clock_;
  Organizations organizations_;
};

}  // namespace mayfly::identity
