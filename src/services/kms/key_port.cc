#include "services/kms/key_port.h"

namespace mayfly::kms {
namespace {

Result<> CheckSymmetric(const KeyRow& key, std::string_view operation) {
  MF_TRY_VOID(KeyVault::CheckUsable(key, "ENCRYPT_DECRYPT", operation));
  if (key.is_symmetric()) return {};
  return Fail(Error::Service("InvalidKeyUsageException", key.name.Arn() + " is no symmetric key."));
}

}  // namespace

Task<Result<std::string>> KeyPort::Find(Context& ctx, std::string name) {
  MF_CO_TRY(const KeyPointer key, co_await vault_->Find(ctx, std::move(name), KeyForms::KeysAndAliases));
  MF_CO_TRY_VOID(CheckSymmetric(*key, "GenerateDataKey"));
  co_return key->name.Arn();
}

Result<std::string> KeyPort::Seal(const Context& ctx, std::string_view key_arn, std::string_view value, const Use& use) const {
  MF_TRY(const KeyPointer key, vault_->FindNow(ctx, key_arn, KeyForms::KeysAndAliases));
  MF_TRY_VOID(CheckSymmetric(*key, "GenerateDataKey"));
  MF_TRY_VOID(authorizer_->AuthorizeUse(ctx, *key, {.operation = "GenerateDataKey", .context = &use.context, .via = use.via}));
  return vault_->EncryptWith(*key, value, use.context);
}

Result<std::string> KeyPort::Open(const Context& ctx, std::string_view blob, const Use& use) const {
  MF_TRY(KeyVault::Decrypted opened, vault_->DecryptNow(ctx, blob, use.context, "Decrypt"));
  MF_TRY_VOID(authorizer_->AuthorizeUse(ctx, *opened.key, {.operation = "Decrypt", .context = &use.context, .via = use.via}));
  return std::move(opened.value);
}

}  // namespace mayfly::kms
