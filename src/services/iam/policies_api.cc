// Managed policies, their versions, and who has them.
#include <algorithm>

#include <fmt/format.h>

#include "services/iam/documents.h"
#include "services/iam/iam_handlers.h"

namespace mayfly::iam {
namespace {

using Use = IamTables::Use;

constexpr size_t kVersionsMax = 5;
constexpr size_t kManagedPolicyMax = 6'144;

Result<> CheckManaged(std::string_view document) {
  MF_TRY_VOID(ParsePermissions(document));
  if (SizeOf(document) > kManagedPolicyMax) return Fail(QuotaExceeded("PolicySize", kManagedPolicyMax));
  return {};
}

Policy ShowPolicy(Core& core, std::string_view account_id, const PolicyRow& row) {
  const auto used = [&](Use use) { return static_cast<int32_t>(core.tables().UsersOf(use, account_id, row.arn).size()); };
  Policy policy{.policy_name = row.name, .policy_id = row.id, .arn = row.arn, .path = row.path, .default_version_id = row.default_version};
  policy.attachment_count = used(Use::Attached);
  policy.permissions_boundary_usage_count = used(Use::Boundary);
  policy.is_attachable = true;
  policy.create_date = TimeOf(row.created_ms);
  policy.update_date = TimeOf(row.updated_ms);
  return policy;
}

PolicyVersion ShowVersion(const PolicyRow& row, const VersionRow& version) {
  return {.version_id = version.id, .is_default_version = version.id == row.default_version, .create_date = TimeOf(version.created_ms)};
}

Result<const VersionRow*> GetVersion(const PolicyRow& row, std::string_view id) {
  if (const VersionRow* version = row.Version(id)) return version;
  return Fail(NoSuchEntity(fmt::format("Policy {} version {} does not exist or is not attachable.", row.arn, id)));
}

// One of the account's own, whose like AWS's policies are not changed.
using PolicyChange = std::function<Result<>(PolicyRow&)>;
Task<Result<>> EditPolicy(Core& core, Context& ctx, std::string arn, PolicyChange change) {
  if (const PolicyRowPointer row = core.tables().FindPolicy(ctx.principal.account_id, arn); row && row->is_aws()) {
    co_return Fail(Error::Service("AccessDeniedException", fmt::format("Policy {} is of AWS and cannot be changed.", arn)));
  }
  auto& table = core.tables().policies;
  const std::string key = KeyOf(ctx.principal.account_id, arn.substr(arn.rfind('/') + 1));
  const auto stage = [&](resources::Change& staged, const PolicyRowPointer& row) -> Result<> {
    if (!row || row->arn != arn) return Fail(NoSuchEntity(fmt::format("Policy {} was not found.", arn)));
    PolicyRow changed = *row;
    MF_TRY_VOID(change(changed));
    return staged.Replace(table, key, row, std::move(changed));
  };
  co_return co_await resources::EditWith(ctx, table, key, stage);
}

}  // namespace

Task<Result<CreatePolicyResponse>> ManagedPoliciesApi::CreatePolicy(Context& ctx, CreatePolicyRequest request) {
  const std::string& account_id = ctx.principal.account_id;
  MF_CO_TRY_VOID(CheckManaged(request.policy_document));
  PolicyRow row{.name = request.policy_name, .path = request.path.value_or("/"), .id = core_->NewId("ANPA"), .description = request.description.value_or("")};
  row.arn = ArnOf(account_id, "policy", row.path, row.name);
  row.created_ms = row.updated_ms = core_->NowMs();
  row.versions = {VersionRow{.id = "v1", .document = std::move(request.policy_document), .created_ms = row.created_ms}};
  MF_CO_TRY(row.tags, TagsOf(request.tags));
  auto& table = core_->tables().policies;
  const std::string key = KeyOf(account_id, row.name);
  const auto stage = [&](resources::Change& staged, const PolicyRowPointer& existing) -> Result<> {
    if (existing) return Fail(AlreadyExists(fmt::format("A policy called {} already exists. Duplicate names are not allowed.", row.name)));
    if (table.size() >= kEntitiesMax && table.List(account_id + "/", "", kEntitiesMax).size() >= kEntitiesMax) {
      return Fail(QuotaExceeded("PoliciesPerAccount", kEntitiesMax));
    }
    return staged.Create(table, key, row);
  };
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, table, key, stage));
  Policy shown = ShowPolicy(*core_, account_id, row);
  if (!row.tags.empty()) shown.tags = Shown(row.tags);
  co_return CreatePolicyResponse{.policy = std::move(shown)};
}

