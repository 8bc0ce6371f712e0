// KeyPort: KMS's keys as other services use them (keyring::Keys), for the principal of their request and by the key's policy.
#pragma once

#include "services/kms/key_authorizer.h"

namespace mayfly::kms {

class KeyPort final : public keyring::Keys {
 public:
  // Both outlive it.
  KeyPort(KeyVault& vault, const KeyAuthorizer& authorizer) : vault_(&vault), authorizer_(&authorizer) {}

  Task<Result<std::string>> Find(Context& ctx, std::string name) override;
  Result<std::string> Seal(const Context& ctx, std::string_view key_arn, std::string_view value, const Use& use) const override;
  Result<std::string> Open(const Context& ctx, std::string_view blob, const Use& use) const override;

 private:
  KeyVault* vault_;
  const KeyAuthorizer* authorizer_;
};

}  // namespace mayfly::kms
