// Policies that are written into roles, users and groups.
#include <algorithm>

#include <fmt/format.h>

#include "services/iam/documents.h"
#include "services/iam/iam_handlers.h"

namespace mayfly::iam {
namespace {

// Of all of an entity's inline policies together.
size_t InlineMax(EntityKind kind) { return kind == EntityKind::Role ? 10'240 : kind == EntityKind::User ? 2'048 : 5'120; }

auto FindInline(auto& row, std::string_view name) {
  return std::ranges::find_if(row.inline_policies, [&](const auto& policy) { return policy.first == name; });
}

Error NoSuchInline(EntityKind kind, std::string_view policy) {
  return NoSuchEntity(fmt::format("The {} policy with name {} cannot be found.", WordOf(kind), policy));
}

Core::Change Put(EntityKind kind, std::string name, std::string document) {
  return [kind, name = std::move(name), document = std::move(document)](EntityRow& row) -> Result<> {
    MF_TRY_VOID(ParsePermissions(document));
    const auto found = FindInline(row, name);
    if (found == row.inline_policies.end()) {
      row.inline_policies.emplace_back(name, document);
      std::ranges::sort(row.inline_policies);
    } else {
      found->second = document;
    }
    size_t characters = 0;
    for (const auto& policy : row.inline_policies) characters += SizeOf(policy.second);
    if (characters <= InlineMax(kind)) return {};
    return Fail(LimitExceeded(fmt::format("Maximum policy size of {} bytes exceeded for {} {}", InlineMax(kind), WordOf(kind), row.name)));
  };
}

Core::Change Take(EntityKind kind, std::string name) {
  return [kind, name = std::move(name)](EntityRow& row) -> Result<> {
    const auto found = FindInline(row, name);
    if (found == row.inline_policies.end()) return Fail(NoSuchInline(kind, name));
    row.inline_policies.erase(found);
    return {};
  };
}

struct Asked {
  EntityKind kind;
  std::string_view entity;
  std::string_view policy;
};
template <typename Response>
Result<Response> GetInline(const Core& core, const Context& ctx, std::string Response::* owner, const Asked& asked) {
  MF_TRY(const EntityPointer row, core.Get(ctx, asked.kind, asked.entity));
  const auto found = FindInline(*row, asked.policy);
  if (found == row->inline_policies.end()) return Fail(NoSuchInline(asked.kind, asked.policy));
  Response response;
  response.*owner = row->name;
  response.policy_name = found->first;
  response.policy_document = Encoded(found->second);
  return response;
}

template <typename Response>
Result<Response> ListInline(const Core& core, const Context& ctx, EntityKind kind, std::string_view entity, const PageWish& wish) {
  MF_TRY(const EntityPointer row, core.Get(ctx, kind, entity));
  std::vector<std::string> names;
  for (const auto& policy : row->inline_policies) names.push_back(policy.first);
  MF_TRY(Slice slice, SliceOf(names, wish));
  Response response;
  response.policy_names.assign(names.begin() + static_cast<long>(slice.begin), names.begin() + static_cast<long>(slice.end));
  SetPage(response, std::move(slice.marker));
  return response;
}

}  // namespace

Task<Result<>> InlinePoliciesApi::PutRolePolicy(Context& ctx, PutRolePolicyRequest request) {
  return core_->Edit(ctx, EntityKind::Role, std::move(request.role_name), Put(EntityKind::Role, std::move(request.policy_name), std::move(request.policy_document)));
}
Task<Result<>> InlinePoliciesApi::PutUserPolicy(Context& ctx, PutUserPolicyRequest request) {
  return core_->Edit(ctx, EntityKind::User, std::move(request.user_name), Put(EntityKind::User, std::move(request.policy_name), std::move(request.policy_document)));
}
Task<Result<>> InlinePoliciesApi::PutGroupPolicy(Context& ctx, PutGroupPolicyRequest request) {
  return core_->Edit(ctx, EntityKind::Group, std::move(request.group_name), Put(EntityKind::Group, std::move(request.policy_name), std::move(request.policy_document)));
}

Task<Result<>> InlinePoliciesApi::DeleteRolePolicy(Context& ctx, DeleteRolePolicyRequest request) {
  return core_->Edit(ctx, EntityKind::Role, std::move(request.role_name), Take(EntityKind::Role, std::move(request.policy_name)));
}
Task<Result<>> InlinePoliciesApi::DeleteUserPolicy(Context& ctx, DeleteUserPolicyRequest request) {
  return core_->Edit(ctx, EntityKind::User, std::move(request.user_name), Take(EntityKind::User, std::move(request.policy_name)));
}
Task<Result<>> InlinePoliciesApi::DeleteGroupPolicy(Context& ctx, DeleteGroupPolicyRequest request) {
  return core_->Edit(ctx, EntityKind::Group, std::move(request.group_name), Take(EntityKind::Group, std::move(request.policy_name)));
}

Task<Result<GetRolePolicyResponse>> InlinePoliciesApi::GetRolePolicy(Context& ctx, GetRolePolicyRequest request) {
  co_return GetInline(*core_, ctx, &GetRolePolicyResponse::role_name, {EntityKind::Role, request.role_name, request.policy_name});
}
Task<Result<GetUserPolicyResponse>> InlinePoliciesApi::GetUserPolicy(Context& ctx, GetUserPolicyRequest request) {
  co_return GetInline(*core_, ctx, &GetUserPolicyResponse::user_name, {EntityKind::User, request.user_name, request.policy_name});
}
Task<Result<GetGroupPolicyResponse>> InlinePoliciesApi::GetGroupPolicy(Context& ctx, GetGroupPolicyRequest request) {
  co_return GetInline(*core_, ctx, &GetGroupPolicyResponse::group_name, {EntityKind::Group, request.group_name, request.policy_name});
}

Task<Result<ListRolePoliciesResponse>> InlinePoliciesApi::ListRolePolicies(Context& ctx, ListRolePoliciesRequest request) {
  co_return ListInline<ListRolePoliciesResponse>(*core_, ctx, EntityKind::Role, request.role_name, PageWish::Of(request));
}
Task<Result<ListUserPoliciesResponse>> InlinePoliciesApi::ListUserPolicies(Context& ctx, ListUserPoliciesRequest request) {
  co_return ListInline<ListUserPoliciesResponse>(*core_, ctx, EntityKind::User, request.user_name, PageWish::Of(request));
}
Task<Result<ListGroupPoliciesResponse>> InlinePoliciesApi::ListGroupPolicies(Context& ctx, ListGroupPoliciesRequest request) {
  co_return ListInline<ListGroupPoliciesResponse>(*core_, ctx, EntityKind::Group, request.group_name, PageWish::Of(request));
}

}  // namespace mayfly::iam
