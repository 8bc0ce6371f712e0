// Encrypt, Decrypt, ReEncrypt.
#include <fmt/format.h>

#include "base/encoding.h"
#include "services/kms/kms_api.h"

namespace mayfly::kms {
namespace {

constexpr std::string_view kEncryptDecrypt = "ENCRYPT_DECRYPT";
constexpr std::string_view kSymmetric = "SYMMETRIC_DEFAULT";

Error BadCiphertext() { return Error::Service("InvalidCiphertextException", ""); }
Error OtherKey() {
  return Error::Service("IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.");
}

Result<> CheckEncryption(const KeyRow& key, std::string_view algorithm, bool has_context) {
  const SpecFacts* spec = FindSpec(key.spec);
  if (!spec || !Has(spec->encryption, algorithm)) {
    return Fail(Error::Service("InvalidKeyUsageException", fmt::format("Algorithm {} and key spec {} are incompatible.", algorithm, key.spec)));
  }
  if (has_context && !key.is_symmetric()) return Fail(Invalid(fmt::format("EncryptionContext is not supported by the algorithm {}.", algorithm)));
  return {};
}

}  // namespace

Task<Result<KeyPointer>> KmsApi::FindUsable(Context& ctx, std::string key_id, std::string_view usage, std::string_view operation) {
  MF_CO_TRY(KeyPointer key, co_await vault_->Find(ctx, std::move(key_id), KeyForms::KeysAndAliases));
  MF_CO_TRY_VOID(KeyVault::CheckUsable(*key, usage, operation));
  co_return key;
}

Task<Result<std::string>> KmsApi::EncryptFor(Context& ctx, const KeyRow& key, std::string_view algorithm, std::string_view value,
                                             const std::optional<wire::Map<std::string>>& context) {
  MF_CO_TRY_VOID(CheckEncryption(key, algorithm, context && !context->empty()));
  if (key.is_symmetric()) co_return vault_->EncryptWith(key, value, ContextOf(context));
  const size_t max = OaepBytesMax(*FindSpec(key.spec), algorithm);
  if (value.size() > max) co_return Fail(Invalid(fmt::format("Algorithm {} and key spec {} cannot encrypt data larger than {} bytes.", algorithm, key.spec, max)));
  auto blob = EncryptOaep(*Base64Decode(key.materials.back().public_key), algorithm, value);
  if (!blob) co_return Fail(Error::Fault("encrypt with " + key.name.Arn()));
  co_return std::move(*blob);
}

Task<Result<EncryptResponse>> KmsApi::Encrypt(Context& ctx, EncryptRequest request) {
  MF_CO_TRY(const KeyPointer key, co_await FindUsable(ctx, request.key_id, kEncryptDecrypt, "Encrypt"));
  const std::string algorithm = request.encryption_algorithm.value_or(std::string(kSymmetric));
  MF_CO_TRY(std::string blob, co_await EncryptFor(ctx, *key, algorithm, request.plaintext, request.encryption_context));
  MF_CO_TRY_VOID(CheckDryRun(request.dry_run));
  co_return EncryptResponse{.ciphertext_blob = std::move(blob), .key_id = key->name.Arn(), .encryption_algorithm = algorithm};
}

Task<Result<KmsApi::Opened>> KmsApi::OpenFor(Context& ctx, ToOpen wanted, std::string_view operation) {
  const std::string algorithm = wanted.algorithm.value_or(std::string(kSymmetric));
  KeyPointer key;
  if (wanted.key_id) {
    MF_CO_TRY(key, co_await FindUsable(ctx, *wanted.key_id, kEncryptDecrypt, operation));
    MF_CO_TRY_VOID(CheckEncryption(*key, algorithm, !wanted.context.empty()));
  }
  if (algorithm == kSymmetric) {
    const auto head = ReadHead(wanted.blob);
    if (!head) co_return Fail(BadCiphertext());
    if (key && (head->key_id != key->name.id || head->account_id != key->name.account_id)) co_return Fail(OtherKey());
    MF_CO_TRY(KeyVault::Decrypted opened, vault_->DecryptNow(ctx, wanted.blob, wanted.context, operation));
    co_return Opened{.key = std::move(opened.key), .value = std::move(opened.value), .algorithm = algorithm, .material_id = std::move(opened.material_id)};
  }
  if (!key) co_return Fail(Invalid("KeyId is required to decrypt with an asymmetric KMS key."));
  MF_CO_TRY(keyring::SecretBytes secret, vault_->RevealNewest(*key));
  auto value = co_await pool_->Run(*ctx.loop, [secret = std::move(secret), algorithm, blob = std::move(wanted.blob)] { return DecryptOaep(secret, algorithm, blob); });
  if (!value) co_return Fail(BadCiphertext());
  co_return Opened{.key = std::move(key), .value = std::move(*value), .algorithm = algorithm, .material_id = {}};
}

Task<Result<DecryptResponse>> KmsApi::Decrypt(Context& ctx, DecryptRequest request) {
  if (!request.ciphertext_blob) co_return Fail(Invalid("1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be null"));
  ToOpen wanted{.blob = std::move(*request.ciphertext_blob), .key_id = request.key_id, .algorithm = request.encryption_algorithm, .context = ContextOf(request.encryption_context)};
  MF_CO_TRY(Opened opened, co_await OpenFor(ctx, std::move(wanted), "Decrypt"));
  MF_CO_TRY_VOID(CheckDryRun(request.dry_run));
  DecryptResponse response{.key_id = opened.key->name.Arn(), .plaintext = std::move(opened.value), .encryption_algorithm = opened.algorithm};
  if (!opened.material_id.empty()) response.key_material_id = opened.material_id;
  co_return response;
}

Task<Result<ReEncryptResponse>> KmsApi::ReEncrypt(Context& ctx, ReEncryptRequest request) {
  if (!request.ciphertext_blob) co_return Fail(Invalid("1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be null"));
  ToOpen wanted{.blob = std::move(*request.ciphertext_blob), .key_id = request.source_key_id, .algorithm = request.source_encryption_algorithm,
                .context = ContextOf(request.source_encryption_context)};
  MF_CO_TRY(Opened opened, co_await OpenFor(ctx, std::move(wanted), "ReEncryptFrom"));
  keyring::SecretBytes value(std::move(opened.value));
  MF_CO_TRY(const KeyPointer key, co_await FindUsable(ctx, request.destination_key_id, kEncryptDecrypt, "ReEncryptTo"));
  const std::string algorithm = request.destination_encryption_algorithm.value_or(std::string(kSymmetric));
  MF_CO_TRY(std::string blob, co_await EncryptFor(ctx, *key, algorithm, value.view(), request.destination_encryption_context));
  MF_CO_TRY_VOID(CheckDryRun(request.dry_run));
  ReEncryptResponse response{.ciphertext_blob = std::move(blob), .source_key_id = opened.key->name.Arn(), .key_id = key->name.Arn(),
                             .source_encryption_algorithm = opened.algorithm, .destination_encryption_algorithm = algorithm};
  if (!opened.material_id.empty()) response.source_key_material_id = opened.material_id;
  if (key->is_symmetric()) response.destination_key_material_id = key->materials.back().id;
  co_return response;
}

}  // namespace mayfly::kms
