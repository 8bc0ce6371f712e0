// KeyAuthorizer: may somebody do this with that key? wire::Endpoint asks before it calls a handler, KeyPort before a service uses a key for
// somebody.
//
// A key's policy decides, with the policies of identities where it lets its account decide, or a grant. What is about no key is the account's
// own. One per daemon, on the strand of the tables.
#pragma once

#include "identity/access_control.h"
#include "services/kms/key_vault.h"
#include "wire/endpoint.h"

namespace mayfly::kms {

class KeyAuthorizer {
 public:
  // All outlive it.
  KeyAuthorizer(const KeyTables& tables, const KeyVault& vault, const identity::IdentityPolicies& identities, const Clock& clock)
      : tables_(&tables), vault_(&vault), control_(identities, clock) {}

  struct Use {
    std::string_view operation;  // "Decrypt"
    const keyring::EncryptionContext* context = nullptr;
    std::string_view via;        // "ssm": the service that uses it for the principal; "" for the principal itself
  };
  // Of a key that is there. Error: AccessDeniedException.
  Result<> AuthorizeUse(const Context& ctx, const KeyRow& key, const Use& use) const;
  // As wire::Endpoint takes it. This outlives the endpoint.
  wire::Authorizer AsFunction() const;

 private:
  Task<Result<>> Answer(Context& ctx, const wire::Operation& operation, const wire::Message& request) const;
  Result<> AuthorizeNamed(const Context& ctx, std::string_view name, const Use& use) const;
  bool IsGranted(const Context& ctx, const KeyRow& key, const Use& use) const;

  const KeyTables* tables_;
  const KeyVault* vault_;
  identity::AccessControl control_;
};

}  // namespace mayfly::kms
