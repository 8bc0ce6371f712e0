// Managed policies of roles, users and groups.
#include <algorithm>

#include <fmt/format.h>

#include "services/iam/iam_handlers.h"

namespace mayfly::iam {
namespace {

std::string_view AttachmentQuota(EntityKind kind) {
  return kind == EntityKind::Role ? "PoliciesPerRole" : kind == EntityKind::User ? "PoliciesPerUser" : "PoliciesPerGroup";
}

Task<Result<>> Attach(Core& core, Context& ctx, EntityKind kind, std::string name, std::string arn) {
  const auto change = [&core, kind, account_id = ctx.principal.account_id, arn](EntityRow& row) -> Result<> {
    MF_TRY_VOID(core.CheckAttachable(account_id, arn));
    if (std::ranges::find(row.attached, arn) != row.attached.end()) return {};
    if (row.attached.size() >= kAttachedMax) return Fail(QuotaExceeded(AttachmentQuota(kind), kAttachedMax));
    row.attached.push_back(arn);
    std::ranges::sort(row.attached);
    return {};
  };
  return core.Edit(ctx, kind, std::move(name), change, Core::OfServices::Kept, Core::Using{IamTables::Use::Attached, arn});
}

Task<Result<>> Detach(Core& core, Context& ctx, EntityKind kind, std::string name, std::string arn) {
  const auto change = [arn = std::move(arn)](EntityRow& row) -> Result<> {
    if (std::erase(row.attached, arn) == 1) return {};
    return Fail(NoSuchEntity(fmt::format("Policy {} was not found.", arn)));
  };
  return core.Edit(ctx, kind, std::move(name), change);
}

template <typename Response, typename Request>
Result<Response> ListAttached(const Core& core, const Context& ctx, EntityKind kind, std::string_view name, const Request& request) {
  MF_TRY(const EntityPointer row, core.Get(ctx, kind, name));
  const std::string wanted = request.path_prefix.value_or("/");
  std::vector<std::string> arns = row->attached;
  // ":policy/path/name": the path begins with the slash.
  std::erase_if(arns, [&](const std::string& arn) { return !std::string_view(arn).substr(arn.find(":policy/") + 7).starts_with(wanted); });
  std::ranges::sort(arns);
  MF_TRY(Slice slice, SliceOf(arns, PageWish::Of(request)));
  Response response;
  auto& attached = response.attached_policies.emplace();
  for (size_t i = slice.begin; i < slice.end; ++i) attached.push_back({.policy_name = arns[i].substr(arns[i].rfind('/') + 1), .policy_arn = arns[i]});
  SetPage(response, std::move(slice.marker));
  return response;
}

}  // namespace

Task<Result<>> AttachmentsApi::AttachRolePolicy(Context& ctx, AttachRolePolicyRequest request) {
  return Attach(*core_, ctx, EntityKind::Role, std::move(request.role_name), std::move(request.policy_arn));
}
Task<Result<>> AttachmentsApi::AttachUserPolicy(Context& ctx, AttachUserPolicyRequest request) {
  return Attach(*core_, ctx, EntityKind::User, std::move(request.user_name), std::move(request.policy_arn));
}
Task<Result<>> AttachmentsApi::AttachGroupPolicy(Context& ctx, AttachGroupPolicyRequest request) {
  return Attach(*core_, ctx, EntityKind::Group, std::move(request.group_name), std::move(request.policy_arn));
}

Task<Result<>> AttachmentsApi::DetachRolePolicy(Context& ctx, DetachRolePolicyRequest request) {
  return Detach(*core_, ctx, EntityKind::Role, std::move(request.role_name), std::move(request.policy_arn));
}
Task<Result<>> AttachmentsApi::DetachUserPolicy(Context& ctx, DetachUserPolicyRequest request) {
  return Detach(*core_, ctx, EntityKind::User, std::move(request.user_name), std::move(request.policy_arn));
}
Task<Result<>> AttachmentsApi::DetachGroupPolicy(Context& ctx, DetachGroupPolicyRequest request) {
  return Detach(*core_, ctx, EntityKind::Group, std::move(request.group_name), std::move(request.policy_arn));
}

Task<Result<ListAttachedRolePoliciesResponse>> AttachmentsApi::ListAttachedRolePolicies(Context& ctx, ListAttachedRolePoliciesRequest request) {
  co_return ListAttached<ListAttachedRolePoliciesResponse>(*core_, ctx, EntityKind::Role, request.role_name, request);
}
Task<Result<ListAttachedUserPoliciesResponse>> AttachmentsApi::ListAttachedUserPolicies(Context& ctx, ListAttachedUserPoliciesRequest request) {
  co_return ListAttached<ListAttachedUserPoliciesResponse>(*core_, ctx, EntityKind::User, request.user_name, request);
}
Task<Result<ListAttachedGroupPoliciesResponse>> AttachmentsApi::ListAttachedGroupPolicies(Context& ctx, ListAttachedGroupPoliciesRequest request) {
  co_return ListAttached<ListAttachedGroupPoliciesResponse>(*core_, ctx, EntityKind::Group, request.group_name, request);
}

}  // namespace mayfly::iam
