// SecretAuthorizer: may somebody do this with that secret? wire::Endpoint asks before it calls a handler, and BatchGetSecretValue for each.
//
// A secret's policy decides with those of identities. What is about no secret is the account's own. One per daemon, on the strand of the tables.
#pragma once

#include "identity/access_control.h"
#include "services/secretsmanager/secrets.h"
#include "wire/endpoint.h"

namespace mayfly::secretsmanager {

class SecretAuthorizer {
 public:
  // All outlive it.
  SecretAuthorizer(const Secrets& secrets, const identity::IdentityPolicies& identities, const Clock& clock)
      : secrets_(&secrets), control_(identities, clock) {}

  // Of a secret that is there. Error: AccessDeniedException.
  Result<> Authorize(const Context& ctx, std::string_view action, const SecretRow& secret, identity::ConditionKeys keys = {}) const;
  // As wire::Endpoint takes it. This outlives the endpoint.
  wire::Authorizer AsFunction() const;

 private:
  Task<Result<>> Answer(Context& ctx, const wire::Operation& operation, const wire::Message& request) const;

  const Secrets* secrets_;
  identity::AccessControl control_;
};

}  // namespace mayfly::secretsmanager
