// Instance profiles: nothing here runs in one, but tools make, list and remove them with their roles.
#include <fmt/format.h>

#include "services/iam/iam_handlers.h"

namespace mayfly::iam {
namespace {

using ProfilePointer = std::shared_ptr<const InstanceProfileRow>;

Error NoSuchProfile(std::string_view name) { return NoSuchEntity(fmt::format("Instance Profile {} cannot be found.", name)); }

Result<ProfilePointer> GetProfile(const Core& core, const Context& ctx, std::string_view name) {
  if (ProfilePointer row = core.tables().instance_profiles.Find(KeyOf(ctx.principal.account_id, name))) return row;
  return Fail(NoSuchProfile(name));
}

using ProfileChange = std::function<Result<>(InstanceProfileRow&)>;
Task<Result<>> EditProfile(Core& core, Context& ctx, std::string name, ProfileChange change) {
  auto& table = core.tables().instance_profiles;
  const std::string key = KeyOf(ctx.principal.account_id, name);
  const auto stage = [&](resources::Change& staged, const ProfilePointer& row) -> Result<> {
    if (!row) return Fail(NoSuchProfile(name));
    InstanceProfileRow changed = *row;
    MF_TRY_VOID(change(changed));
    return staged.Replace(table, key, row, std::move(changed));
  };
  co_return co_await resources::EditWith(ctx, table, key, stage);
}

}  // namespace

Task<Result<CreateInstanceProfileResponse>> InstanceProfilesApi::CreateInstanceProfile(Context& ctx, CreateInstanceProfileRequest request) {
  const std::string& account_id = ctx.principal.account_id;
  InstanceProfileRow row{.name = request.instance_profile_name, .path = request.path.value_or("/"), .id = core_->NewId("AIPA"), .created_ms = core_->NowMs()};
  MF_CO_TRY(row.tags, TagsOf(request.tags));
  auto& table = core_->tables().instance_profiles;
  const std::string key = KeyOf(account_id, row.name);
  const auto stage = [&](resources::Change& staged, const ProfilePointer& existing) -> Result<> {
    if (existing) return Fail(AlreadyExists(fmt::format("Instance Profile {} already exists.", row.name)));
    if (table.size() >= kEntitiesMax && table.List(account_id + "/", "", kEntitiesMax).size() >= kEntitiesMax) {
      return Fail(QuotaExceeded("InstanceProfilesPerAccount", kEntitiesMax));
    }
    return staged.Create(table, key, row);
  };
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, table, key, stage));
  co_return CreateInstanceProfileResponse{.instance_profile = core_->Show(account_id, row)};
}

Task<Result<GetInstanceProfileResponse>> InstanceProfilesApi::GetInstanceProfile(Context& ctx, GetInstanceProfileRequest request) {
  MF_CO_TRY(const ProfilePointer row, GetProfile(*core_, ctx, request.instance_profile_name));
  co_return GetInstanceProfileResponse{.instance_profile = core_->Show(ctx.principal.account_id, *row)};
}

Task<Result<>> InstanceProfilesApi::DeleteInstanceProfile(Context& ctx, DeleteInstanceProfileRequest request) {
  auto& table = core_->tables().instance_profiles;
  const std::string key = KeyOf(ctx.principal.account_id, request.instance_profile_name);
  const auto stage = [&](resources::Change& staged, const ProfilePointer& row) -> Result<> {
    if (!row) return Fail(NoSuchProfile(request.instance_profile_name));
    if (!row->role.empty()) return Fail(DeleteConflict("remove roles from instance profile"));
    return staged.Delete(table, key, row);
  };
  co_return co_await resources::EditWith(ctx, table, key, stage);
}

Task<Result<ListInstanceProfilesResponse>> InstanceProfilesApi::ListInstanceProfiles(Context& ctx, ListInstanceProfilesRequest request) {
  const std::string& account_id = ctx.principal.account_id;
  const resources::PageRequest wanted{.prefix = account_id + "/", .marker = request.marker, .limit = static_cast<size_t>(request.max_items.value_or(100)), .bad_marker = &BadMarker};
  const std::string path = request.path_prefix.value_or("/");
  MF_CO_TRY(auto page, resources::NextPageIf(core_->tables().instance_profiles, wanted, [&](const auto& row) { return row.value->path.starts_with(path); }));
  ListInstanceProfilesResponse response;
  for (const auto& row : page.rows) response.instance_profiles.push_back(core_->Show(account_id, *row.value));
  SetPage(response, std::move(page.next_marker));
  co_return response;
}

