#include "services/s3/authorizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json.h"
#include "identity/policy.h"
#include "services/s3/grants.h"
#include "services/s3/kept_settings.h"
#include "services/s3/s3_errors.h"

namespace mayfly::s3 {
namespace {

constexpr std::array<std::string_view, 3> kActionsWithVersions = {"s3:GetObject", "s3:DeleteObject", "s3:GetObjectTagging"};

// Operations that ask by themselves: what an object's own ACL allows is known when it has been read, and of several keys each is asked for.
constexpr std::array<std::string_view, 4> kAskLater = {"GetObject", "HeadObject", "GetObjectAttributes", "DeleteObjects"};

std::string_view RequestText(const wire::Message& request, std::string_view name) {
  if (!request.structure()) return {};
  for (const wire::Member& member : request.structure()->members) {
    if (member.name != name || member.shape->kind != wire::Kind::String) continue;
    const void* value = wire::Structure::Get(member, request.get());
    return value ? std::string_view(*static_cast<const std::string*>(value)) : std::string_view();
  }
  return {};
}

// "s3:GetObjectVersion" for "s3:GetObject" of a version.
std::string ActionOf(const wire::Operation& operation, const wire::Message& request) {
  std::string action(operation.action);
  const bool has_version = !RequestText(request, "VersionId").empty();
  if (!has_version || std::ranges::find(kActionsWithVersions, action) == kActionsWithVersions.end()) return action;
  return action == "s3:GetObjectTagging" ? "s3:GetObjectVersionTagging" : action + "Version";
}

PublicAccessBlockConfiguration BlockOf(const BucketRow& bucket) {
  return SettingOf<PublicAccessBlockConfiguration>(bucket.Setting("public-access-block")).value_or(PublicAccessBlockConfiguration{});
}

}  // namespace

bool IsPublicPolicy(const std::string& policy) {
  const auto document = json::Parse(policy);
  const json::Value* statements = document ? document->Find("Statement") : nullptr;
  if (!statements) return false;
  const auto is_public = [](const json::Value& statement) {
    if (statement.StringOr("Effect", "") != "Allow" || statement.Find("Condition")) return false;
    const json::Value* principal = statement.Find("Principal");
    if (principal && principal->is_string()) return principal->string() == "*";
    const json::Value* aws = principal ? principal->Find("AWS") : nullptr;
    if (aws && aws->is_string()) return aws->string() == "*";
    return aws && aws->is_array() && std::ranges::any_of(aws->array(), [](const json::Value& one) { return one.is_string() && one.string() == "*"; });
  };
  if (!statements->is_array()) return is_public(*statements);
  return std::ranges::any_of(statements->array(), is_public);
}

Result<> Authorizer::Authorize(const identity::RequestPrincipal& principal, std::string_view action, const std::string& name, std::string_view key,
                               std::string_view acl, identity::ConditionKeys keys) const {
  const BucketPointer bucket = buckets_->Find(name);
  if (!bucket) {
    if (principal.is_anonymous()) return Fail(AccessDenied());
    return AuthorizeOwn(principal, action, key.empty() ? BucketArn(name) : ObjectArn(name, key), {});
  }
  const PublicAccessBlockConfiguration block = bucket->Setting("public-access-block").empty() ? PublicAccessBlockConfiguration{} : BlockOf(*bucket);
  identity::PolicyPointer policy;
  const bool restricted = block.restrict_public_buckets.value_or(false) && IsPublicPolicy(bucket->policy) && principal.account_id != bucket->account_id;
  if (!bucket->policy.empty() && !restricted) {
    if (auto parsed = identity::Policy::Parse(bucket->policy, identity::Policy::Kind::Resource)) policy = std::move(*parsed);
  }
  if (!policy && control_.IsOwner(principal, bucket->account_id)) return {};
  const std::string arn = key.empty() ? BucketArn(name) : ObjectArn(name, key);
  const identity::AccessControl::Resource resource{.arn = arn, .owner_account_id = bucket->account_id, .region = bucket->region};
  auto allowed = control_.Authorize(principal, action, resource, {&policy, 1}, std::move(keys));
  if (allowed) return allowed;
  const bool has_acls = bucket->ownership != "BucketOwnerEnforced" && !block.ignore_public_acls.value_or(false);
  const bool is_denied = allowed.error().message.find("explicit deny") != std::string::npos;
  if (has_acls && !is_denied && AclAllows(key.empty() || acl.empty() ? std::string_view(bucket->acl) : acl, action, principal)) {
    const bool only_bucket = acl.empty() && !key.empty() && action != "s3:PutObject";  // a bucket's ACL says nothing of its objects
    if (!only_bucket) return {};
  }
  return principal.is_anonymous() ? Fail(AccessDenied()) : allowed;
}

// Who signs for another region than the bucket's is told which it is; everybody may ask where a bucket is.
Result<> Authorizer::CheckRegion(const Context& ctx, const wire::Operation& operation, const std::string& name) const {
  const BucketPointer bucket = buckets_->Find(name);
  if (!bucket || ctx.principal.access_key_id.empty() || ctx.principal.region == bucket->region || operation.name == "GetBucketLocation") return {};
  Error error = Error::Service("PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future "
                                                    "requests to this endpoint.");
  error = WithElement(std::move(error), "Endpoint", fmt::format("{}.s3.{}.amazonaws.com", name, bucket->region));
  error = WithElement(std::move(error), "Bucket", name);
  return Fail(WithHeader(std::move(error), "x-amz-bucket-region", bucket->region));
}

Result<> Authorizer::Authorize(const Context& ctx, const wire::Operation& operation, const wire::Message& request) const {
  const std::string name(RequestText(request, "Bucket"));
  const auto principal = identity::RequestPrincipal::Of(ctx.principal);
  if (operation.resource == "form") return {};  // its policy is in the form
  if (name.empty() || operation.name == "CreateBucket") {
    if (principal.is_anonymous()) return Fail(AccessDenied());
    return AuthorizeOwn(principal, operation.action, name.empty() ? "*" : BucketArn(name), ctx.principal.region);
  }
  const std::string_view expected_owner = RequestText(request, "ExpectedBucketOwner");
  if (const BucketPointer bucket = expected_owner.empty() ? nullptr : buckets_->Find(name); bucket && bucket->account_id != expected_owner) {
    return Fail(AccessDenied());
  }
  MF_TRY_VOID(CheckRegion(ctx, operation, name));
  if (std::ranges::find(kAskLater, operation.name) != kAskLater.end()) return {};
  return Authorize(principal, ActionOf(operation, request), name, RequestText(request, "Key"));
}

// What is nobody else's: the list of one's buckets, a bucket that is to be made, or one that is not there.
Result<> Authorizer::AuthorizeOwn(const identity::RequestPrincipal& principal, std::string_view action, const std::string& arn, std::string_view region) const {
  if (control_.IsOwner(principal, principal.account_id)) return {};
  return control_.Authorize(principal, action, {.arn = arn, .owner_account_id = principal.account_id, .region = region}, {});
}

wire::Authorizer Authorizer::AsFunction() const {
  return [this](Context& ctx, const wire::Operation& operation, const wire::Message& request) { return Answer(ctx, operation, request); };
}

}  // namespace mayfly::s3
