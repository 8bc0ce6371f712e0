// Authorization: may this principal do this? Puts together what the policies of resources and of identities say.
// Source: IAM user guide, "Policy evaluation logic".
//
//   a principal of the resource's own account   one of the two must allow it
//   a principal of another account              both must allow it
//   a service, or an anonymous caller           the resource's policy must allow it
// An explicit deny, wherever it stands, ends it.
#pragma once

#include "base/clock.h"
#include "identity/policy.h"

namespace mayfly::identity {

// What the policies of users and roles say. The port through which IAM comes in; has no say about services.
class IdentityPolicies {
 public:
  virtual ~IdentityPolicies() = default;

  // Whether the principal may do everything that its account can let it do, so that there is nothing to evaluate: the
  // account's root. Asked first, for every request: cheap.
  virtual bool IsAdministrator(const RequestPrincipal& principal) const = 0;
  // Of a principal that is no administrator.
  virtual Decision Evaluate(const PolicyRequest& request) const = 0;
};

// As long as there are no policies of identities: every principal is an administrator of its account.
class AdministratorsOnly final : public IdentityPolicies {
 public:
  bool IsAdministrator(const RequestPrincipal& principal) const override { return !principal.account_id.empty(); }
  Decision Evaluate(const PolicyRequest&) const override { return {}; }
};

// `owner_account_id`: whose resource it is. `resource_decision`: what the resource's policy says; ImplicitDeny without one.
// Error (Service): AccessDeniedException with AWS's text.
Result<> Authorize(const PolicyRequest& request, std::string_view owner_account_id, const IdentityPolicies& identities,
                   const Decision& resource_decision);

// Two policies of one resource, as if they were one.
Decision Combine(Decision a, Decision b);

// "User: ARN is not authorized to perform: ACTION on resource: RESOURCE because no resource-based policy allows the ACTION action"
Error NotAllowedByResource(const PolicyRequest& request);

// The global keys that follow from who asks and when: aws:PrincipalArn, aws:PrincipalAccount, aws:username, aws:CurrentTime …
void AddGlobalKeys(const RequestPrincipal& principal, std::string_view region, WallTime now, ConditionKeys& keys);

}  // namespace mayfly::identity
