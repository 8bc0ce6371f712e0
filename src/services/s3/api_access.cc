#include <algorithm>
#include <array>

#include "base/json.h"
#include "identity/policy.h"
#include "services/s3/authorizer.h"
#include "services/s3/kept_settings.h"
#include "services/s3/object_fields.h"
#include "services/s3/s3_errors.h"
#include "services/s3/settings_api.h"

namespace mayfly::s3 {
namespace {

constexpr std::array<std::string_view, 3> kOwnerships = {"BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"};

Error NoPolicy(std::string_view bucket) { return WithElement(Error::Service("NoSuchBucketPolicy", "The bucket policy does not exist"), "BucketName", bucket); }
Error NoBlock() { return Error::Service("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found"); }
Error NoOwnership() { return Error::Service("OwnershipControlsNotFoundError", "The bucket ownership controls were not found"); }
Error MalformedPolicy(std::string message) { return Error::Service("MalformedPolicy", std::move(message)); }

bool IsWithin(std::string_view resource, const std::string& bucket_arn) {
  if (resource == "*" || resource == bucket_arn) return true;
  return resource.starts_with(bucket_arn) && (resource[bucket_arn.size()] == '/' || resource[bucket_arn.size()] == '*');
}

bool ResourcesAreWithin(const json::Value& statement, const std::string& bucket_arn) {
  const json::Value* resource = statement.Find("Resource");
  if (!resource) return statement.Find("NotResource") != nullptr;
  if (resource->is_string()) return IsWithin(resource->string(), bucket_arn);
  return resource->is_array() && std::ranges::all_of(resource->array(), [&](const json::Value& one) { return one.is_string() && IsWithin(one.string(), bucket_arn); });
}

Result<> CheckPolicy(const std::string& policy, const BucketRow& bucket) {
  if (policy.size() > kPolicyBytesMax) return Fail(MalformedPolicy("Policy is too large"));
  const auto document = json::Parse(policy);
  if (!document || !document->is_object()) return Fail(MalformedPolicy("Policies must be valid JSON and the first byte must be '{'"));
  if (auto parsed = identity::Policy::Parse(policy, identity::Policy::Kind::Resource); !parsed) return Fail(MalformedPolicy(parsed.error().message));
  const json::Value* statements = document->Find("Statement");
  const std::string arn = BucketArn(bucket.name);
  const bool within = statements && (statements->is_array() ? std::ranges::all_of(statements->array(), [&](const json::Value& one) { return ResourcesAreWithin(one, arn); })
                                                           : ResourcesAreWithin(*statements, arn));
  return within ? Result<>() : Fail(MalformedPolicy("Policy has invalid resource"));
}

PublicAccessBlockConfiguration BlockIn(const BucketRow& bucket) {
  return SettingOf<PublicAccessBlockConfiguration>(bucket.Setting("public-access-block")).value_or(PublicAccessBlockConfiguration{});
}

template <typename Request>
Result<std::string> AclWish(const Request& request, const BucketRow& bucket, std::string_view owner_account_id) {
  const GrantHeaders headers = GrantHeadersOf(request);
  const bool has_document = !request.acl && headers.empty() && request.access_control_policy;
  if (!request.acl && headers.empty() && !has_document) return Fail(Error::Service("MissingSecurityHeader", "Your request was missing a required header"));
  std::string acl;
  if (has_document) {
    MF_TRY(acl, AclOfGrants(request.access_control_policy->grants.value_or(std::vector<Grant>()), owner_account_id, bucket.ownership));
  } else {
    MF_TRY(acl, AclOf(request.acl, headers, bucket.ownership));
  }
  if (IsPublicAcl(acl) && BlockIn(bucket).block_public_acls.value_or(false)) return Fail(AccessDenied());
  return acl;
}

}  // namespace

Task<Result<GetBucketPolicyResponse>> SettingsApi::GetBucketPolicy(Context&, GetBucketPolicyRequest request) {
  MF_CO_TRY(const BucketPointer bucket, buckets_->Get(request.bucket));
  if (bucket->policy.empty()) co_return Fail(NoPolicy(bucket->name));
  co_return GetBucketPolicyResponse{.policy = bucket->policy};
}

Task<Result<>> SettingsApi::PutBucketPolicy(Context& ctx, PutBucketPolicyRequest request) {
  MF_CO_TRY(const BucketPointer bucket, buckets_->Get(request.bucket));
  MF_CO_TRY_VOID(CheckPolicy(request.policy, *bucket));
  if (IsPublicPolicy(request.policy) && BlockIn(*bucket).block_public_policy.value_or(false)) co_return Fail(AccessDenied());
  co_return co_await buckets_->Edit(ctx, request.bucket, [&](BucketRow& row) -> Result<> {
    row.policy = request.policy;
    return {};
  });
}

Task<Result<>> SettingsApi::DeleteBucketPolicy(Context& ctx, DeleteBucketPolicyRequest request) {
  co_return co_await buckets_->Edit(ctx, request.bucket, [](BucketRow& row) -> Result<> {
    row.policy.clear();
    return {};
  });
}

Task<Result<GetBucketPolicyStatusResponse>> SettingsApi::GetBucketPolicyStatus(Context&, GetBucketPolicyStatusRequest request) {
  MF_CO_TRY(const BucketPointer bucket, buckets_->Get(request.bucket));
  if (bucket->policy.empty()) co_return Fail(NoPolicy(bucket->name));
  co_return GetBucketPolicyStatusResponse{.policy_status = PolicyStatus{.is_public = IsPublicPolicy(bucket->policy)}};
}

Task<Result<GetBucketAclResponse>> SettingsApi::GetBucketAcl(Context&, GetBucketAclRequest request) {
  MF_CO_TRY(const BucketPointer bucket, buckets_->Get(request.bucket));
  co_return GetBucketAclResponse{.owner = Owner{.display_name = {}, .id = CanonicalUserOf(bucket->account_id)}, .grants = GrantsOf(bucket->acl, bucket->account_id)};
}

Task<Result<>> SettingsApi::PutBucketAcl(Context& ctx, PutBucketAclRequest request) {
  co_return co_await buckets_->Edit(ctx, request.bucket, [&](BucketRow& row) -> Result<> {
    MF_TRY(row.acl, AclWish(request, row, row.account_id));
    return {};
  });
}

Task<Result<GetObjectAclResponse>> SettingsApi::GetObjectAcl(Context& ctx, GetObjectAclRequest request) {
  MF_CO_TRY(const BucketPointer bucket, buckets_->Get(request.bucket));
  MF_CO_TRY(const ObjectRow row, co_await FindObject(ctx, request.bucket, request.key, request.version_id));
  const std::string& owner = bucket->ownership == "ObjectWriter" ? row.account_id : bucket->account_id;
  co_return GetObjectAclResponse{.owner = Owner{.display_name = {}, .id = CanonicalUserOf(owner)}, .grants = GrantsOf(row.acl, owner), .request_charged = {}};
}

Task<Result<PutObjectAclResponse>> SettingsApi::PutObjectAcl(Context& ctx, PutObjectAclRequest request) {
  MF_CO_TRY(const BucketPointer bucket, buckets_->Get(request.bucket));
  MF_CO_TRY(const std::string acl, AclWish(request, *bucket, bucket->account_id));
  MF_CO_TRY(const ObjectRow before, co_await FindObject(ctx, request.bucket, request.key, request.version_id));
  if (before.acl == acl) co_return PutObjectAclResponse{};
  const auto edit = [&](ObjectRow& row) -> Result<> {
    row.acl = acl;
    return {};
  };
  MF_CO_TRY_VOID(co_await EditObject(ctx, request.bucket, request.key, request.version_id, edit, "ObjectAcl:Put"));
  co_return PutObjectAclResponse{};
}

Task<Result<GetPublicAccessBlockResponse>> SettingsApi::GetPublicAccessBlock(Context&, GetPublicAccessBlockRequest request) {
  GetPublicAccessBlockResponse response;
  MF_CO_TRY(response.public_access_block_configuration, SettingFor<PublicAccessBlockConfiguration>(request.bucket, "public-access-block", &NoBlock));
  co_return response;
}

Task<Result<>> SettingsApi::PutPublicAccessBlock(Context& ctx, PutPublicAccessBlockRequest request) {
  PublicAccessBlockConfiguration& block = request.public_access_block_configuration;
  for (auto* member : {&block.block_public_acls, &block.ignore_public_acls, &block.block_public_policy, &block.restrict_public_buckets}) {
    if (!*member) *member = false;
  }
  co_return co_await Set(ctx, request.bucket, "public-access-block", SettingText(block));
}

Task<Result<>> SettingsApi::DeletePublicAccessBlock(Context& ctx, DeletePublicAccessBlockRequest request) {
  co_return co_await Set(ctx, request.bucket, "public-access-block", {});
}

Task<Result<GetBucketOwnershipControlsResponse>> SettingsApi::GetBucketOwnershipControls(Context&, GetBucketOwnershipControlsRequest request) {
  MF_CO_TRY(const BucketPointer bucket, buckets_->Get(request.bucket));
  if (bucket->ownership.empty()) co_return Fail(WithElement(NoOwnership(), "BucketName", bucket->name));
  co_return GetBucketOwnershipControlsResponse{.ownership_controls = OwnershipControls{.rules = {{.object_ownership = bucket->ownership}}}};
}

Task<Result<>> SettingsApi::PutBucketOwnershipControls(Context& ctx, PutBucketOwnershipControlsRequest request) {
  const auto& rules = request.ownership_controls.rules;
  if (rules.size() != 1 || std::ranges::find(kOwnerships, rules.front().object_ownership) == kOwnerships.end()) co_return Fail(MalformedXml());
  co_return co_await buckets_->Edit(ctx, request.bucket, [&](BucketRow& row) -> Result<> {
    row.ownership = rules.front().object_ownership;
    if (row.ownership == "BucketOwnerEnforced" && !row.acl.empty()) {
      return Fail(Error::Service("InvalidBucketAclWithObjectOwnership", "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"));
    }
    return {};
  });
}

Task<Result<>> SettingsApi::DeleteBucketOwnershipControls(Context& ctx, DeleteBucketOwnershipControlsRequest request) {
  co_return co_await buckets_->Edit(ctx, request.bucket, [](BucketRow& row) -> Result<> {
    row.ownership.clear();
    return {};
  });
}

}  // namespace mayfly::s3
