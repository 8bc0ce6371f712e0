// CreateAlias, UpdateAlias, DeleteAlias, ListAliases.
#include <algorithm>

#include <fmt/format.h>

#include "resources/edit.h"
#include "services/kms/kms_api.h"

namespace mayfly::kms {
namespace {

constexpr std::string_view kAliasPrefix = "alias/";

Result<> CheckAliasName(std::string_view name) {
  if (!name.starts_with(kAliasPrefix) || name.size() == kAliasPrefix.size()) {
    return Fail(Invalid("Alias must start with the prefix \"alias/\". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"));
  }
  if (name.starts_with("alias/aws/")) return Fail(Error::Service("NotAuthorizedException", ""));
  if (name.contains(':')) return Fail(Invalid(fmt::format("{} contains invalid characters for an alias", name)));
  return {};
}

AliasListEntry EntryOf(const AliasRow& alias) {
  return {.alias_name = alias.name.id, .alias_arn = alias.name.Arn(), .target_key_id = alias.target_id,
          .creation_date = WallTime(std::chrono::milliseconds(alias.created_millis)), .last_updated_date = WallTime(std::chrono::milliseconds(alias.updated_millis))};
}

Result<> CheckAliasRoom(const KeyTables& tables, const KeyRow& key) {
  const auto of_key = [&](const auto& row) { return row.value->target_id == key.name.id; };
  if (tables.aliases.ListIf(key.name.Place(), "", kAliasesMax, of_key).size() < kAliasesMax) return {};
  return Fail(Error::Service("LimitExceededException", fmt::format("{} has the most aliases that a key may have.", key.name.Arn())));
}

}  // namespace

Task<Result<CreateAliasResponse>> KmsApi::CreateAlias(Context& ctx, CreateAliasRequest request) {
  MF_CO_TRY_VOID(CheckAliasName(request.alias_name));
  if (request.target_key_id.starts_with(kAliasPrefix)) co_return Fail(Invalid("Aliases must refer to keys. Not aliases"));
  MF_CO_TRY(const KeyPointer key, vault_->FindNow(ctx, request.target_key_id, KeyForms::Keys));
  MF_CO_TRY_VOID(KeyVault::CheckNotPending(*key));
  MF_CO_TRY_VOID(CheckAliasRoom(*tables_, *key));
  const KeyName name{ctx.principal.account_id, ctx.principal.region, request.alias_name};
  resources::Change change(tables_->all);
  const int64_t now = vault_->NowMillis();
  MF_CO_TRY_VOID(change.Create(tables_->aliases, name.Key(), AliasRow{.name = name, .target_id = key->name.id, .created_millis = now, .updated_millis = now}));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  co_return CreateAliasResponse();
}

Task<Result<UpdateAliasResponse>> KmsApi::UpdateAlias(Context& ctx, UpdateAliasRequest request) {
  MF_CO_TRY_VOID(CheckAliasName(request.alias_name));
  MF_CO_TRY(const KeyPointer key, vault_->FindNow(ctx, request.target_key_id, KeyForms::Keys));
  MF_CO_TRY_VOID(KeyVault::CheckNotPending(*key));
  const KeyName name{ctx.principal.account_id, ctx.principal.region, request.alias_name};
  MF_CO_TRY_VOID(co_await resources::Edit(ctx, tables_->aliases, name.Key(), [&](AliasRow& alias) -> Result<> {
    const KeyPointer old = vault_->FindByName({name.account_id, name.region, alias.target_id});
    if (old && (old->usage != key->usage || old->is_symmetric() != key->is_symmetric())) {
      return Fail(Invalid(fmt::format("Alias {} cannot be changed to {}: both keys must have the same kind and usage.", name.Arn(), key->name.Arn())));
    }
    alias.target_id = key->name.id;
    alias.updated_millis = vault_->NowMillis();
    return {};
  }));
  co_return UpdateAliasResponse();
}

Task<Result<DeleteAliasResponse>> KmsApi::DeleteAlias(Context& ctx, DeleteAliasRequest request) {
  MF_CO_TRY_VOID(CheckAliasName(request.alias_name));
  const KeyName name{ctx.principal.account_id, ctx.principal.region, request.alias_name};
  MF_CO_TRY_VOID(co_await resources::Remove(ctx, tables_->aliases, name.Key()));
  co_return DeleteAliasResponse();
}

Task<Result<ListAliasesResponse>> KmsApi::ListAliases(Context& ctx, ListAliasesRequest request) {
  std::string target;
  if (request.key_id) {
    MF_CO_TRY(const KeyPointer key, vault_->FindNow(ctx, *request.key_id, KeyForms::Keys));
    target = key->name.id;
  }
  const KeyName place{ctx.principal.account_id, ctx.principal.region, {}};
  MF_CO_TRY(auto page, resources::NextPageIf(tables_->aliases, PageOf(place.Place(), request.limit, 50, request.marker),
                                             [&](const auto& row) { return target.empty() || row.value->target_id == target; }));
  ListAliasesResponse response{.aliases = std::vector<AliasListEntry>(), .next_marker = page.next_marker, .truncated = page.next_marker.has_value()};
  for (const auto& row : page.rows) response.aliases->push_back(EntryOf(*row.value));
  co_return response;
}

}  // namespace mayfly::kms
