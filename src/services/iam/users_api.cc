// Users.
#include <fmt/format.h>

#include "identity/arn.h"
#include "services/iam/iam_handlers.h"

namespace mayfly::iam {
namespace {

constexpr std::string_view kUserPrefix = "user/";

// Who is meant where no name is given: the caller. nullopt: the account's root.
Result<std::optional<std::string>> CallersName(const Context& ctx) {
  const auto arn = identity::ParseArn(ctx.principal.arn);
  if (!arn || arn->resource == "root") return std::nullopt;
  if (!arn->resource.starts_with(kUserPrefix)) return Fail(Invalid("Must specify userName when calling with non-User credentials"));
  return std::string(arn->resource.substr(arn->resource.rfind('/') + 1));
}

Result<std::string> NameOrCallers(const Context& ctx, const std::optional<std::string>& name) {
  if (name) return *name;
  MF_TRY(const auto callers, CallersName(ctx));
  if (!callers) return Fail(Invalid("Must specify userName when calling with non-User credentials"));
  return *callers;
}

Error NoLoginProfile(std::string_view name) { return NoSuchEntity(fmt::format("Login Profile for User {} cannot be found.", name)); }

LoginProfile ShowLogin(const EntityRow& row) {
  return {.user_name = row.name, .create_date = TimeOf(row.password_ms), .password_reset_required = row.password_reset};
}

// Lists of what users do not have here.
template <typename Response, typename Request>
Result<Response> Nothing(const Core& core, const Context& ctx, const Request& request) {
  if (request.user_name) MF_TRY_VOID(core.Get(ctx, EntityKind::User, *request.user_name));
  Response response;
  response.is_truncated = false;
  return response;
}

}  // namespace

Task<Result<CreateUserResponse>> UsersApi::CreateUser(Context& ctx, CreateUserRequest request) {
  EntityRow row{.name = std::move(request.user_name), .path = request.path.value_or("/")};
  row.boundary = request.permissions_boundary.value_or("");
  MF_CO_TRY(row.tags, TagsOf(request.tags));
  MF_CO_TRY(const EntityRow made, co_await core_->Create(ctx, EntityKind::User, std::move(row)));
  co_return CreateUserResponse{.user = core_->ShowUser(ctx.principal.account_id, made)};
}

Task<Result<GetUserResponse>> UsersApi::GetUser(Context& ctx, GetUserRequest request) {
  const std::string& account_id = ctx.principal.account_id;
  std::optional<std::string> name = request.user_name;
  if (!name) {
    MF_CO_TRY(name, CallersName(ctx));
  }
  if (!name) {
    User root{.path = "/", .user_name = account_id, .user_id = account_id, .arn = fmt::format("arn:aws:iam::{}:root", account_id)};
    co_return GetUserResponse{.user = std::move(root)};
  }
  MF_CO_TRY(const EntityPointer row, core_->Get(ctx, EntityKind::User, *name));
  co_return GetUserResponse{.user = core_->ShowUser(account_id, *row)};
}

// Another name is another row, and its access keys go along.
Task<Result<>> UsersApi::UpdateUser(Context& ctx, UpdateUserRequest request) {
  const std::string& account_id = ctx.principal.account_id;
  IamTables& tables = core_->tables();
  const std::string old_key = KeyOf(account_id, request.user_name);
  const std::string new_name = request.new_user_name.value_or(request.user_name);
  const std::string new_key = KeyOf(account_id, new_name);
  const auto stage = [&](resources::Change& staged, const EntityPointer& row) -> Result<> {
    if (!row) return Fail(NoSuchEntityOf(EntityKind::User, request.user_name));
    EntityRow changed = *row;
    changed.path = request.new_path.value_or(row->path);
    if (request.new_user_name) changed.name = new_name;
    if (new_key == old_key) return staged.Replace(tables.users, old_key, row, std::move(changed));
    if (tables.users.Find(new_key)) return Fail(AlreadyExists(fmt::format("User with name {} already exists.", new_name)));
    const auto keys = tables.access_keys.List(old_key + "/", "", SIZE_MAX);
    MF_TRY_VOID(staged.Delete(tables.users, old_key, row));
    MF_TRY_VOID(staged.Create(tables.users, new_key, std::move(changed)));
    for (const auto& key : keys) {
      AccessKeyRow moved = *key.value;
      moved.user = new_name;
      MF_TRY_VOID(staged.Create(tables.access_keys, new_key + "/" + moved.id, std::move(moved)));
    }
    return {};
  };
  co_return co_await resources::EditWith(ctx, tables.users, old_key, stage);
}

Task<Result<>> UsersApi::DeleteUser(Context& ctx, DeleteUserRequest request) {
  const auto check = [this, account_id = ctx.principal.account_id](const EntityRow& user) -> Result<> {
    if (!user.attached.empty()) return Fail(DeleteConflict("detach all policies"));
    if (!user.inline_policies.empty()) return Fail(DeleteConflict("delete policies"));
    if (!user.groups.empty()) return Fail(DeleteConflict("remove users from group"));
    if (user.password_ms != 0) return Fail(DeleteConflict("delete login profile"));
    if (!core_->tables().access_keys.List(KeyOf(account_id, user.name) + "/", "", 1).empty()) return Fail(DeleteConflict("delete access keys"));
    return {};
  };
  return core_->Delete(ctx, EntityKind::User, std::move(request.user_name), check);
}

Task<Result<ListUsersResponse>> UsersApi::ListUsers(Context& ctx, ListUsersRequest request) {
  MF_CO_TRY(auto page, core_->List(ctx, EntityKind::User, request.path_prefix, PageWish::Of(request)));
  ListUsersResponse response;
  for (const auto& row : page.rows) {
    User& user = response.users.emplace_back(core_->ShowUser(ctx.principal.account_id, *row.value));
    user.tags.reset();
    user.permissions_boundary.reset();
  }
  SetPage(response, std::move(page.next_marker));
  co_return response;
}

Task<Result<>> UsersApi::PutUserPermissionsBoundary(Context& ctx, PutUserPermissionsBoundaryRequest request) {
  return core_->Edit(ctx, EntityKind::User, std::move(request.user_name), SetBoundary(*core_, ctx, request.permissions_boundary), Core::OfServices::Kept,
                     Core::Using{IamTables::Use::Boundary, request.permissions_boundary});
}

Task<Result<>> UsersApi::DeleteUserPermissionsBoundary(Context& ctx, DeleteUserPermissionsBoundaryRequest request) {
  return core_->Edit(ctx, EntityKind::User, std::move(request.user_name), TakeBoundary());
}

Task<Result<>> UsersApi::TagUser(Context& ctx, TagUserRequest request) {
  return core_->Edit(ctx, EntityKind::User, std::move(request.user_name), AddTagsTo(std::move(request.tags)));
}

Task<Result<>> UsersApi::UntagUser(Context& ctx, UntagUserRequest request) {
  return core_->Edit(ctx, EntityKind::User, std::move(request.user_name), RemoveTagsFrom(std::move(request.tag_keys)));
}

Task<Result<ListUserTagsResponse>> UsersApi::ListUserTags(Context& ctx, ListUserTagsRequest request) {
  MF_CO_TRY(const EntityPointer row, core_->Get(ctx, EntityKind::User, request.user_name));
  co_return PageOfTags<ListUserTagsResponse>(row->tags, PageWish::Of(request));
}

// --- passwords: that there is one, and nothing of it -------------------------------------------------------------------------

Task<Result<CreateLoginProfileResponse>> UsersApi::CreateLoginProfile(Context& ctx, CreateLoginProfileRequest request) {
  MF_CO_TRY(const std::string name, NameOrCallers(ctx, request.user_name));
  LoginProfile made;
  const auto change = [&](EntityRow& user) -> Result<> {
    if (user.password_ms != 0) return Fail(AlreadyExists(fmt::format("Login Profile for user {} already exists.", user.name)));
    user.password_ms = core_->NowMs();
    user.password_reset = request.password_reset_required.value_or(false);
    made = ShowLogin(user);
    return {};
  };
  MF_CO_TRY_VOID(co_await core_->Edit(ctx, EntityKind::User, name, change));
  co_return CreateLoginProfileResponse{.login_profile = std::move(made)};
}

Task<Result<GetLoginProfileResponse>> UsersApi::GetLoginProfile(Context& ctx, GetLoginProfileRequest request) {
  MF_CO_TRY(const std::string name, NameOrCallers(ctx, request.user_name));
  MF_CO_TRY(const EntityPointer row, core_->Get(ctx, EntityKind::User, name));
  if (row->password_ms == 0) co_return Fail(NoLoginProfile(row->name));
  co_return GetLoginProfileResponse{.login_profile = ShowLogin(*row)};
}

Task<Result<>> UsersApi::UpdateLoginProfile(Context& ctx, UpdateLoginProfileRequest request) {
  const auto change = [reset = request.password_reset_required](EntityRow& user) -> Result<> {
    if (user.password_ms == 0) return Fail(NoLoginProfile(user.name));
    user.password_reset = reset.value_or(user.password_reset);
    return {};
  };
  return core_->Edit(ctx, EntityKind::User, std::move(request.user_name), change);
}

Task<Result<>> UsersApi::DeleteLoginProfile(Context& ctx, DeleteLoginProfileRequest request) {
  MF_CO_TRY(const std::string name, NameOrCallers(ctx, request.user_name));
  const auto change = [](EntityRow& user) -> Result<> {
    if (user.password_ms == 0) return Fail(NoLoginProfile(user.name));
    user.password_ms = 0;
    user.password_reset = false;
    return {};
  };
  co_return co_await core_->Edit(ctx, EntityKind::User, name, change);
}

// --- what there is not ------------------------------------------------------------------------------------------------------

Task<Result<ListMFADevicesResponse>> UsersApi::ListMFADevices(Context& ctx, ListMFADevicesRequest request) {
  co_return Nothing<ListMFADevicesResponse>(*core_, ctx, request);
}
Task<Result<ListSigningCertificatesResponse>> UsersApi::ListSigningCertificates(Context& ctx, ListSigningCertificatesRequest request) {
  co_return Nothing<ListSigningCertificatesResponse>(*core_, ctx, request);
}
Task<Result<ListSSHPublicKeysResponse>> UsersApi::ListSSHPublicKeys(Context& ctx, ListSSHPublicKeysRequest request) {
  co_return Nothing<ListSSHPublicKeysResponse>(*core_, ctx, request);
}
Task<Result<ListServiceSpecificCredentialsResponse>> UsersApi::ListServiceSpecificCredentials(Context& ctx, ListServiceSpecificCredentialsRequest request) {
  co_return Nothing<ListServiceSpecificCredentialsResponse>(*core_, ctx, request);
}

}  // namespace mayfly::iam
