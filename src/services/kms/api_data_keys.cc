// GenerateDataKey, GenerateDataKeyWithoutPlaintext, GenerateDataKeyPair, GenerateDataKeyPairWithoutPlaintext, GenerateRandom.
#include <fmt/format.h>

#include "services/kms/kms_api.h"

namespace mayfly::kms {
namespace {

Result<size_t> SizeOf(const GenerateDataKeyRequest& request) {
  if (request.number_of_bytes.has_value() == request.key_spec.has_value()) return Fail(Invalid("Please specify either number of bytes or key spec."));
  if (request.number_of_bytes) return static_cast<size_t>(*request.number_of_bytes);
  return *request.key_spec == "AES_128" ? 16 : 32;
}

Result<> CheckEncrypts(const KeyRow& key, std::string_view operation) {
  if (key.is_symmetric()) return {};
  return Fail(Error::Service("InvalidKeyUsageException", fmt::format("{} key spec is {} which is not valid for {}.", key.name.Arn(), key.spec, operation)));
}

}  // namespace

Task<Result<KmsApi::DataKey>> KmsApi::MakeDataKey(Context& ctx, const GenerateDataKeyRequest& request, std::string_view operation) {
  MF_CO_TRY(const size_t size, SizeOf(request));
  MF_CO_TRY(KeyPointer key, co_await FindUsable(ctx, request.key_id, "ENCRYPT_DECRYPT", operation));
  MF_CO_TRY_VOID(CheckEncrypts(*key, operation));
  MF_CO_TRY_VOID(CheckDryRun(request.dry_run));
  const keyring::SecretBytes made = keyring::RandomBytes(size);
  MF_CO_TRY(std::string blob, vault_->EncryptWith(*key, made.view(), ContextOf(request.encryption_context)));
  co_return DataKey{.key = std::move(key), .plain = std::string(made.view()), .blob = std::move(blob), .public_key = {}};
}

Task<Result<GenerateDataKeyResponse>> KmsApi::GenerateDataKey(Context& ctx, GenerateDataKeyRequest request) {
  MF_CO_TRY(DataKey made, co_await MakeDataKey(ctx, request, "GenerateDataKey"));
  co_return GenerateDataKeyResponse{.ciphertext_blob = std::move(made.blob), .plaintext = std::move(made.plain), .key_id = made.key->name.Arn(),
                                    .ciphertext_for_recipient = {}, .key_material_id = made.key->materials.back().id};
}

Task<Result<GenerateDataKeyWithoutPlaintextResponse>> KmsApi::GenerateDataKeyWithoutPlaintext(Context& ctx, GenerateDataKeyWithoutPlaintextRequest request) {
  const GenerateDataKeyRequest same{.key_id = request.key_id, .encryption_context = request.encryption_context, .number_of_bytes = request.number_of_bytes,
                                    .key_spec = request.key_spec, .grant_tokens = {}, .recipient = {}, .dry_run = request.dry_run};
  MF_CO_TRY(DataKey made, co_await MakeDataKey(ctx, same, "GenerateDataKeyWithoutPlaintext"));
  keyring::Cleanse(made.plain);
  co_return GenerateDataKeyWithoutPlaintextResponse{.ciphertext_blob = std::move(made.blob), .key_id = made.key->name.Arn(), .key_material_id = made.key->materials.back().id};
}

Task<Result<KmsApi::DataKey>> KmsApi::MakeDataKeyPair(Context& ctx, const GenerateDataKeyPairRequest& request, std::string_view operation) {
  MF_CO_TRY(KeyPointer key, co_await FindUsable(ctx, request.key_id, "ENCRYPT_DECRYPT", operation));
  MF_CO_TRY_VOID(CheckEncrypts(*key, operation));
  const SpecFacts* spec = FindSpec(request.key_pair_spec);
  if (!spec || (spec->kind != KeyKind::Rsa && spec->kind != KeyKind::Ec)) {
    co_return Fail(Error::Service("UnsupportedOperationException", fmt::format("KeyPairSpec {} is not supported in this region.", request.key_pair_spec)));
  }
  MF_CO_TRY_VOID(CheckDryRun(request.dry_run));
  const NewMaterial made = co_await pool_->Run(*ctx.loop, [spec] { return MakeMaterial(*spec); });
  MF_CO_TRY(std::string blob, vault_->EncryptWith(*key, made.secret.view(), ContextOf(request.encryption_context)));
  co_return DataKey{.key = std::move(key), .plain = std::string(made.secret.view()), .blob = std::move(blob), .public_key = made.public_key};
}

Task<Result<GenerateDataKeyPairResponse>> KmsApi::GenerateDataKeyPair(Context& ctx, GenerateDataKeyPairRequest request) {
  MF_CO_TRY(DataKey made, co_await MakeDataKeyPair(ctx, request, "GenerateDataKeyPair"));
  co_return GenerateDataKeyPairResponse{.private_key_ciphertext_blob = std::move(made.blob), .private_key_plaintext = std::move(made.plain),
                                        .public_key = std::move(made.public_key), .key_id = made.key->name.Arn(), .key_pair_spec = request.key_pair_spec,
                                        .ciphertext_for_recipient = {}, .key_material_id = made.key->materials.back().id};
}

Task<Result<GenerateDataKeyPairWithoutPlaintextResponse>> KmsApi::GenerateDataKeyPairWithoutPlaintext(Context& ctx,
                                                                                                     GenerateDataKeyPairWithoutPlaintextRequest request) {
  const GenerateDataKeyPairRequest same{.encryption_context = request.encryption_context, .key_id = request.key_id, .key_pair_spec = request.key_pair_spec,
                                        .grant_tokens = {}, .recipient = {}, .dry_run = request.dry_run};
  MF_CO_TRY(DataKey made, co_await MakeDataKeyPair(ctx, same, "GenerateDataKeyPairWithoutPlaintext"));
  keyring::Cleanse(made.plain);
  co_return GenerateDataKeyPairWithoutPlaintextResponse{.private_key_ciphertext_blob = std::move(made.blob), .public_key = std::move(made.public_key),
                                                        .key_id = made.key->name.Arn(), .key_pair_spec = request.key_pair_spec,
                                                        .key_material_id = made.key->materials.back().id};
}

Task<Result<GenerateRandomResponse>> KmsApi::GenerateRandom(Context& ctx, GenerateRandomRequest request) {
  if (!request.number_of_bytes) co_return Fail(Invalid("NumberOfBytes is required."));
  co_return GenerateRandomResponse{.plaintext = std::string(keyring::RandomBytes(static_cast<size_t>(*request.number_of_bytes)).view()), .ciphertext_for_recipient = {}};
}

}  // namespace mayfly::kms
