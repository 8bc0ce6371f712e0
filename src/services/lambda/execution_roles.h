// ExecutionRoles: whether Lambda may assume the role that a function is given. Asked when a function is made or gets another role, behind the
// authorization of the request.
//
// A role that exists has to trust Lambda. Where policies decide about callers it has to exist, and in the caller's account; elsewhere it need
// not: then a function runs as whatever role its configuration names.
// One per daemon, on its strand. Source: Lambda API reference, CreateFunction; texts as clients have recorded them.
#pragma once

#include "identity/authorization.h"
#include "identity/role_trust.h"
#include "wire/endpoint.h"

namespace mayfly::lambda {

class ExecutionRoles {
 public:
  // Both outlive it.
  ExecutionRoles(const identity::RoleTrust& trust, const identity::IdentityPolicies& policies) : trust_(&trust), policies_(&policies) {}

  // Errors: InvalidParameterValueException; AccessDeniedException for a role of another account.
  Result<> Check(const Context& ctx, std::string_view role_arn) const;
  // Asked after `first` has allowed the request. This outlives the endpoint.
  wire::Authorizer After(wire::Authorizer first) const;

 private:
  const identity::RoleTrust* trust_;
  const identity::IdentityPolicies* policies_;
};

}  // namespace mayfly::lambda
