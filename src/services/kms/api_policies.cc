// GetKeyPolicy, PutKeyPolicy, ListKeyPolicies; TagResource, UntagResource, ListResourceTags.
#include "resources/tags.h"
#include "services/kms/kms_api.h"

namespace mayfly::kms {
namespace {

constexpr std::string_view kPolicyName = "default";

const resources::TagRules kTagRules{.count_max = 50,
                                    .reserved = [] { return Error::Service("TagException", "Tag keys must not begin with aws:."); },
                                    .too_many = [](std::string_view) { return Error::Service("LimitExceededException", "A key has at most 50 tags."); }};

Result<> CheckPolicyName(const std::optional<std::string>& name) {
  if (name.value_or(std::string(kPolicyName)) == kPolicyName) return {};
  return Fail(NotFound("No such policy exists"));
}

}  // namespace

Task<Result<GetKeyPolicyResponse>> KmsApi::GetKeyPolicy(Context& ctx, GetKeyPolicyRequest request) {
  MF_CO_TRY(const KeyPointer key, vault_->FindNow(ctx, request.key_id, KeyForms::Keys));
  MF_CO_TRY_VOID(CheckPolicyName(request.policy_name));
  co_return GetKeyPolicyResponse{.policy = key->PolicyText(), .policy_name = std::string(kPolicyName)};
}

Task<Result<PutKeyPolicyResponse>> KmsApi::PutKeyPolicy(Context& ctx, PutKeyPolicyRequest request) {
  MF_CO_TRY_VOID(CheckPolicyName(request.policy_name));
  MF_CO_TRY_VOID(co_await EditKey(ctx, request.key_id, [&](KeyRow& key) -> Result<> {
    MF_TRY_VOID(CheckKeyPolicy(ctx, request.policy, key.name, request.bypass_policy_lockout_safety_check));
    key.policy = request.policy;
    return {};
  }));
  co_return PutKeyPolicyResponse();
}

Task<Result<ListKeyPoliciesResponse>> KmsApi::ListKeyPolicies(Context& ctx, ListKeyPoliciesRequest request) {
  MF_CO_TRY_VOID(vault_->FindNow(ctx, request.key_id, KeyForms::Keys));
  co_return ListKeyPoliciesResponse{.policy_names = std::vector<std::string>{std::string(kPolicyName)}, .next_marker = {}, .truncated = false};
}

Task<Result<TagResourceResponse>> KmsApi::TagResource(Context& ctx, TagResourceRequest request) {
  MF_CO_TRY_VOID(co_await EditKey(ctx, request.key_id, [&](KeyRow& key) -> Result<> {
    MF_TRY_VOID(KeyVault::CheckNotPending(key));
    resources::StringPairs added;
    for (const Tag& tag : request.tags) added.emplace_back(tag.tag_key, tag.tag_value);
    return resources::AddTags(key.tags, added, kTagRules);
  }));
  co_return TagResourceResponse();
}

Task<Result<UntagResourceResponse>> KmsApi::UntagResource(Context& ctx, UntagResourceRequest request) {
  MF_CO_TRY_VOID(co_await EditKey(ctx, request.key_id, [&](KeyRow& key) -> Result<> {
    MF_TRY_VOID(KeyVault::CheckNotPending(key));
    resources::RemoveTags(key.tags, request.tag_keys);
    return {};
  }));
  co_return UntagResourceResponse();
}

// Fifty at most: one page.
Task<Result<ListResourceTagsResponse>> KmsApi::ListResourceTags(Context& ctx, ListResourceTagsRequest request) {
  MF_CO_TRY(const KeyPointer key, vault_->FindNow(ctx, request.key_id, KeyForms::Keys));
  ListResourceTagsResponse response{.tags = std::vector<Tag>(), .next_marker = {}, .truncated = false};
  for (const auto& [name, value] : key->tags) response.tags->push_back({.tag_key = name, .tag_value = value});
  co_return response;
}

}  // namespace mayfly::kms
