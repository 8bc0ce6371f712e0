// CreateGrant, ListGrants, ListRetirableGrants, RetireGrant, RevokeGrant.
#include <algorithm>

#include <fmt/format.h>

#include "base/hash.h"
#include "identity/arn.h"
#include "resources/edit.h"
#include "services/kms/kms_api.h"

namespace mayfly::kms {
namespace {

constexpr std::string_view kTokenContext = "kms grant token";
constexpr size_t kGrantsUsual = 50;

resources::StringPairs PairsOf(const std::optional<wire::Map<std::string>>& map) {
  return map ? resources::StringPairs(map->begin(), map->end()) : resources::StringPairs();
}

GrantRow GrantOf(const Context& ctx, const CreateGrantRequest& request, const KeyName& key) {
  GrantRow grant{.key = key, .id = {}, .name = request.name.value_or(""), .grantee = request.grantee_principal.value_or(request.grantee_service_principal.value_or("")),
                 .retiring = request.retiring_principal.value_or(request.retiring_service_principal.value_or(""))};
  grant.issuing = fmt::format("arn:{}:iam::{}:root", identity::PartitionOf(key.region), ctx.principal.account_id);
  grant.operations = request.operations;
  if (!request.constraints) return grant;
  grant.subset = PairsOf(request.constraints->encryption_context_subset);
  grant.equals = PairsOf(request.constraints->encryption_context_equals);
  grant.source_arn = request.constraints->source_arn.value_or("");
  return grant;
}

bool AreAlike(const GrantRow& a, const GrantRow& b) {
  return a.name == b.name && a.grantee == b.grantee && a.retiring == b.retiring && a.operations == b.operations && a.subset == b.subset && a.equals == b.equals &&
         a.source_arn == b.source_arn;
}

std::optional<wire::Map<std::string>> MapOf(const resources::StringPairs& pairs) {
  return pairs.empty() ? std::nullopt : std::optional(wire::Map<std::string>(pairs.begin(), pairs.end()));
}

std::optional<std::string> Unless(bool is_absent, const std::string& text) { return is_absent || text.empty() ? std::nullopt : std::optional(text); }

GrantListEntry Describe(const GrantRow& grant) {
  const bool is_service = !grant.grantee.starts_with("arn:");
  GrantListEntry entry{.key_id = grant.key.Arn(), .grant_id = grant.id, .name = grant.name, .creation_date = WallTime(std::chrono::milliseconds(grant.created_millis)),
                       .grantee_principal = Unless(is_service, grant.grantee), .retiring_principal = Unless(false, grant.retiring), .issuing_account = grant.issuing,
                       .operations = grant.operations, .constraints = {}, .grantee_service_principal = Unless(!is_service, grant.grantee),
                       .retiring_service_principal = {}};
  if (!grant.subset.empty() || !grant.equals.empty() || !grant.source_arn.empty()) {
    entry.constraints = GrantConstraints{.encryption_context_subset = MapOf(grant.subset), .encryption_context_equals = MapOf(grant.equals), .source_arn = Unless(false, grant.source_arn)};
  }
  return entry;
}

template <typename Response>
Response AnswerOf(resources::Page<GrantRow> page) {
  Response response{.grants = std::vector<GrantListEntry>(), .next_marker = page.next_marker, .truncated = page.next_marker.has_value()};
  for (const auto& row : page.rows) response.grants->push_back(Describe(*row.value));
  return response;
}

Result<> CheckGrantee(const CreateGrantRequest& request) {
  if (request.grantee_principal.has_value() == request.grantee_service_principal.has_value()) {
    return Fail(Invalid("Specify either GranteePrincipal or GranteeServicePrincipal."));
  }
  if (request.grantee_principal && !identity::ParseArn(*request.grantee_principal)) {
    return Fail(Error::Service("InvalidArnException", fmt::format("ARN does not refer to a valid principal: {}", *request.grantee_principal)));
  }
  return {};
}

}  // namespace

Task<Result<CreateGrantResponse>> KmsApi::CreateGrant(Context& ctx, CreateGrantRequest request) {
  MF_CO_TRY(const KeyPointer key, vault_->FindNow(ctx, request.key_id, KeyForms::Keys));
  MF_CO_TRY_VOID(KeyVault::CheckNotPending(*key));
  if (key->state == "Disabled") co_return Fail(Error::Service("DisabledException", fmt::format("{} is disabled.", key->name.Arn())));
  MF_CO_TRY_VOID(CheckGrantee(request));
  MF_CO_TRY_VOID(CheckDryRun(request.dry_run));
  GrantRow grant = GrantOf(ctx, request, key->name);
  // With a name, a call that is made again makes nothing.
  const auto alike = tables_->grants.ListIf(key->name.Key() + '/', "", 1, [&](const auto& row) { return !grant.name.empty() && AreAlike(*row.value, grant); });
  if (!alike.empty()) {
    grant.id = alike[0].value->id;
  } else {
    if (tables_->grants.size() >= kGrantsMax) co_return Fail(Error::Service("LimitExceededException", "The quota of grants has been reached."));
    grant.id = Sha256Hex(keyring::RandomBytes(32).view());
    grant.created_millis = vault_->NowMillis();
    resources::Change change(tables_->all);
    MF_CO_TRY_VOID(change.Create(tables_->grants, GrantKey(key->name, grant.id), grant));
    MF_CO_TRY_VOID(co_await change.Commit(ctx));
  }
  co_return CreateGrantResponse{.grant_token = keyring_->Seal(GrantKey(key->name, grant.id), kTokenContext), .grant_id = grant.id};
}

Task<Result<ListGrantsResponse>> KmsApi::ListGrants(Context& ctx, ListGrantsRequest request) {
  MF_CO_TRY(const KeyPointer key, vault_->FindNow(ctx, request.key_id, KeyForms::Keys));
  const std::string grantee = request.grantee_principal.value_or(request.grantee_service_principal.value_or(""));
  MF_CO_TRY(auto page, resources::NextPageIf(tables_->grants, PageOf(key->name.Key() + '/', request.limit, kGrantsUsual, request.marker), [&](const auto& row) {
              return (!request.grant_id || row.value->id == *request.grant_id) && (grantee.empty() || row.value->grantee == grantee);
            }));
  co_return AnswerOf<ListGrantsResponse>(std::move(page));
}

Task<Result<ListRetirableGrantsResponse>> KmsApi::ListRetirableGrants(Context& ctx, ListRetirableGrantsRequest request) {
  const std::string retiring = request.retiring_principal.value_or(request.retiring_service_principal.value_or(""));
  const KeyName place{ctx.principal.account_id, ctx.principal.region, {}};
  MF_CO_TRY(auto page, resources::NextPageIf(tables_->grants, PageOf(place.Place(), request.limit, kGrantsUsual, request.marker),
                                             [&](const auto& row) { return row.value->retiring == retiring; }));
  co_return AnswerOf<ListRetirableGrantsResponse>(std::move(page));
}

Task<Result<>> KmsApi::EndGrant(Context& ctx, std::string grant_key) { return resources::Remove(ctx, tables_->grants, std::move(grant_key)); }

Task<Result<RetireGrantResponse>> KmsApi::RetireGrant(Context& ctx, RetireGrantRequest request) {
  std::string grant_key;
  if (request.grant_token) {
    auto opened = keyring_->Open(*request.grant_token, kTokenContext);
    if (!opened) co_return Fail(Error::Service("InvalidGrantTokenException", "The grant token is not valid."));
    grant_key = std::move(*opened);
  } else {
    if (!request.key_id || !request.grant_id) co_return Fail(Invalid("Specify a grant token, or a key ID and a grant ID."));
    MF_CO_TRY(const KeyPointer key, vault_->FindNow(ctx, *request.key_id, KeyForms::Keys));
    grant_key = GrantKey(key->name, *request.grant_id);
  }
  MF_CO_TRY(const auto grant, tables_->grants.Get(grant_key));
  const std::string& caller = ctx.principal.arn;
  const bool may = caller == grant->issuing || identity::IsArnOrSessionOf(caller, grant->retiring) ||
                   (identity::IsArnOrSessionOf(caller, grant->grantee) && std::ranges::find(grant->operations, "RetireGrant") != grant->operations.end());
  if (!may) co_return Fail(Error::Service("AccessDeniedException", fmt::format("User: {} is not authorized to perform: kms:RetireGrant on resource: {}", caller, grant->key.Arn())));
  MF_CO_TRY_VOID(CheckDryRun(request.dry_run));
  MF_CO_TRY_VOID(co_await EndGrant(ctx, grant_key));
  co_return RetireGrantResponse();
}

Task<Result<RevokeGrantResponse>> KmsApi::RevokeGrant(Context& ctx, RevokeGrantRequest request) {
  MF_CO_TRY(const KeyPointer key, vault_->FindNow(ctx, request.key_id, KeyForms::Keys));
  const std::string grant_key = GrantKey(key->name, request.grant_id);
  MF_CO_TRY_VOID(tables_->grants.Get(grant_key));
  MF_CO_TRY_VOID(CheckDryRun(request.dry_run));
  MF_CO_TRY_VOID(co_await EndGrant(ctx, grant_key));
  co_return RevokeGrantResponse();
}

}  // namespace mayfly::kms
