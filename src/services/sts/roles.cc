// AssumeRole.
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "services/sts/sts_api.h"

namespace mayfly::sts {
namespace {

constexpr std::chrono::seconds kUsualOfRoles = std::chrono::hours(1);
constexpr std::chrono::seconds kChainedMax = std::chrono::hours(1);  // of a role that a role's session assumes

Error NotAuthorizedFor(const Context& ctx, std::string_view action, std::string_view role_arn) {
  return AccessDenied(fmt::format("User: {} is not authorized to perform: {} on resource: {}", ctx.principal.arn, action, role_arn));
}

}  // namespace

Result<> TakeTags(const std::optional<std::vector<Tag>>& tags, const std::optional<std::vector<std::string>>& transitive, identity::SessionData& data) {
  std::set<std::string> keys;
  for (const Tag& tag : tags.value_or(std::vector<Tag>())) {
    if (!keys.insert(LowerCase(tag.key)).second) return Fail(Invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive."));
    data.tags.emplace_back(tag.key, tag.value);
  }
  for (const std::string& key : transitive.value_or(std::vector<std::string>())) {
    if (!keys.contains(LowerCase(key))) return Fail(Invalid("The specified transitive tag key must be included in the requested tags."));
    data.transitive_tag_keys.push_back(key);
  }
  return {};
}

Result<> StsApi::InheritFrom(const Context& ctx, identity::SessionData& data) const {
  const auto opened = parts_.sessions->Find(ctx.principal.access_key_id);
  if (!opened || !opened->data) return {};
  const identity::SessionData& mine = *opened->data;
  for (const std::string& key : mine.transitive_tag_keys) {
    for (const auto& [name, value] : mine.tags) {
      if (!EqualIgnoringCase(name, key)) continue;
      const auto same = [&](const auto& tag) { return EqualIgnoringCase(tag.first, key); };
      if (std::ranges::any_of(data.tags, same)) {
        return Fail(Error::Service("ValidationException", "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session."));
      }
      data.tags.emplace_back(name, value);
      data.transitive_tag_keys.push_back(key);
    }
  }
  if (mine.source_identity.empty()) return {};
  if (!data.source_identity.empty() && data.source_identity != mine.source_identity) {
    return Fail(AccessDenied("The source identity of a session cannot be changed."));
  }
  data.source_identity = mine.source_identity;
  return {};
}

Result<> StsApi::CheckTrustFor(const Context& ctx, std::string_view action, std::string_view role_arn, const identity::ConditionKeys& keys) const {
  MF_TRY(const sts::Role role, ParseRoleArn(role_arn));
  const auto principal = identity::RequestPrincipal::Of(ctx.principal);
  const identity::PolicyRequest request{principal, action, role_arn, keys};
  identity::ResourceSide side{.owner_account_id = role.account_id, .decision = parts_.directory->TrustOf(role_arn, action, principal, keys)};
  side.must_allow = true;
  side.kind = identity::PolicyKind::RoleTrust;
  if (parts_.policies->Authorize(request, side, {})) return {};
  return Fail(NotAuthorizedFor(ctx, action, role_arn));
}

// A role that is not there: where no policies are asked about callers, whoever has the account has it.
Result<> StsApi::CheckMissing(const Context& ctx, const std::string& role_arn) const {
  MF_TRY(const sts::Role role, ParseRoleArn(role_arn));
  const bool is_asked = !parts_.policies->IsAdministrator({.account_id = ctx.principal.account_id, .arn = role_arn});
  const bool is_elsewhere = parts_.principals->Find(role.account_id, role.SessionArn("any"), "") != nullptr;  // of another path
  if (!is_asked && !is_elsewhere && role.account_id == ctx.principal.account_id) return {};
  return Fail(NotAuthorizedFor(ctx, "sts:AssumeRole", role_arn));
}

Result<> StsApi::CheckTrust(const Context& ctx, const AssumeRoleRequest& request, const identity::SessionData& data) const {
  if (parts_.mode == identity::AuthMode::Open) return {};  // who asks is not known
  if (!parts_.directory->FindRole(request.role_arn)) return CheckMissing(ctx, request.role_arn);
  identity::ConditionKeys keys;
  parts_.policies->AddKeys(identity::RequestPrincipal::Of(ctx.principal), keys);
  identity::AddGlobalKeys(identity::RequestPrincipal::Of(ctx.principal), ctx.principal.region, parts_.clock->WallNow(), keys);
  keys.Add("sts:RoleSessionName", request.role_session_name);
  if (request.external_id) keys.Add("sts:ExternalId", *request.external_id);
  if (!data.source_identity.empty()) keys.Add("sts:SourceIdentity", data.source_identity);
  for (const auto& [key, value] : data.tags) {
    if (!keys.Find("aws:RequestTag/" + key)) keys.Add("aws:RequestTag/" + key, value);
  }
  if (!keys.Find("aws:TagKeys")) {
    for (const auto& [key, value] : data.tags) keys.Add("aws:TagKeys", key);
  }
  for (const std::string& key : data.transitive_tag_keys) keys.Add("sts:TransitiveTagKeys", key);
  MF_TRY_VOID(CheckTrustFor(ctx, "sts:AssumeRole", request.role_arn, keys));
  if (!data.tags.empty()) MF_TRY_VOID(CheckTrustFor(ctx, "sts:TagSession", request.role_arn, keys));
  if (!data.source_identity.empty()) MF_TRY_VOID(CheckTrustFor(ctx, "sts:SetSourceIdentity", request.role_arn, keys));
  return {};
}

Result<std::chrono::seconds> StsApi::DurationOf(const std::optional<int32_t>& asked, const std::optional<identity::IdentityDirectory::RoleFacts>& role) const {
  const std::chrono::seconds valid = asked ? std::chrono::seconds(*asked) : kUsualOfRoles;
  if (role && asked && valid > std::chrono::seconds(role->max_session_seconds)) {
    return Fail(Invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role."));
  }
  return valid;
}

Task<Result<AssumeRoleResponse>> StsApi::AssumeRole(Context& ctx, AssumeRoleRequest request) {
  MF_CO_TRY(const sts::Role role, ParseRoleArn(request.role_arn));
  const auto facts = parts_.directory->FindRole(request.role_arn);
  identity::SessionData data{.identity_id = facts ? facts->id : std::string()};
  data.source_identity = request.source_identity.value_or("");
  MF_CO_TRY_VOID(TakeTags(request.tags, request.transitive_tag_keys, data));
  MF_CO_TRY_VOID(AddPolicies(request.policy, request.policy_arns, role.account_id, data));
  MF_CO_TRY_VOID(InheritFrom(ctx, data));
  MF_CO_TRY(const std::chrono::seconds valid, DurationOf(request.duration_seconds, facts));
  if (valid > kChainedMax && IsSession(ctx.principal.arn)) {
    co_return Fail(Invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"));
  }
  MF_CO_TRY_VOID(CheckTrust(ctx, request, data));
  const std::string arn = role.SessionArn(request.role_session_name);
  const bool is_packed = !data.tags.empty() || !data.policy.empty() || !data.policy_arns.empty();
  AssumeRoleResponse response;
  if (!data.source_identity.empty()) response.source_identity = data.source_identity;
  MF_CO_TRY(Given given, Issue(role.account_id, arn, valid, std::move(data)));
  response.credentials = std::move(given.credentials);
  if (is_packed) response.packed_policy_size = given.packed_percent;
  response.assumed_role_user =
      AssumedRoleUser{.assumed_role_id = fmt::format("{}:{}", facts ? facts->id : role.Id(), request.role_session_name), .arn = arn};
  response.session_token_utilization = UtilizationOf(response.credentials->session_token);
  response.session_token_size = static_cast<int32_t>(response.credentials->session_token.size());
  if (facts) co_await parts_.directory->NoteUse(ctx, request.role_arn);
  co_return response;
}

}  // namespace mayfly::sts
