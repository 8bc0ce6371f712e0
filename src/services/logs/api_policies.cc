// Resource policies.
#include "services/logs/logs_api.h"

namespace mayfly::logs {
namespace {

constexpr size_t kPoliciesPageMax = 50;

// What a policy is found by: its name, or the ARN of the group whose it is. Error: InvalidParameterException.
Result<std::string> NameOf(const std::optional<std::string>& name, const std::optional<std::string>& resource_arn) {
  if (name.has_value() == resource_arn.has_value()) return Fail(InvalidParameter("Exactly one of policyName and resourceArn must be specified."));
  return name ? *name : *resource_arn;
}

ResourcePolicy DescribePolicy(std::string name, const PolicyRow& row) {
  ResourcePolicy policy{.policy_document = row.document, .last_updated_time = row.updated_millis, .policy_scope = row.resource_arn.empty() ? "ACCOUNT" : "RESOURCE"};
  if (row.resource_arn.empty()) {
    policy.policy_name = std::move(name);
  } else {
    policy.resource_arn = row.resource_arn;
    policy.revision_id = row.revision;
  }
  return policy;
}

}  // namespace

Task<Result<PutResourcePolicyResponse>> LogsApi::PutResourcePolicy(Context& ctx, PutResourcePolicyRequest request) {
  MF_CO_TRY(const std::string name, NameOf(request.policy_name, request.resource_arn));
  if (!request.policy_document) co_return Fail(InvalidParameter("policyDocument must be specified."));
  PolicyRow row{.document = *request.policy_document, .resource_arn = request.resource_arn.value_or(""), .revision = random_->Uuid(),
                .updated_millis = ToEpochMillis(clock_->WallNow())};
  MF_CO_TRY_VOID(co_await policies_->Put(ctx, name, row, request.expected_revision_id));
  PutResourcePolicyResponse response{.resource_policy = DescribePolicy(name, row)};
  if (request.resource_arn) response.revision_id = row.revision;
  co_return response;
}

Task<Result<DescribeResourcePoliciesResponse>> LogsApi::DescribeResourcePolicies(Context& ctx, DescribeResourcePoliciesRequest request) {
  const size_t limit = request.limit ? static_cast<size_t>(*request.limit) : kPoliciesPageMax;
  const bool of_groups = request.policy_scope && *request.policy_scope == "RESOURCE";
  MF_CO_TRY(const auto page, policies_->List(ctx, {.prefix = GroupPolicies::Prefix(ctx), .marker = request.next_token, .limit = limit, .bad_marker = &BadToken},
                                             request.resource_arn, of_groups));
  DescribeResourcePoliciesResponse response{.resource_policies = std::vector<ResourcePolicy>(), .next_token = page.next_marker};
  for (const auto& row : page.rows) response.resource_policies->push_back(DescribePolicy(row.key.substr(GroupPolicies::Prefix(ctx).size()), *row.value));
  co_return response;
}

Task<Result<DeleteResourcePolicyResponse>> LogsApi::DeleteResourcePolicy(Context& ctx, DeleteResourcePolicyRequest request) {
  MF_CO_TRY(const std::string name, NameOf(request.policy_name, request.resource_arn));
  MF_CO_TRY_VOID(co_await policies_->Delete(ctx, name, request.expected_revision_id));
  co_return DeleteResourcePolicyResponse();
}

}  // namespace mayfly::logs
