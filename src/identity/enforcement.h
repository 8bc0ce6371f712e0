// Enforcement: the policies of users, roles and organizations, as they decide about requests (--iam).
//
//   open    nobody is asked for them: whoever has an account is its administrator
//   soft    as open, but what strict would refuse is remembered (decision_log.h)
//   strict  what no policy allows is refused
// What the policy of a resource refuses is refused in every mode.
//
// One per daemon, on its strand; made before the services, which decide through it, and bound to those that say who has which policies when
// all are open. Until then, and for ever where no service says so, it is open.
// What was allowed is kept by (principal, action, resource, policies) where no condition has a part in it, at most kKnownMax; a change of the
// principal's policies makes that void.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "identity/authorization.h"
#include "identity/calls.h"
#include "identity/decision_log.h"
#include "identity/role_trust.h"

namespace mayfly::identity {

// Auto: strict where callers are authenticated, otherwise open.
enum class IamMode : unsigned char { Auto, Open, Soft, Strict };

class Enforcement final : public IdentityPolicies {
 public:
  static constexpr size_t kKnownMax = 8192;

  // `calls`, `log` and `clock` outlive it. `mode` is not Auto.
  Enforcement(IamMode mode, const Calls& calls, DecisionLog& log, const Clock& clock) : mode_(mode), calls_(&calls), log_(&log), clock_(&clock) {}

  // Both outlive it; null: no service has them.
  void Bind(const PrincipalPolicies* policies, const RoleTrust* trust) {
    policies_ = policies;
    trust_ = trust;
  }
  // Open as long as nothing is bound.
  IamMode mode() const { return policies_ ? mode_ : IamMode::Open; }

  bool IsAdministrator(const RequestPrincipal& principal) const override;
  bool IsAllowedAnyway(const RequestPrincipal& principal, std::string_view action, std::string_view resource,
                       std::span<const PolicyPointer> policies) const override;
  void AddKeys(const RequestPrincipal& principal, ConditionKeys& keys) const override;
  Result<> Authorize(const PolicyRequest& request, const ResourceSide& resource, std::span<const PolicyPointer> policies) const override;

  // The policies of a function's execution role (its identity-based ones); empty where nobody has such a role.
  std::vector<PolicyPointer> PoliciesOf(std::string_view account_id, std::string_view arn) const;

  // May the principal give the role to the service (iam:PassRole)? A caller passes roles of its own account only.
  // Error: AccessDeniedException. Not an error: what is no role's ARN, which whoever reads it refuses in words of its own.
  Result<> CheckPassRole(const RequestPrincipal& principal, std::string_view role_arn, std::string_view service) const;

 private:
  using AccessPointer = std::shared_ptr<const PrincipalAccess>;
  struct Known {
    AccessPointer access;
    std::vector<PolicyPointer> policies;  // held, so that no other one has their addresses
  };

  AccessPointer AccessOf(const RequestPrincipal& principal) const;
  void Note(const PolicyRequest& request, const Verdict& verdict) const;
  void Keep(const PolicyRequest& request, const AccessPointer& access, std::span<const PolicyPointer> policies) const;

  const IamMode mode_;
  const Calls* calls_;
  DecisionLog* log_;
  const Clock* clock_;
  const PrincipalPolicies* policies_ = nullptr;
  const RoleTrust* trust_ = nullptr;
  mutable std::unordered_map<std::string, Known> known_;
};

}  // namespace mayfly::identity
