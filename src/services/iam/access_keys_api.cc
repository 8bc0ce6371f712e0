// Access keys: kept as rows, and known to the authenticator while they are active (service.cc follows the rows).
#include <fmt/format.h>

#include "identity/arn.h"
#include "services/iam/iam_handlers.h"

namespace mayfly::iam {
namespace {

constexpr size_t kKeysOfUserMax = 2;

// The user whose keys are meant: the one that is named, or the caller. "": the account's root.
Result<std::string> OwnerOfKeys(const Context& ctx, const std::optional<std::string>& name) {
  if (name) return *name;
  const auto arn = identity::ParseArn(ctx.principal.arn);
  if (!arn || arn->resource == "root") return std::string();
  if (arn->resource.starts_with("user/")) return std::string(arn->resource.substr(arn->resource.rfind('/') + 1));
  return Fail(Invalid("Must specify userName when calling with non-User credentials"));
}

Error NoSuchKey(std::string_view id) { return NoSuchEntity(fmt::format("The Access Key with id {} cannot be found.", id)); }

std::string_view StatusOf(const AccessKeyRow& row) { return row.is_active ? StatusType::Active : StatusType::Inactive; }

}  // namespace

Task<Result<CreateAccessKeyResponse>> AccessKeysApi::CreateAccessKey(Context& ctx, CreateAccessKeyRequest request) {
  MF_CO_TRY(const std::string name, OwnerOfKeys(ctx, request.user_name));
  IamTables& tables = core_->tables();
  const identity::AccessKey fresh = keys_->Generate("AKIA");
  AccessKeyRow made{.id = fresh.access_key_id, .secret = fresh.secret_access_key, .created_ms = core_->NowMs()};
  const std::string user_key = KeyOf(ctx.principal.account_id, name);
  const auto stage = [&](resources::Change& staged, const EntityPointer& user) -> Result<> {
    if (!name.empty() && !user) return Fail(NoSuchEntityOf(EntityKind::User, name));
    made.user = user ? user->name : std::string();
    if (tables.access_keys.List(user_key + "/", "", SIZE_MAX).size() >= kKeysOfUserMax) return Fail(QuotaExceeded("AccessKeysPerUser", kKeysOfUserMax));
    return staged.Create(tables.access_keys, user_key + "/" + made.id, made);
  };
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, tables.users, user_key, stage));
  co_return CreateAccessKeyResponse{.access_key = {.user_name = made.user.empty() ? ctx.principal.account_id : made.user,
                                                   .access_key_id = made.id,
                                                   .status = std::string(StatusType::Active),
                                                   .secret_access_key = made.secret,
                                                   .create_date = TimeOf(made.created_ms)}};
}

Task<Result<>> AccessKeysApi::UpdateAccessKey(Context& ctx, UpdateAccessKeyRequest request) {
  MF_CO_TRY(const std::string name, OwnerOfKeys(ctx, request.user_name));
  auto& table = core_->tables().access_keys;
  const std::string key = KeyOf(ctx.principal.account_id, name) + "/" + request.access_key_id;
  if (request.status == StatusType::Expired) co_return Fail(Invalid("Status must be Active or Inactive."));
  const auto stage = [&](resources::Change& staged, const auto& row) -> Result<> {
    if (!row) return Fail(NoSuchKey(request.access_key_id));
    AccessKeyRow changed = *row;
    changed.is_active = request.status == StatusType::Active;
    return staged.Replace(table, key, row, std::move(changed));
  };
  co_return co_await resources::EditWith(ctx, table, key, stage);
}

Task<Result<>> AccessKeysApi::DeleteAccessKey(Context& ctx, DeleteAccessKeyRequest request) {
  MF_CO_TRY(const std::string name, OwnerOfKeys(ctx, request.user_name));
  auto& table = core_->tables().access_keys;
  const std::string key = KeyOf(ctx.principal.account_id, name) + "/" + request.access_key_id;
  const auto stage = [&](resources::Change& staged, const auto& row) -> Result<> {
    return row ? staged.Delete(table, key, row) : Fail(NoSuchKey(request.access_key_id));
  };
  co_return co_await resources::EditWith(ctx, table, key, stage);
}

Task<Result<ListAccessKeysResponse>> AccessKeysApi::ListAccessKeys(Context& ctx, ListAccessKeysRequest request) {
  MF_CO_TRY(const std::string name, OwnerOfKeys(ctx, request.user_name));
  if (!name.empty()) MF_CO_TRY_VOID(core_->Get(ctx, EntityKind::User, name));
  ListAccessKeysResponse response;
  for (const auto& row : core_->tables().access_keys.List(KeyOf(ctx.principal.account_id, name) + "/", "", SIZE_MAX)) {
    const AccessKeyRow& key = *row.value;
    response.access_key_metadata.push_back({.user_name = key.user.empty() ? ctx.principal.account_id : key.user,
                                            .access_key_id = key.id,
                                            .status = std::string(StatusOf(key)),
                                            .create_date = TimeOf(key.created_ms)});
  }
  response.is_truncated = false;
  co_return response;
}

Task<Result<GetAccessKeyLastUsedResponse>> AccessKeysApi::GetAccessKeyLastUsed(Context& ctx, GetAccessKeyLastUsedRequest request) {
  const std::string& account_id = ctx.principal.account_id;
  const auto of_account = core_->tables().access_keys.ListIf(account_id + "/", "", 1, [&](const auto& row) { return row.value->id == request.access_key_id; });
  const auto known = keys_->Find(request.access_key_id);
  if (of_account.empty() && (!known || known->account_id != account_id)) co_return Fail(NoSuchKey(request.access_key_id));
  const std::string user = of_account.empty() ? known->user_name : of_account.front().value->user;
  GetAccessKeyLastUsedResponse response{.user_name = user.empty() ? account_id : user};
  auto& used = response.access_key_last_used.emplace(AccessKeyLastUsed{.service_name = "N/A", .region = "N/A"});
  if (const auto use = keys_->LastUseOf(request.access_key_id)) used = {.last_used_date = use->at, .service_name = use->service, .region = use->region};
  co_return response;
}

}  // namespace mayfly::iam
