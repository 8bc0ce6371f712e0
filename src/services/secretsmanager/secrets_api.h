// AWS Secrets Manager's API: the operations of model/secretsmanager.model. One method per operation, named as it is.
//
// One per daemon, on its strand. Requests have been authenticated, decoded, validated by the model and authorized (secret_authorizer.h).
#pragma once

#include "model/secretsmanager.h"
#include "services/secretsmanager/secret_authorizer.h"
#include "services/secretsmanager/secret_keeper.h"

namespace mayfly::secretsmanager {

class SecretsApi final : public SecretsHandler, public ValuesHandler, public RotationHandler, public PoliciesHandler {
 public:
  struct Parts {
    Secrets* secrets;
    SecretKeeper* keeper;
    const RotationFunction* function;
    const SecretAuthorizer* authorizer;
    Random* random;
  };
  // All outlive it.
  explicit SecretsApi(Parts parts) : parts_(parts), secrets_(parts.secrets) {}
  Handlers handlers() { return {{}, *this, *this, *this, *this}; }

  // --- secrets (api_secrets.cc, api_lists.cc) ---
  Task<Result<CreateSecretResponse>> CreateSecret(Context& ctx, CreateSecretRequest request) override;
  Task<Result<DescribeSecretResponse>> DescribeSecret(Context& ctx, DescribeSecretRequest request) override;
  Task<Result<ListSecretsResponse>> ListSecrets(Context& ctx, ListSecretsRequest request) override;
  Task<Result<UpdateSecretResponse>> UpdateSecret(Context& ctx, UpdateSecretRequest request) override;
  Task<Result<DeleteSecretResponse>> DeleteSecret(Context& ctx, DeleteSecretRequest request) override;
  Task<Result<RestoreSecretResponse>> RestoreSecret(Context& ctx, RestoreSecretRequest request) override;

  // --- values (api_values.cc, api_lists.cc) ---
  Task<Result<GetSecretValueResponse>> GetSecretValue(Context& ctx, GetSecretValueRequest request) override;
  Task<Result<BatchGetSecretValueResponse>> BatchGetSecretValue(Context& ctx, BatchGetSecretValueRequest request) override;
  Task<Result<PutSecretValueResponse>> PutSecretValue(Context& ctx, PutSecretValueRequest request) override;
  Task<Result<ListSecretVersionIdsResponse>> ListSecretVersionIds(Context& ctx, ListSecretVersionIdsRequest request) override;
  Task<Result<UpdateSecretVersionStageResponse>> UpdateSecretVersionStage(Context& ctx, UpdateSecretVersionStageRequest request) override;
  Task<Result<GetRandomPasswordResponse>> GetRandomPassword(Context& ctx, GetRandomPasswordRequest request) override;

  // --- rotation (api_rotation.cc) ---
  Task<Result<RotateSecretResponse>> RotateSecret(Context& ctx, RotateSecretRequest request) override;
  Task<Result<CancelRotateSecretResponse>> CancelRotateSecret(Context& ctx, CancelRotateSecretRequest request) override;

  // --- policies and tags (api_policies.cc) ---
  Task<Result<GetResourcePolicyResponse>> GetResourcePolicy(Context& ctx, GetResourcePolicyRequest request) override;
  Task<Result<PutResourcePolicyResponse>> PutResourcePolicy(Context& ctx, PutResourcePolicyRequest request) override;
  Task<Result<DeleteResourcePolicyResponse>> DeleteResourcePolicy(Context& ctx, DeleteResourcePolicyRequest request) override;
  Task<Result<ValidateResourcePolicyResponse>> ValidateResourcePolicy(Context& ctx, ValidateResourcePolicyRequest request) override;
  Task<Result<TagResourceResponse>> TagResource(Context& ctx, TagResourceRequest request) override;
  Task<Result<UntagResourceResponse>> UntagResource(Context& ctx, UntagResourceRequest request) override;

 private:
  // The value of a version, as GetSecretValue answers it, and that it was looked at. Errors: ResourceNotFoundException …
  Task<Result<GetSecretValueResponse>> ReadValue(Context& ctx, SecretPointer secret, std::optional<std::string> version_id, std::optional<std::string> stage);
  Task<Result<>> NoteAccess(Context& ctx, const SecretRow& secret, const std::string& version_id);
  // Those that filters pick, in the order of their making or as asked for.
  std::vector<SecretPointer> Select(const Context& ctx, const std::vector<Filter>& filters, bool with_deleted) const;
  // Changes a secret that is not to go.
  Task<Result<SecretPointer>> EditAlive(Context& ctx, const std::string& id, Secrets::Stage stage);

  Parts parts_;
  Secrets* secrets_;
};

// The value of a request; nullopt: it has none. Errors: InvalidParameterException, it has two.
Result<std::optional<SecretValue>> ValueOf(std::optional<std::string>& text, std::optional<std::string>& binary);
std::optional<std::string> UnlessEmpty(const std::string& text);
std::optional<WallTime> DateOf(int64_t millis);
// Of the tags that a new secret gets. Error: InvalidParameterException.
Result<resources::StringPairs> PairsOf(const std::vector<Tag>& tags);
std::vector<Tag> TagsOf(const resources::StringPairs& pairs);
RotationRulesType RulesOf(const RotationPlan& plan);
wire::Map<std::vector<std::string>> StagesOf(const SecretRow& secret);

}  // namespace mayfly::secretsmanager