Task<Result<ListInstanceProfilesForRoleResponse>> InstanceProfilesApi::ListInstanceProfilesForRole(Context& ctx, ListInstanceProfilesForRoleRequest request) {
  const std::string& account_id = ctx.principal.account_id;
  MF_CO_TRY(const EntityPointer role, core_->Get(ctx, EntityKind::Role, request.role_name));
  const auto& all = core_->tables().UsersOf(IamTables::Use::Profile, account_id, role->name);
  const std::vector<std::string> names(all.begin(), all.end());  // "p:name"
  MF_CO_TRY(Slice slice, SliceOf(names, PageWish::Of(request)));
  ListInstanceProfilesForRoleResponse response;
  for (size_t i = slice.begin; i < slice.end; ++i) {
    const auto row = core_->tables().instance_profiles.Find(KeyOf(account_id, names[i].substr(2)));
    if (row) response.instance_profiles.push_back(core_->Show(account_id, *row));
  }
  SetPage(response, std::move(slice.marker));
  co_return response;
}

Task<Result<>> InstanceProfilesApi::AddRoleToInstanceProfile(Context& ctx, AddRoleToInstanceProfileRequest request) {
  const std::string& account_id = ctx.principal.account_id;
  const IamTables::Pin pin(core_->tables(), IamTables::PinOf(IamTables::Use::Profile, account_id, request.role_name));
  const auto change = [&](InstanceProfileRow& profile) -> Result<> {
    MF_TRY(const EntityPointer role, core_->Get(ctx, EntityKind::Role, request.role_name));
    if (!core_->tables().roles.IsFree(KeyOf(account_id, role->name))) return Fail(ConcurrentChange());
    if (!profile.role.empty()) return Fail(QuotaExceeded("InstanceSessionsPerInstanceProfile", 1));
    profile.role = role->name;
    return {};
  };
  co_return co_await EditProfile(*core_, ctx, request.instance_profile_name, change);
}

Task<Result<>> InstanceProfilesApi::RemoveRoleFromInstanceProfile(Context& ctx, RemoveRoleFromInstanceProfileRequest request) {
  MF_CO_TRY(const EntityPointer role, core_->Get(ctx, EntityKind::Role, request.role_name));
  const auto change = [&](InstanceProfileRow& profile) -> Result<> {
    if (profile.role != role->name) return Fail(NoSuchEntity(fmt::format("Role {} is not in instance profile {}.", role->name, profile.name)));
    profile.role.clear();
    return {};
  };
  co_return co_await EditProfile(*core_, ctx, request.instance_profile_name, change);
}

Task<Result<>> InstanceProfilesApi::TagInstanceProfile(Context& ctx, TagInstanceProfileRequest request) {
  const auto change = [tags = std::move(request.tags)](InstanceProfileRow& profile) { return AddTags(profile.tags, tags); };
  return EditProfile(*core_, ctx, std::move(request.instance_profile_name), change);
}

Task<Result<>> InstanceProfilesApi::UntagInstanceProfile(Context& ctx, UntagInstanceProfileRequest request) {
  const auto change = [keys = std::move(request.tag_keys)](InstanceProfileRow& profile) -> Result<> {
    resources::RemoveTags(profile.tags, keys);
    return {};
  };
  return EditProfile(*core_, ctx, std::move(request.instance_profile_name), change);
}

Task<Result<ListInstanceProfileTagsResponse>> InstanceProfilesApi::ListInstanceProfileTags(Context& ctx, ListInstanceProfileTagsRequest request) {
  MF_CO_TRY(const ProfilePointer row, GetProfile(*core_, ctx, request.instance_profile_name));
  co_return PageOfTags<ListInstanceProfileTagsResponse>(row->tags, PageWish::Of(request));
}

}  // namespace mayfly::iam
