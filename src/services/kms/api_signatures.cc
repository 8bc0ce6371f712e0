// GetPublicKey, Sign, Verify, GenerateMac, VerifyMac, DeriveSharedSecret.
#include <fmt/format.h>

#include "base/encoding.h"
#include "base/hash.h"
#include "services/kms/kms_api.h"

namespace mayfly::kms {
namespace {

Result<> CheckAlgorithm(const KeyRow& key, std::string_view algorithm) {
  const SpecFacts* spec = FindSpec(key.spec);
  if (spec && Has(AlgorithmsOf(*spec, key.usage), algorithm)) return {};
  return Fail(Error::Service("InvalidKeyUsageException", fmt::format("Algorithm {} and key spec {} are incompatible.", algorithm, key.spec)));
}

Result<std::string> DigestFor(std::string_view algorithm, const std::optional<std::string>& type, std::string_view message) {
  const std::string kind = type.value_or("RAW");
  if (kind == "RAW") return DigestMessage(algorithm, message);
  if (kind == "DIGEST" && message.size() == DigestBytes(algorithm)) return std::string(message);
  if (kind == "DIGEST") return Fail(Invalid(fmt::format("Digest is invalid length for algorithm {}.", algorithm)));
  return Fail(Invalid(fmt::format("MessageType {} is not supported by the algorithm {}.", kind, algorithm)));
}

}  // namespace

Task<Result<GetPublicKeyResponse>> KmsApi::GetPublicKey(Context& ctx, GetPublicKeyRequest request) {
  MF_CO_TRY(const KeyPointer key, vault_->FindNow(ctx, request.key_id, KeyForms::KeysAndAliases));
  const std::string& encoded = key->materials.back().public_key;
  if (encoded.empty()) co_return Fail(Error::Service("UnsupportedOperationException", fmt::format("{} origin is AWS_KMS which is not valid for this operation.", key->name.Arn())));
  MF_CO_TRY_VOID(KeyVault::CheckUsable(*key, key->usage, "GetPublicKey"));
  KeyMetadata described = Describe(*key);
  co_return GetPublicKeyResponse{.key_id = key->name.Arn(), .public_key = *Base64Decode(encoded), .customer_master_key_spec = key->spec, .key_spec = key->spec,
                                 .key_usage = key->usage, .encryption_algorithms = std::move(described.encryption_algorithms),
                                 .signing_algorithms = std::move(described.signing_algorithms), .key_agreement_algorithms = std::move(described.key_agreement_algorithms),
                                 .encapsulation_algorithms = {}};
}

Task<Result<SignResponse>> KmsApi::Sign(Context& ctx, SignRequest request) {
  MF_CO_TRY(const KeyPointer key, co_await FindUsable(ctx, request.key_id, "SIGN_VERIFY", "Sign"));
  MF_CO_TRY_VOID(CheckAlgorithm(*key, request.signing_algorithm));
  MF_CO_TRY(std::string digest, DigestFor(request.signing_algorithm, request.message_type, request.message));
  MF_CO_TRY_VOID(CheckDryRun(request.dry_run));
  MF_CO_TRY(keyring::SecretBytes secret, vault_->RevealNewest(*key));
  auto signature = co_await pool_->Run(*ctx.loop, [secret = std::move(secret), algorithm = request.signing_algorithm, digest = std::move(digest)] {
    return SignDigest(secret, algorithm, digest);
  });
  if (!signature) co_return Fail(Error::Fault("sign with " + key->name.Arn()));
  co_return SignResponse{.key_id = key->name.Arn(), .signature = std::move(*signature), .signing_algorithm = request.signing_algorithm};
}

Task<Result<VerifyResponse>> KmsApi::Verify(Context& ctx, VerifyRequest request) {
  MF_CO_TRY(const KeyPointer key, co_await FindUsable(ctx, request.key_id, "SIGN_VERIFY", "Verify"));
  MF_CO_TRY_VOID(CheckAlgorithm(*key, request.signing_algorithm));
  MF_CO_TRY(const std::string digest, DigestFor(request.signing_algorithm, request.message_type, request.message));
  MF_CO_TRY_VOID(CheckDryRun(request.dry_run));
  if (!VerifyDigest(*Base64Decode(key->materials.back().public_key), request.signing_algorithm, digest, request.signature)) {
    co_return Fail(Error::Service("KMSInvalidSignatureException", ""));
  }
  co_return VerifyResponse{.key_id = key->name.Arn(), .signature_valid = true, .signing_algorithm = request.signing_algorithm};
}

Task<Result<GenerateMacResponse>> KmsApi::GenerateMac(Context& ctx, GenerateMacRequest request) {
  MF_CO_TRY(const KeyPointer key, co_await FindUsable(ctx, request.key_id, "GENERATE_VERIFY_MAC", "GenerateMac"));
  MF_CO_TRY_VOID(CheckAlgorithm(*key, request.mac_algorithm));
  MF_CO_TRY_VOID(CheckDryRun(request.dry_run));
  MF_CO_TRY(const keyring::SecretBytes secret, vault_->RevealNewest(*key));
  co_return GenerateMacResponse{.mac = MacOf(secret, request.mac_algorithm, request.message), .mac_algorithm = request.mac_algorithm, .key_id = key->name.Arn()};
}

Task<Result<VerifyMacResponse>> KmsApi::VerifyMac(Context& ctx, VerifyMacRequest request) {
  MF_CO_TRY(const KeyPointer key, co_await FindUsable(ctx, request.key_id, "GENERATE_VERIFY_MAC", "VerifyMac"));
  MF_CO_TRY_VOID(CheckAlgorithm(*key, request.mac_algorithm));
  MF_CO_TRY_VOID(CheckDryRun(request.dry_run));
  MF_CO_TRY(const keyring::SecretBytes secret, vault_->RevealNewest(*key));
  if (!EqualConstantTime(MacOf(secret, request.mac_algorithm, request.message), request.mac)) co_return Fail(Error::Service("KMSInvalidMacException", ""));
  co_return VerifyMacResponse{.key_id = key->name.Arn(), .mac_valid = true, .mac_algorithm = request.mac_algorithm};
}

Task<Result<DeriveSharedSecretResponse>> KmsApi::DeriveSharedSecret(Context& ctx, DeriveSharedSecretRequest request) {
  MF_CO_TRY(const KeyPointer key, co_await FindUsable(ctx, request.key_id, "KEY_AGREEMENT", "DeriveSharedSecret"));
  MF_CO_TRY_VOID(CheckDryRun(request.dry_run));
  MF_CO_TRY(const keyring::SecretBytes secret, vault_->RevealNewest(*key));
  auto shared = SharedSecret(secret, request.public_key);
  if (!shared) co_return Fail(Invalid("The public key is not valid for the key spec of the KMS key."));
  co_return DeriveSharedSecretResponse{.key_id = key->name.Arn(), .shared_secret = std::move(*shared), .ciphertext_for_recipient = {},
                                       .key_agreement_algorithm = request.key_agreement_algorithm, .key_origin = "AWS_KMS"};
}

}  // namespace mayfly::kms
