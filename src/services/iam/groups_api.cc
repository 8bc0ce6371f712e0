// Groups, and who is in them.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "services/iam/iam_handlers.h"

namespace mayfly::iam {

using MemberUse = IamTables::Use;

Task<Result<CreateGroupResponse>> GroupsApi::CreateGroup(Context& ctx, CreateGroupRequest request) {
  EntityRow row{.name = std::move(request.group_name), .path = request.path.value_or("/")};
  MF_CO_TRY(const EntityRow made, co_await core_->Create(ctx, EntityKind::Group, std::move(row)));
  co_return CreateGroupResponse{.group = core_->ShowGroup(ctx.principal.account_id, made)};
}

Task<Result<GetGroupResponse>> GroupsApi::GetGroup(Context& ctx, GetGroupRequest request) {
  const std::string& account_id = ctx.principal.account_id;
  MF_CO_TRY(const EntityPointer group, core_->Get(ctx, EntityKind::Group, request.group_name));
  const auto& members = core_->tables().UsersOf(MemberUse::Member, account_id, group->name);
  const std::vector<std::string> names(members.begin(), members.end());
  MF_CO_TRY(Slice slice, SliceOf(names, PageWish::Of(request)));
  GetGroupResponse response{.group = core_->ShowGroup(account_id, *group)};
  for (size_t i = slice.begin; i < slice.end; ++i) {
    const EntityPointer user = core_->tables().Find(EntityKind::User, account_id, names[i].substr(2));
    if (user) response.users.push_back(core_->ShowUser(account_id, *user));
  }
  SetPage(response, std::move(slice.marker));
  co_return response;
}

// Another name is another row: of its users, too.
Task<Result<>> GroupsApi::UpdateGroup(Context& ctx, UpdateGroupRequest request) {
  const std::string& account_id = ctx.principal.account_id;
  IamTables& tables = core_->tables();
  const std::string old_key = KeyOf(account_id, request.group_name);
  const std::string new_name = request.new_group_name.value_or(request.group_name);
  const std::string new_key = KeyOf(account_id, new_name);
  const auto stage = [&](resources::Change& staged, const EntityPointer& row) -> Result<> {
    if (!row) return Fail(NoSuchEntityOf(EntityKind::Group, request.group_name));
    EntityRow changed = *row;
    changed.path = request.new_path.value_or(row->path);
    if (request.new_group_name) changed.name = new_name;
    if (new_key == old_key) return staged.Replace(tables.groups, old_key, row, std::move(changed));
    if (tables.groups.Find(new_key)) return Fail(AlreadyExists(fmt::format("Group with name {} already exists.", new_name)));
    if (tables.IsPinned(IamTables::PinOf(MemberUse::Member, account_id, request.group_name))) return Fail(ConcurrentChange());
    MF_TRY_VOID(staged.Delete(tables.groups, old_key, row));
    MF_TRY_VOID(staged.Create(tables.groups, new_key, std::move(changed)));
    for (const std::string& member : tables.UsersOf(MemberUse::Member, account_id, request.group_name)) {
      const std::string user_key = KeyOf(account_id, member.substr(2));
      const EntityPointer user = tables.users.Find(user_key);
      if (!user) continue;
      EntityRow moved = *user;
      std::ranges::replace(moved.groups, LowerCase(request.group_name), LowerCase(new_name));
      MF_TRY_VOID(staged.Replace(tables.users, user_key, user, std::move(moved)));
    }
    return {};
  };
  co_return co_await resources::EditWith(ctx, tables.groups, old_key, stage);
}

Task<Result<>> GroupsApi::DeleteGroup(Context& ctx, DeleteGroupRequest request) {
  const auto check = [this, account_id = ctx.principal.account_id](const EntityRow& group) -> Result<> {
    if (!group.attached.empty()) return Fail(DeleteConflict("detach all policies"));
    if (!group.inline_policies.empty()) return Fail(DeleteConflict("delete policies"));
    IamTables& tables = core_->tables();
    const bool has_users = tables.IsPinned(IamTables::PinOf(MemberUse::Member, account_id, group.name)) ||
                           !tables.UsersOf(MemberUse::Member, account_id, group.name).empty();
    if (has_users) return Fail(DeleteConflict("remove users from group"));
    return {};
  };
  return core_->Delete(ctx, EntityKind::Group, std::move(request.group_name), check);
}

Task<Result<ListGroupsResponse>> GroupsApi::ListGroups(Context& ctx, ListGroupsRequest request) {
  MF_CO_TRY(auto page, core_->List(ctx, EntityKind::Group, request.path_prefix, PageWish::Of(request)));
  ListGroupsResponse response;
  for (const auto& row : page.rows) response.groups.push_back(core_->ShowGroup(ctx.principal.account_id, *row.value));
  SetPage(response, std::move(page.next_marker));
  co_return response;
}

Task<Result<>> GroupsApi::AddUserToGroup(Context& ctx, AddUserToGroupRequest request) {
  const auto change = [this, account_id = ctx.principal.account_id, name = request.group_name](EntityRow& user) -> Result<> {
    const IamTables& tables = core_->tables();
    if (!tables.Find(EntityKind::Group, account_id, name)) return Fail(NoSuchEntityOf(EntityKind::Group, name));
    if (!tables.groups.IsFree(KeyOf(account_id, name))) return Fail(ConcurrentChange());
    const std::string group = LowerCase(name);
    if (std::ranges::find(user.groups, group) != user.groups.end()) return {};
    if (user.groups.size() >= kGroupsOfUserMax) return Fail(QuotaExceeded("GroupsPerUser", kGroupsOfUserMax));
    user.groups.push_back(group);
    std::ranges::sort(user.groups);
    return {};
  };
  return core_->Edit(ctx, EntityKind::User, std::move(request.user_name), change, Core::OfServices::Kept,
                     Core::Using{MemberUse::Member, request.group_name});
}

Task<Result<>> GroupsApi::RemoveUserFromGroup(Context& ctx, RemoveUserFromGroupRequest request) {
  MF_CO_TRY_VOID(core_->Get(ctx, EntityKind::Group, request.group_name));
  const auto change = [&](EntityRow& user) -> Result<> {
    std::erase(user.groups, LowerCase(request.group_name));
    return {};
  };
  co_return co_await core_->Edit(ctx, EntityKind::User, request.user_name, change);
}

Task<Result<ListGroupsForUserResponse>> GroupsApi::ListGroupsForUser(Context& ctx, ListGroupsForUserRequest request) {
  const std::string& account_id = ctx.principal.account_id;
  MF_CO_TRY(const EntityPointer user, core_->Get(ctx, EntityKind::User, request.user_name));
  MF_CO_TRY(Slice slice, SliceOf(user->groups, PageWish::Of(request)));
  ListGroupsForUserResponse response;
  for (size_t i = slice.begin; i < slice.end; ++i) {
    if (const EntityPointer group = core_->tables().Find(EntityKind::Group, account_id, user->groups[i])) response.groups.push_back(core_->ShowGroup(account_id, *group));
  }
  SetPage(response, std::move(slice.marker));
  co_return response;
}

}  // namespace mayfly::iam