Task<Result<GetPolicyResponse>> ManagedPoliciesApi::GetPolicy(Context& ctx, GetPolicyRequest request) {
  MF_CO_TRY(const PolicyRowPointer row, core_->GetPolicy(ctx, request.policy_arn));
  Policy policy = ShowPolicy(*core_, ctx.principal.account_id, *row);
  policy.description = row->description;
  policy.tags = Shown(row->tags);
  co_return GetPolicyResponse{.policy = std::move(policy)};
}

Task<Result<>> ManagedPoliciesApi::DeletePolicy(Context& ctx, DeletePolicyRequest request) {
  const std::string& account_id = ctx.principal.account_id;
  IamTables& tables = core_->tables();
  const std::string& arn = request.policy_arn;
  const std::string key = KeyOf(account_id, arn.substr(arn.rfind('/') + 1));
  const auto stage = [&](resources::Change& staged, const PolicyRowPointer& row) -> Result<> {
    if (!row || row->arn != arn) return Fail(NoSuchEntity(fmt::format("Policy {} was not found.", arn)));
    for (const Use use : {Use::Attached, Use::Boundary}) {
      const bool is_used = tables.IsPinned(IamTables::PinOf(use, account_id, arn)) || !tables.UsersOf(use, account_id, arn).empty();
      if (is_used) return Fail(Error::Service("DeleteConflictException", "Cannot delete a policy attached to entities."));
    }
    if (row->versions.size() > 1) {
      return Fail(Error::Service("DeleteConflictException",
                                 "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
                                 "The default version is deleted with the policy."));
    }
    return staged.Delete(tables.policies, key, row);
  };
  co_return co_await resources::EditWith(ctx, tables.policies, key, stage);
}

Task<Result<ListPoliciesResponse>> ManagedPoliciesApi::ListPolicies(Context& ctx, ListPoliciesRequest request) {
  const std::string& account_id = ctx.principal.account_id;
  IamTables& tables = core_->tables();
  const std::string scope = request.scope.value_or("All");
  const std::string path = request.path_prefix.value_or("/");
  const bool only_attached = request.only_attached.value_or(false);
  const auto is_used = [&](Use use, const PolicyRow& row) { return !tables.UsersOf(use, account_id, row.arn).empty(); };
  const auto is_wanted = [&](const PolicyRow& row) {
    if (!row.path.starts_with(path)) return false;
    const bool as_policy = request.policy_usage_filter != "PermissionsBoundary";
    const bool as_boundary = request.policy_usage_filter == "PermissionsBoundary" || !request.policy_usage_filter;
    if (only_attached) return (as_policy && is_used(Use::Attached, row)) || (as_boundary && is_used(Use::Boundary, row));
    return as_policy || is_used(Use::Boundary, row);
  };
  std::map<std::string, PolicyRowPointer> wanted;
  if (scope != "AWS") {
    for (auto& row : tables.policies.List(account_id + "/", "", kEntitiesMax)) {
      if (is_wanted(*row.value)) wanted.emplace(row.value->arn, row.value);
    }
  }
  if (scope != "Local") {
    for (const auto& [arn, row] : tables.aws_policies().all()) {
      if (is_wanted(*row)) wanted.emplace(arn, row);
    }
  }
  std::vector<std::string> arns;
  for (const auto& [arn, row] : wanted) arns.push_back(arn);
  MF_CO_TRY(Slice slice, SliceOf(arns, PageWish::Of(request)));
  ListPoliciesResponse response;
  auto& policies = response.policies.emplace();
  for (size_t i = slice.begin; i < slice.end; ++i) policies.push_back(ShowPolicy(*core_, account_id, *wanted.at(arns[i])));
  SetPage(response, std::move(slice.marker));
  co_return response;
}

