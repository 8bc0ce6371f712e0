// GetSessionToken, and the credentials that all operations give.
#include <algorithm>

#include "services/sts/names.h"
#include "services/sts/sts_api.h"

namespace mayfly::sts {
namespace {

constexpr std::chrono::seconds kUsual = std::chrono::hours(12);
constexpr std::chrono::seconds kOfRoot = std::chrono::hours(1);  // the usual and the longest of an account's root

}  // namespace

int32_t UtilizationOf(std::string_view session_token) {
  return static_cast<int32_t>(session_token.size() * 100 / identity::kSessionTokenBytesMax);
}

Credentials StsApi::Issue(std::string_view account_id, std::string_view arn, std::chrono::seconds valid) {
  const auto expires_at = std::chrono::floor<std::chrono::seconds>(parts_.clock->WallNow()) + valid;
  identity::AccessKey key = parts_.sessions->Issue(account_id, arn, expires_at, identity::KeyReach::Everywhere);
  return {.access_key_id = std::move(key.access_key_id), .secret_access_key = std::move(key.secret_access_key),
          .session_token = std::move(key.session_token), .expiration = expires_at};
}

Task<Result<GetSessionTokenResponse>> StsApi::GetSessionToken(Context& ctx, GetSessionTokenRequest request) {
  const std::string& arn = ctx.principal.arn;
  if (IsSession(arn) || ctx.principal.access_key_id.starts_with("ASIA")) co_return Fail(AccessDenied("Cannot call GetSessionToken with session credentials"));
  const bool is_root = arn.ends_with(":root");
  std::chrono::seconds valid = is_root ? kOfRoot : kUsual;
  if (request.duration_seconds) valid = std::chrono::seconds(*request.duration_seconds);
  if (is_root) valid = std::min(valid, kOfRoot);
  GetSessionTokenResponse response{.credentials = Issue(ctx.principal.account_id, arn, valid)};
  response.session_token_utilization = UtilizationOf(response.credentials->session_token);
  response.session_token_size = static_cast<int32_t>(response.credentials->session_token.size());
  co_return response;
}

}  // namespace mayfly::sts
