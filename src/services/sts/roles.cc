// AssumeRole.
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "identity/policy.h"
#include "services/sts/names.h"
#include "services/sts/sts_api.h"

namespace mayfly::sts {
namespace {

constexpr std::chrono::seconds kUsualOfRoles = std::chrono::hours(1);
constexpr std::chrono::seconds kChainedMax = std::chrono::hours(1);  // of a role that a role's session assumes

Result<> CheckTags(const AssumeRoleRequest& request) {
  std::set<std::string> keys;
  for (const Tag& tag : request.tags.value_or(std::vector<Tag>())) {
    if (!keys.insert(LowerCase(tag.key)).second) return Fail(Invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive."));
  }
  for (const std::string& key : request.transitive_tag_keys.value_or(std::vector<std::string>())) {
    if (!keys.contains(LowerCase(key))) return Fail(Invalid("The specified transitive tag key must be included in the requested tags."));
  }
  return {};
}

}  // namespace

Result<> StsApi::CheckSessionPolicies(const AssumeRoleRequest& request) const {
  if (request.policy) {
    auto policy = identity::Policy::Parse(*request.policy, identity::Policy::Kind::Identity);
    if (!policy) return Fail(Error::Service("MalformedPolicyDocumentException", std::move(policy).error().message));
  }
  const bool has_policies = request.policy || (request.policy_arns && !request.policy_arns->empty());
  if (!has_policies || parts_.mode == identity::AuthMode::Open) return {};
  return Fail(Error::Service("NotImplementedException", "AssumeRole with a session policy is not implemented by Mayfly yet in strict mode: "
                                                        "it comes with IAM's policies."));
}

Task<Result<AssumeRoleResponse>> StsApi::AssumeRole(Context& ctx, AssumeRoleRequest request) {
  MF_CO_TRY(const Role role, ParseRoleArn(request.role_arn));
  MF_CO_TRY_VOID(CheckTags(request));
  MF_CO_TRY_VOID(CheckSessionPolicies(request));
  const std::chrono::seconds valid = request.duration_seconds ? std::chrono::seconds(*request.duration_seconds) : kUsualOfRoles;
  if (valid > kChainedMax && IsSession(ctx.principal.arn)) {
    co_return Fail(Invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"));
  }
  // Whom a role of another account trusts, its policy would say.
  if (parts_.mode == identity::AuthMode::Strict && role.account_id != ctx.principal.account_id) {
    co_return Fail(AccessDenied(fmt::format("User: {} is not authorized to perform: sts:AssumeRole on resource: {}", ctx.principal.arn, request.role_arn)));
  }
  const std::string arn = role.SessionArn(request.role_session_name);
  AssumeRoleResponse response{.credentials = Issue(role.account_id, arn, valid)};
  response.assumed_role_user = AssumedRoleUser{.assumed_role_id = fmt::format("{}:{}", role.Id(), request.role_session_name), .arn = arn};
  response.source_identity = std::move(request.source_identity);
  response.session_token_utilization = UtilizationOf(response.credentials->session_token);
  response.session_token_size = static_cast<int32_t>(response.credentials->session_token.size());
  co_return response;
}

}  // namespace mayfly::sts