// --- versions --------------------------------------------------------------------------------------------------------------

Task<Result<CreatePolicyVersionResponse>> ManagedPoliciesApi::CreatePolicyVersion(Context& ctx, CreatePolicyVersionRequest request) {
  MF_CO_TRY_VOID(CheckManaged(request.policy_document));
  PolicyVersion made;
  const auto change = [&](PolicyRow& row) -> Result<> {
    if (row.versions.size() >= kVersionsMax) {
      return Fail(LimitExceeded("A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version."));
    }
    const VersionRow& version = row.versions.emplace_back(
        VersionRow{.id = fmt::format("v{}", ++row.last_version), .document = request.policy_document, .created_ms = core_->NowMs()});
    row.updated_ms = version.created_ms;
    if (request.set_as_default.value_or(false)) row.default_version = version.id;
    made = ShowVersion(row, version);
    return {};
  };
  MF_CO_TRY_VOID(co_await EditPolicy(*core_, ctx, request.policy_arn, change));
  co_return CreatePolicyVersionResponse{.policy_version = std::move(made)};
}

Task<Result<GetPolicyVersionResponse>> ManagedPoliciesApi::GetPolicyVersion(Context& ctx, GetPolicyVersionRequest request) {
  MF_CO_TRY(const PolicyRowPointer row, core_->GetPolicy(ctx, request.policy_arn));
  MF_CO_TRY(const VersionRow* version, GetVersion(*row, request.version_id));
  PolicyVersion shown = ShowVersion(*row, *version);
  shown.document = Encoded(version->document);
  co_return GetPolicyVersionResponse{.policy_version = std::move(shown)};
}

Task<Result<ListPolicyVersionsResponse>> ManagedPoliciesApi::ListPolicyVersions(Context& ctx, ListPolicyVersionsRequest request) {
  MF_CO_TRY(const PolicyRowPointer row, core_->GetPolicy(ctx, request.policy_arn));
  std::vector<std::string> numbers;  // five, so that their order as texts plays no part
  for (const VersionRow& version : row->versions) numbers.push_back(fmt::format("{:0>9}", version.id.substr(1)));
  MF_CO_TRY(Slice slice, SliceOf(numbers, PageWish::Of(request)));
  ListPolicyVersionsResponse response;
  auto& versions = response.versions.emplace();
  for (size_t i = slice.begin; i < slice.end; ++i) versions.push_back(ShowVersion(*row, row->versions[i]));
  std::ranges::reverse(versions);
  SetPage(response, std::move(slice.marker));
  co_return response;
}

Task<Result<>> ManagedPoliciesApi::DeletePolicyVersion(Context& ctx, DeletePolicyVersionRequest request) {
  const auto change = [id = request.version_id](PolicyRow& row) -> Result<> {
    MF_TRY_VOID(GetVersion(row, id));
    if (row.default_version == id) return Fail(Error::Service("DeleteConflictException", "Cannot delete the default version of a policy."));
    std::erase_if(row.versions, [&](const VersionRow& version) { return version.id == id; });
    return {};
  };
  return EditPolicy(*core_, ctx, std::move(request.policy_arn), change);
}

