// Authorization: may this principal do this? What services' authorizers ask (access_control.h), and how a refusal is worded. What all the
// policies come to: decision.h.
#pragma once

#include <span>

#include "base/clock.h"
#include "identity/decision.h"

namespace mayfly::identity {

// Who decides about what the policies of users and roles are needed for. The one that enforces them: enforcement.h.
// On the daemon's strand. Has no say about services, which only the resource's policy lets in.
class IdentityPolicies {
 public:
  virtual ~IdentityPolicies() = default;

  // Whether the principal may do everything that its account can let it do, so that there is nothing to evaluate: the
  // account's root. Asked first, for every request: cheap.
  virtual bool IsAdministrator(const RequestPrincipal& principal) const = 0;
  // Whether it is certain already that the principal may do this: nothing of the request has a part in it. `policies`: the resource's.
  virtual bool IsAllowedAnyway(const RequestPrincipal&, std::string_view /*action*/, std::string_view /*resource*/,
                               std::span<const PolicyPointer> /*policies*/) const {
    return false;
  }
  // What is known of the request, and of the principal beyond its ARN: aws:SourceIp, aws:TagKeys, aws:PrincipalTag/team …
  virtual void AddKeys(const RequestPrincipal&, ConditionKeys&) const {}
  // Error (Service): AccessDeniedException with AWS's text. `policies`: those that resource.decision is of.
  virtual Result<> Authorize(const PolicyRequest& request, const ResourceSide& resource, std::span<const PolicyPointer> policies) const = 0;
};

// Without policies of identities: every principal is an administrator of its account.
class AdministratorsOnly final : public IdentityPolicies {
 public:
  bool IsAdministrator(const RequestPrincipal& principal) const override { return !principal.account_id.empty(); }
  Result<> Authorize(const PolicyRequest& request, const ResourceSide& resource, std::span<const PolicyPointer> policies) const override;
};

// Two policies of one resource, as if they were one.
Decision Combine(Decision a, Decision b);

// AccessDeniedException with DeniedText.
Error Denied(const PolicyRequest& request, const Verdict& verdict);
// "User: ARN is not authorized to perform: ACTION on resource: RESOURCE because no resource-based policy allows the ACTION action"
Error NotAllowedByResource(const PolicyRequest& request);

// The global keys that follow from who asks and when: aws:PrincipalArn, aws:PrincipalAccount, aws:username, aws:CurrentTime …
void AddGlobalKeys(const RequestPrincipal& principal, std::string_view region, WallTime now, ConditionKeys& keys);

}  // namespace mayfly::identity
