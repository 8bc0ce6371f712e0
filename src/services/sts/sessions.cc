// GetSessionToken, GetFederationToken, and the credentials that all operations give.
#include <algorithm>

#include <fmt/format.h>

#include "identity/policy.h"
#include "services/sts/sts_api.h"

namespace mayfly::sts {
namespace {

constexpr std::chrono::seconds kUsual = std::chrono::hours(12);
constexpr std::chrono::seconds kOfRoot = std::chrono::hours(1);  // the usual and the longest of an account's root
constexpr size_t kPolicyTextMax = 2048;
constexpr size_t kPolicyArnsMax = 10;

std::chrono::seconds DurationFor(std::string_view caller_arn, const std::optional<int32_t>& asked) {
  const bool is_root = caller_arn.ends_with(":root");
  const std::chrono::seconds usual = is_root ? kOfRoot : kUsual;
  const std::chrono::seconds valid = asked ? std::chrono::seconds(*asked) : usual;
  return is_root ? std::min(valid, kOfRoot) : valid;
}

bool IsTemporary(const Principal& caller) { return IsSession(caller.arn) || caller.access_key_id.starts_with("ASIA"); }

}  // namespace

int32_t UtilizationOf(std::string_view session_token) {
  return static_cast<int32_t>(session_token.size() * 100 / identity::kSessionTokenBytesMax);
}

Result<StsApi::Given> StsApi::Issue(std::string_view account_id, std::string_view arn, std::chrono::seconds valid, identity::SessionData data) {
  const auto now = std::chrono::floor<std::chrono::seconds>(parts_.clock->WallNow());
  data.issued_seconds = now.time_since_epoch().count();
  const size_t packed = identity::Pack(data).size();
  const auto percent = static_cast<int32_t>((packed * 100 + identity::kPackedMax - 1) / identity::kPackedMax);
  if (packed > identity::kPackedMax) {
    return Fail(Error::Service("PackedPolicyTooLargeException", fmt::format("Packed size of session tags and policies consumes {}% of allotted space.", percent)));
  }
  const auto expires_at = now + valid;
  identity::AccessKey key = parts_.sessions->IssueWith(account_id, arn, expires_at, data);
  return Given{.credentials = {.access_key_id = std::move(key.access_key_id), .secret_access_key = std::move(key.secret_access_key),
                               .session_token = std::move(key.session_token), .expiration = expires_at},
               .packed_percent = percent};
}

Result<> StsApi::AddPolicies(const std::optional<std::string>& policy, const std::optional<std::vector<PolicyDescriptorType>>& arns, std::string_view account_id,
                             identity::SessionData& data) const {
  if (policy) {
    auto parsed = identity::Policy::Parse(*policy, identity::Policy::Kind::Identity);
    if (!parsed) return Fail(Error::Service("MalformedPolicyDocumentException", std::move(parsed).error().message));
    if (policy->size() > kPolicyTextMax) return Fail(Invalid("The session policy must have length less than or equal to 2048"));
    data.policy = *policy;
  }
  for (const PolicyDescriptorType& one : arns.value_or(std::vector<PolicyDescriptorType>())) {
    if (!one.arn) continue;
    if (!parts_.directory->HasPolicy(account_id, *one.arn)) return Fail(Invalid(fmt::format("PolicyArn {} does not exist or is not attachable.", *one.arn)));
    if (data.policy_arns.size() == kPolicyArnsMax) return Fail(Invalid("The number of managed policy ARNs must be less than or equal to 10"));
    data.policy_arns.push_back(*one.arn);
  }
  return {};
}

Task<Result<GetSessionTokenResponse>> StsApi::GetSessionToken(Context& ctx, GetSessionTokenRequest request) {
  const std::string& arn = ctx.principal.arn;
  if (IsTemporary(ctx.principal)) co_return Fail(AccessDenied("Cannot call GetSessionToken with session credentials"));
  identity::SessionData data{.identity_id = arn.ends_with(":root") ? std::string() : parts_.directory->UserIdOf(arn)};
  MF_CO_TRY(Given given, Issue(ctx.principal.account_id, arn, DurationFor(arn, request.duration_seconds), std::move(data)));
  GetSessionTokenResponse response{.credentials = std::move(given.credentials)};
  response.session_token_utilization = UtilizationOf(response.credentials->session_token);
  response.session_token_size = static_cast<int32_t>(response.credentials->session_token.size());
  co_return response;
}

Task<Result<GetFederationTokenResponse>> StsApi::GetFederationToken(Context& ctx, GetFederationTokenRequest request) {
  const std::string& account_id = ctx.principal.account_id;
  if (IsTemporary(ctx.principal)) co_return Fail(AccessDenied("Cannot call GetFederationToken with session credentials"));
  identity::SessionData data{.maker_arn = ctx.principal.arn};
  MF_CO_TRY_VOID(AddPolicies(request.policy, request.policy_arns, account_id, data));
  MF_CO_TRY_VOID(TakeTags(request.tags, std::nullopt, data));
  const std::string arn = fmt::format("arn:aws:sts::{}:federated-user/{}", account_id, request.name);
  MF_CO_TRY(Given given, Issue(account_id, arn, DurationFor(ctx.principal.arn, request.duration_seconds), std::move(data)));
  GetFederationTokenResponse response{.credentials = std::move(given.credentials)};
  response.federated_user = FederatedUser{.federated_user_id = fmt::format("{}:{}", account_id, request.name), .arn = arn};
  response.packed_policy_size = given.packed_percent;
  response.session_token_utilization = UtilizationOf(response.credentials->session_token);
  response.session_token_size = static_cast<int32_t>(response.credentials->session_token.size());
  co_return response;
}

}  // namespace mayfly::sts