Task<Result<>> ManagedPoliciesApi::SetDefaultPolicyVersion(Context& ctx, SetDefaultPolicyVersionRequest request) {
  const auto change = [this, id = request.version_id](PolicyRow& row) -> Result<> {
    MF_TRY_VOID(GetVersion(row, id));
    row.default_version = id;
    row.updated_ms = core_->NowMs();
    return {};
  };
  return EditPolicy(*core_, ctx, std::move(request.policy_arn), change);
}

// --- who has them ----------------------------------------------------------------------------------------------------------

Task<Result<ListEntitiesForPolicyResponse>> ManagedPoliciesApi::ListEntitiesForPolicy(Context& ctx, ListEntitiesForPolicyRequest request) {
  const std::string& account_id = ctx.principal.account_id;
  MF_CO_TRY(const PolicyRowPointer row, core_->GetPolicy(ctx, request.policy_arn));
  std::set<std::string> all;
  for (const Use use : {Use::Attached, Use::Boundary}) {
    const std::string_view other = use == Use::Attached ? "PermissionsBoundary" : "PermissionsPolicy";
    if (request.policy_usage_filter == other) continue;
    all.merge(std::set<std::string>(core_->tables().UsersOf(use, account_id, row->arn)));
  }
  const std::string path = request.path_prefix.value_or("/");
  std::vector<std::string> names(all.begin(), all.end());  // "r:name"
  struct Found {
    EntityKind kind;
    EntityPointer row;
  };
  const auto find = [&](std::string_view name) -> Found {
    const EntityKind kind = name[0] == 'u' ? EntityKind::User : name[0] == 'g' ? EntityKind::Group : EntityKind::Role;
    return {kind, core_->tables().Find(kind, account_id, name.substr(2))};
  };
  std::erase_if(names, [&](const std::string& name) {
    const Found found = find(name);
    const std::string_view kind = found.kind == EntityKind::User ? "User" : found.kind == EntityKind::Group ? "Group" : "Role";
    return !found.row || !found.row->path.starts_with(path) || (request.entity_filter && request.entity_filter != kind);
  });
  MF_CO_TRY(Slice slice, SliceOf(names, PageWish::Of(request)));
  ListEntitiesForPolicyResponse response;
  auto& groups = response.policy_groups.emplace();
  auto& users = response.policy_users.emplace();
  auto& roles = response.policy_roles.emplace();
  for (size_t i = slice.begin; i < slice.end; ++i) {
    const Found found = find(names[i]);
    switch (found.kind) {
      case EntityKind::User: users.push_back({.user_name = found.row->name, .user_id = found.row->id}); break;
      case EntityKind::Group: groups.push_back({.group_name = found.row->name, .group_id = found.row->id}); break;
      case EntityKind::Role: roles.push_back({.role_name = found.row->name, .role_id = found.row->id}); break;
    }
  }
  SetPage(response, std::move(slice.marker));
  co_return response;
}

// --- tags ------------------------------------------------------------------------------------------------------------------

Task<Result<>> ManagedPoliciesApi::TagPolicy(Context& ctx, TagPolicyRequest request) {
  const auto change = [tags = std::move(request.tags)](PolicyRow& row) { return AddTags(row.tags, tags); };
  return EditPolicy(*core_, ctx, std::move(request.policy_arn), change);
}

Task<Result<>> ManagedPoliciesApi::UntagPolicy(Context& ctx, UntagPolicyRequest request) {
  const auto change = [keys = std::move(request.tag_keys)](PolicyRow& row) -> Result<> {
    resources::RemoveTags(row.tags, keys);
    return {};
  };
  return EditPolicy(*core_, ctx, std::move(request.policy_arn), change);
}

Task<Result<ListPolicyTagsResponse>> ManagedPoliciesApi::ListPolicyTags(Context& ctx, ListPolicyTagsRequest request) {
  MF_CO_TRY(const PolicyRowPointer row, core_->GetPolicy(ctx, request.policy_arn));
  co_return PageOfTags<ListPolicyTagsResponse>(row->tags, PageWish::Of(request));
}

}  // namespace mayfly::iam
