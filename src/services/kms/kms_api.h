// AWS Key Management Service's API: the operations of model/kms.model. One method per operation, named as it is.
//
// One per daemon, on its strand. Requests have been authenticated, decoded, validated by the model and authorized (key_authorizer.h). What
// takes time (RSA keys, private keys) happens on `pool`.
#pragma once

#include "base/blocking_pool.h"
#include "model/kms.h"
#include "resources/paging.h"
#include "services/kms/key_vault.h"

namespace mayfly::kms {

class KmsApi final : public KeysHandler,
                     public AliasesHandler,
                     public PoliciesHandler,
                     public RotationHandler,
                     public EncryptionHandler,
                     public SignaturesHandler {
 public:
  // All outlive it.
  KmsApi(KeyTables& tables, KeyVault& vault, const keyring::Keyring& keyring, BlockingPool& pool)
      : tables_(&tables), vault_(&vault), keyring_(&keyring), pool_(&pool) {}
  Handlers handlers() { return {{}, *this, *this, *this, *this, *this, *this}; }

  // --- keys (api_keys.cc) ---
  Task<Result<CreateKeyResponse>> CreateKey(Context& ctx, CreateKeyRequest request) override;
  Task<Result<DescribeKeyResponse>> DescribeKey(Context& ctx, DescribeKeyRequest request) override;
  Task<Result<ListKeysResponse>> ListKeys(Context& ctx, ListKeysRequest request) override;
  Task<Result<UpdateKeyDescriptionResponse>> UpdateKeyDescription(Context& ctx, UpdateKeyDescriptionRequest request) override;
  Task<Result<EnableKeyResponse>> EnableKey(Context& ctx, EnableKeyRequest request) override;
  Task<Result<DisableKeyResponse>> DisableKey(Context& ctx, DisableKeyRequest request) override;
  Task<Result<ScheduleKeyDeletionResponse>> ScheduleKeyDeletion(Context& ctx, ScheduleKeyDeletionRequest request) override;
  Task<Result<CancelKeyDeletionResponse>> CancelKeyDeletion(Context& ctx, CancelKeyDeletionRequest request) override;

  // --- aliases (api_aliases.cc) ---
  Task<Result<CreateAliasResponse>> CreateAlias(Context& ctx, CreateAliasRequest request) override;
  Task<Result<UpdateAliasResponse>> UpdateAlias(Context& ctx, UpdateAliasRequest request) override;
  Task<Result<DeleteAliasResponse>> DeleteAlias(Context& ctx, DeleteAliasRequest request) override;
  Task<Result<ListAliasesResponse>> ListAliases(Context& ctx, ListAliasesRequest request) override;

  // --- policies and tags (api_policies.cc), grants (api_grants.cc) ---
  Task<Result<GetKeyPolicyResponse>> GetKeyPolicy(Context& ctx, GetKeyPolicyRequest request) override;
  Task<Result<PutKeyPolicyResponse>> PutKeyPolicy(Context& ctx, PutKeyPolicyRequest request) override;
  Task<Result<ListKeyPoliciesResponse>> ListKeyPolicies(Context& ctx, ListKeyPoliciesRequest request) override;
  Task<Result<TagResourceResponse>> TagResource(Context& ctx, TagResourceRequest request) override;
  Task<Result<UntagResourceResponse>> UntagResource(Context& ctx, UntagResourceRequest request) override;
  Task<Result<ListResourceTagsResponse>> ListResourceTags(Context& ctx, ListResourceTagsRequest request) override;
  Task<Result<CreateGrantResponse>> CreateGrant(Context& ctx, CreateGrantRequest request) override;
  Task<Result<ListGrantsResponse>> ListGrants(Context& ctx, ListGrantsRequest request) override;
  Task<Result<ListRetirableGrantsResponse>> ListRetirableGrants(Context& ctx, ListRetirableGrantsRequest request) override;
  Task<Result<RetireGrantResponse>> RetireGrant(Context& ctx, RetireGrantRequest request) override;
  Task<Result<RevokeGrantResponse>> RevokeGrant(Context& ctx, RevokeGrantRequest request) override;

  // --- rotation (api_rotation.cc) ---
  Task<Result<EnableKeyRotationResponse>> EnableKeyRotation(Context& ctx, EnableKeyRotationRequest request) override;
  Task<Result<DisableKeyRotationResponse>> DisableKeyRotation(Context& ctx, DisableKeyRotationRequest request) override;
  Task<Result<GetKeyRotationStatusResponse>> GetKeyRotationStatus(Context& ctx, GetKeyRotationStatusRequest request) override;
  Task<Result<RotateKeyOnDemandResponse>> RotateKeyOnDemand(Context& ctx, RotateKeyOnDemandRequest request) override;
  Task<Result<ListKeyRotationsResponse>> ListKeyRotations(Context& ctx, ListKeyRotationsRequest request) override;

  // --- encryption (api_encryption.cc, api_data_keys.cc) ---
  Task<Result<EncryptResponse>> Encrypt(Context& ctx, EncryptRequest request) override;
  Task<Result<DecryptResponse>> Decrypt(Context& ctx, DecryptRequest request) override;
  Task<Result<ReEncryptResponse>> ReEncrypt(Context& ctx, ReEncryptRequest request) override;
  Task<Result<GenerateDataKeyResponse>> GenerateDataKey(Context& ctx, GenerateDataKeyRequest request) override;
  Task<Result<GenerateDataKeyWithoutPlaintextResponse>> GenerateDataKeyWithoutPlaintext(Context& ctx, GenerateDataKeyWithoutPlaintextRequest request) override;
  Task<Result<GenerateDataKeyPairResponse>> GenerateDataKeyPair(Context& ctx, GenerateDataKeyPairRequest request) override;
  Task<Result<GenerateDataKeyPairWithoutPlaintextResponse>> GenerateDataKeyPairWithoutPlaintext(Context& ctx,
                                                                                               GenerateDataKeyPairWithoutPlaintextRequest request) override;
  Task<Result<GenerateRandomResponse>> GenerateRandom(Context& ctx, GenerateRandomRequest request) override;

  // --- signatures (api_signatures.cc) ---
  Task<Result<GetPublicKeyResponse>> GetPublicKey(Context& ctx, GetPublicKeyRequest request) override;
  Task<Result<SignResponse>> Sign(Context& ctx, SignRequest request) override;
  Task<Result<VerifyResponse>> Verify(Context& ctx, VerifyRequest request) override;
  Task<Result<GenerateMacResponse>> GenerateMac(Context& ctx, GenerateMacRequest request) override;
  Task<Result<VerifyMacResponse>> VerifyMac(Context& ctx, VerifyMacRequest request) override;
  Task<Result<DeriveSharedSecretResponse>> DeriveSharedSecret(Context& ctx, DeriveSharedSecretRequest request) override;

 private:
  // Changes a key that a customer owns. Errors: NotFoundException, AccessDeniedException (AWS's own); those of `edit`.
  using EditKeyRow = std::function<Result<>(KeyRow& key)>;
  Task<Result<>> EditKey(Context& ctx, const std::string& key_id, EditKeyRow edit);
  // Of a key that encrypts, signs …, usable for `operation`; the algorithm being one of its own.
  Task<Result<KeyPointer>> FindUsable(Context& ctx, std::string key_id, std::string_view usage, std::string_view operation);
  Task<Result<std::string>> EncryptFor(Context& ctx, const KeyRow& key, std::string_view algorithm, std::string_view value,
                                       const std::optional<wire::Map<std::string>>& context);
  struct Opened {
    KeyPointer key;
    std::string value;
    std::string algorithm;
    std::string material_id;
  };
  struct ToOpen {
    std::string blob;
    std::optional<std::string> key_id;
    std::optional<std::string> algorithm;
    keyring::EncryptionContext context;
  };
  Task<Result<Opened>> OpenFor(Context& ctx, ToOpen wanted, std::string_view operation);
  struct DataKey {
    KeyPointer key;
    std::string plain;
    std::string blob;
    std::string public_key;
  };
  Task<Result<DataKey>> MakeDataKey(Context& ctx, const GenerateDataKeyRequest& request, std::string_view operation);
  Task<Result<DataKey>> MakeDataKeyPair(Context& ctx, const GenerateDataKeyPairRequest& request, std::string_view operation);
  // Ends a grant that is there. Errors: NotFoundException; a fault of the store.
  Task<Result<>> EndGrant(Context& ctx, std::string grant_key);
  WallTime TimeOf(int64_t millis) const { return WallTime(std::chrono::milliseconds(millis)); }

  KeyTables* tables_;
  KeyVault* vault_;
  const keyring::Keyring* keyring_;
  BlockingPool* pool_;
};

KeyMetadata Describe(const KeyRow& key);
// Rows by pages. Error, when the page is read: InvalidMarkerException.
resources::PageRequest PageOf(std::string prefix, const std::optional<int32_t>& limit, size_t usual, const std::optional<std::string>& marker);
keyring::EncryptionContext ContextOf(const std::optional<wire::Map<std::string>>& map);
// Error: DryRunOperationException, when it was asked for: all that comes before has passed.
Result<> CheckDryRun(const std::optional<bool>& dry_run);
// Whether one of AWS's policies can be read, and still lets the caller change it. Error: MalformedPolicyDocumentException.
Result<> CheckKeyPolicy(const Context& ctx, const std::string& policy, const KeyName& key, const std::optional<bool>& bypass);

}  // namespace mayfly::kms
