// AssumeRoleWithWebIdentity: a token of an identity provider that the role's account knows stands for credentials of its own.
#include <algorithm>

#include <fmt/format.h>

#include "services/sts/sts_api.h"

namespace mayfly::sts {
namespace {

constexpr std::chrono::seconds kClocksMayDiffer = std::chrono::minutes(5);
constexpr std::string_view kTagsClaim = "https://aws.amazon.com/tags";
constexpr std::string_view kSourceIdentityClaim = "https://aws.amazon.com/source_identity";

Error InvalidToken(std::string message) { return Error::Service("InvalidIdentityTokenException", std::move(message)); }
Error NotAuthorizedForToken() { return AccessDenied("Not authorized to perform sts:AssumeRoleWithWebIdentity"); }

// The issuer as a provider is called: without scheme and slash at the end.
std::string ProviderOf(std::string_view issuer) {
  if (const size_t at = issuer.find("://"); at != std::string_view::npos) issuer.remove_prefix(at + 3);
  while (issuer.ends_with('/')) issuer.remove_suffix(1);
  return std::string(issuer);
}

// For whom the token is: azp where there is one, as AWS has it.
std::vector<std::string> AudienceOf(const Jwt& token) {
  if (std::string party = token.Text("azp"); !party.empty()) return {std::move(party)};
  return token.Texts("aud");
}

}  // namespace

Result<> StsApi::CheckTimes(const Jwt& token) const {
  const auto now = std::chrono::floor<std::chrono::seconds>(parts_.calendar->WallNow()).time_since_epoch().count();
  const json::Value* expires = token.claims.Find("exp");
  if (!expires || !expires->is_number()) return Fail(InvalidToken("Missing a required claim: exp"));
  const auto at = static_cast<int64_t>(expires->AsDouble().value_or(0));
  if (at <= now) {
    return Fail(Error::Service("ExpiredTokenException",
                               fmt::format("Token expired: current date/time {} must be before the expiration date/time {}", now, at)));
  }
  for (const char* claim : {"nbf", "iat"}) {
    const json::Value* begins = token.claims.Find(claim);
    if (begins && begins->is_number() && begins->AsDouble().value_or(0) > static_cast<double>(now + kClocksMayDiffer.count())) {
      return Fail(InvalidToken(fmt::format("The ID Token provided is not yet valid: {} is in the future", claim)));
    }
  }
  return {};
}

void StsApi::TakeClaims(const Jwt& token, identity::SessionData& data) {
  data.source_identity = token.Text(kSourceIdentityClaim);
  const json::Value* tags = token.claims.Find(kTagsClaim);
  const json::Value* principal_tags = tags ? tags->Find("principal_tags") : nullptr;
  if (!principal_tags || !principal_tags->is_object()) return;
  for (const auto& [key, values] : principal_tags->object()) {
    if (values.is_array() && values.array().size() == 1 && values.array().front().is_string()) data.tags.emplace_back(key, values.array().front().string());
    if (values.is_string()) data.tags.emplace_back(key, values.string());
  }
  const json::Value* transitive = tags->Find("transitive_tag_keys");
  if (!transitive || !transitive->is_array()) return;
  for (const json::Value& key : transitive->array()) {
    if (key.is_string()) data.transitive_tag_keys.push_back(key.string());
  }
}

Task<Result<AssumeRoleWithWebIdentityResponse>> StsApi::AssumeRoleWithWebIdentity(Context& ctx, AssumeRoleWithWebIdentityRequest request) {
  MF_CO_TRY(const sts::Role role, ParseRoleArn(request.role_arn));
  MF_CO_TRY(const Jwt token, ParseJwt(request.web_identity_token));
  const std::string issuer = token.Text("iss"), subject = token.Text("sub");
  const std::string provider = ProviderOf(issuer);
  if (issuer.empty() || subject.empty()) co_return Fail(InvalidToken("Missing a required claim: iss or sub"));
  const auto known = parts_.directory->FindProvider(role.account_id, provider);
  if (!known) co_return Fail(InvalidToken(fmt::format("No OpenIDConnect provider found in your account for {}", issuer)));
  const std::vector<std::string> audience = AudienceOf(token);
  const bool is_for_us = std::ranges::any_of(audience, [&](const std::string& one) { return std::ranges::find(known->client_ids, one) != known->client_ids.end(); });
  if (!is_for_us) co_return Fail(InvalidToken("Incorrect token audience"));
  MF_CO_TRY_VOID(CheckTimes(token));
  const auto transport = known->is_plain_http ? KeySets::Transport::Plain : KeySets::Transport::Tls;
  MF_CO_TRY(const std::vector<Jwk> keys, co_await parts_.key_sets->KeysOf(ctx, provider, token.key_id, transport));
  const bool is_signed = std::ranges::any_of(keys, [&](const Jwk& key) { return (token.key_id.empty() || token.key_id == key.key_id) && IsSignedWith(token, key); });
  if (!is_signed) co_return Fail(InvalidToken("Couldn't verify the signature of the ID Token with the keys of your identity provider"));

  const auto facts = parts_.directory->FindRole(request.role_arn);
  identity::SessionData data{.identity_id = facts ? facts->id : std::string()};
  TakeClaims(token, data);
  MF_CO_TRY_VOID(AddPolicies(request.policy, request.policy_arns, role.account_id, data));
  MF_CO_TRY(const std::chrono::seconds valid, DurationOf(request.duration_seconds, facts));
  const std::string provider_arn = fmt::format("arn:aws:iam::{}:oidc-provider/{}", role.account_id, provider);
  identity::ConditionKeys trust_keys;
  identity::AddGlobalKeys(identity::RequestPrincipal::Anonymous(), ctx.principal.region, parts_.clock->WallNow(), trust_keys);
  trust_keys.Add("sts:RoleSessionName", request.role_session_name);
  const auto add = [&](std::string name, std::string_view value) {
    trust_keys.Add(name, value);
    data.context_keys.emplace_back(std::move(name), value);
  };
  add("aws:FederatedProvider", provider_arn);
  add(provider + ":sub", subject);
  for (const std::string& one : audience) add(provider + ":aud", one);
  for (const std::string& one : token.Texts("amr")) add(provider + ":amr", one);
  if (!data.source_identity.empty()) trust_keys.Add("sts:SourceIdentity", data.source_identity);
  for (const auto& [key, value] : data.tags) trust_keys.Add("aws:RequestTag/" + key, value).Add("aws:TagKeys", key);
  identity::RequestPrincipal federated;
  federated.federated = provider_arn;
  const auto allows = [&](std::string_view action) {
    return parts_.directory->TrustOf(request.role_arn, action, federated, trust_keys).type == identity::DecisionType::Allow;
  };
  const bool is_open = parts_.mode == identity::AuthMode::Open && !facts;  // a role need not be there
  if (!is_open && !allows("sts:AssumeRoleWithWebIdentity")) co_return Fail(NotAuthorizedForToken());
  if (!is_open && !data.tags.empty() && !allows("sts:TagSession")) co_return Fail(NotAuthorizedForToken());

  const std::string arn = role.SessionArn(request.role_session_name);
  AssumeRoleWithWebIdentityResponse response;
  if (!data.source_identity.empty()) response.source_identity = data.source_identity;
  MF_CO_TRY(Given given, Issue(role.account_id, arn, valid, std::move(data)));
  response.credentials = std::move(given.credentials);
  response.packed_policy_size = given.packed_percent;
  response.subject_from_web_identity_token = subject;
  response.provider = provider_arn;
  response.audience = audience.front();
  response.assumed_role_user =
      AssumedRoleUser{.assumed_role_id = fmt::format("{}:{}", facts ? facts->id : role.Id(), request.role_session_name), .arn = arn};
  response.session_token_utilization = UtilizationOf(response.credentials->session_token);
  response.session_token_size = static_cast<int32_t>(response.credentials->session_token.size());
  if (facts) co_await parts_.directory->NoteUse(ctx, request.role_arn);
  co_return response;
}

}  // namespace mayfly::sts
