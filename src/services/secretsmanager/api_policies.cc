// GetResourcePolicy, PutResourcePolicy, DeleteResourcePolicy, ValidateResourcePolicy; TagResource, UntagResource.
#include "identity/policy.h"
#include "resources/tags.h"
#include "services/secretsmanager/secrets_api.h"

namespace mayfly::secretsmanager {
namespace {

const resources::TagRules kTagRules{.count_max = 50,
                                    .reserved = [] { return BadParameter("Tag keys must not begin with aws:."); },
                                    .bad_key = [] { return BadParameter("A tag key has 1 to 128 characters."); },
                                    .too_many = [](std::string_view) { return BadParameter("A secret has at most 50 tags."); }};

Result<identity::PolicyPointer> ReadPolicy(const std::string& text) {
  auto policy = identity::Policy::Parse(text, identity::Policy::Kind::Resource);
  if (policy) return std::move(*policy);
  return Fail(Error::Service("MalformedPolicyDocumentException", "This resource policy contains a syntax error."));
}

// Whether anybody of any account may look at the secret, whatever else is known of the request.
bool IsPublic(const identity::Policy& policy, const SecretRow* secret) {
  const identity::RequestPrincipal stranger{.account_id = "000000000001", .arn = "arn:aws:iam::000000000001:user/anybody"};
  const std::string arn = secret ? secret->Arn() : "arn:aws:secretsmanager:us-east-1:000000000002:secret:any-AAAAAA";
  const identity::ConditionKeys none;
  for (const std::string_view action : {"secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:DescribeSecret"}) {
    if (policy.Evaluate({.principal = stranger, .action = action, .resource = arn, .keys = none}).type == identity::DecisionType::Allow) return true;
  }
  return false;
}

Result<> CheckPolicyName(const std::optional<std::string>& name) {
  if (!name) return {};
  return Fail(Error::Service("NotImplementedException", "Policies by name are not implemented by Mayfly yet."));
}

}  // namespace

Result<resources::StringPairs> PairsOf(const std::vector<Tag>& tags) {
  resources::StringPairs pairs;
  for (const Tag& tag : tags) pairs.emplace_back(tag.key.value_or(""), tag.value.value_or(""));
  MF_TRY_VOID(resources::CheckTags(pairs, kTagRules));
  return pairs;
}

std::vector<Tag> TagsOf(const resources::StringPairs& pairs) {
  std::vector<Tag> tags;
  for (const auto& [key, value] : pairs) tags.push_back({.key = key, .value = value});
  return tags;
}

Task<Result<GetResourcePolicyResponse>> SecretsApi::GetResourcePolicy(Context& ctx, GetResourcePolicyRequest request) {
  MF_CO_TRY_VOID(CheckPolicyName(request.policy_name));
  MF_CO_TRY(const SecretPointer secret, secrets_->Find(ctx, request.secret_id));
  co_return GetResourcePolicyResponse{.arn = secret->Arn(), .name = secret->name.name, .resource_policy = UnlessEmpty(secret->policy), .policy_name = {}};
}

Task<Result<PutResourcePolicyResponse>> SecretsApi::PutResourcePolicy(Context& ctx, PutResourcePolicyRequest request) {
  MF_CO_TRY_VOID(CheckPolicyName(request.policy_name));
  MF_CO_TRY(const identity::PolicyPointer policy, ReadPolicy(request.resource_policy));
  MF_CO_TRY(const SecretPointer secret, co_await EditAlive(ctx, request.secret_id, [&](resources::Change&, SecretRow& row) -> Result<> {
    if (request.block_public_policy.value_or(false) && IsPublic(*policy, &row)) {
      return Fail(Error::Service("PublicPolicyException", "The resource policy grants public access to the secret, and BlockPublicPolicy is set."));
    }
    row.policy = request.resource_policy;
    return {};
  }));
  co_return PutResourcePolicyResponse{.arn = secret->Arn(), .name = secret->name.name, .policy_name = {}};
}

Task<Result<DeleteResourcePolicyResponse>> SecretsApi::DeleteResourcePolicy(Context& ctx, DeleteResourcePolicyRequest request) {
  MF_CO_TRY_VOID(CheckPolicyName(request.policy_name));
  MF_CO_TRY(const SecretPointer secret, co_await EditAlive(ctx, request.secret_id, [](resources::Change&, SecretRow& row) -> Result<> {
    row.policy.clear();
    return {};
  }));
  co_return DeleteResourcePolicyResponse{.arn = secret->Arn(), .name = secret->name.name, .policy_name = {}};
}

Task<Result<ValidateResourcePolicyResponse>> SecretsApi::ValidateResourcePolicy(Context& ctx, ValidateResourcePolicyRequest request) {
  SecretPointer secret;
  if (request.secret_id) {
    MF_CO_TRY(secret, secrets_->Find(ctx, *request.secret_id));
  }
  MF_CO_TRY(const identity::PolicyPointer policy, ReadPolicy(request.resource_policy));
  ValidateResourcePolicyResponse response{.policy_validation_passed = true, .validation_errors = std::vector<ValidationErrorsEntry>()};
  if (IsPublic(*policy, secret.get())) {
    response.policy_validation_passed = false;
    response.validation_errors->push_back({.check_name = "BLOCK_PUBLIC_ACCESS", .error_message = "The resource policy grants public access to the secret."});
  }
  co_return response;
}

Task<Result<TagResourceResponse>> SecretsApi::TagResource(Context& ctx, TagResourceRequest request) {
  MF_CO_TRY_VOID(co_await EditAlive(ctx, request.secret_id, [&](resources::Change&, SecretRow& row) -> Result<> {
    MF_TRY(const resources::StringPairs added, PairsOf(request.tags));
    return resources::AddTags(row.tags, added, kTagRules);
  }));
  co_return TagResourceResponse();
}

Task<Result<UntagResourceResponse>> SecretsApi::UntagResource(Context& ctx, UntagResourceRequest request) {
  MF_CO_TRY_VOID(co_await EditAlive(ctx, request.secret_id, [&](resources::Change&, SecretRow& row) -> Result<> {
    resources::RemoveTags(row.tags, request.tag_keys);
    return {};
  }));
  co_return UntagResourceResponse();
}

}  // namespace mayfly::secretsmanager
