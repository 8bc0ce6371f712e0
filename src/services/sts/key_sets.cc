#include "services/sts/key_sets.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/files.h"
#include "base/log.h"
#include "base/real_loop.h"

namespace mayfly::sts {
namespace {

http::ClientLimits LimitsOfFetches(http::Reach reach) {
  http::ClientLimits limits;
  limits.body_bytes_max = kJwksBytesMax;
  limits.idle_connections_per_host = 1;
  limits.reach = reach;
  return limits;
}

Error NoKeys() {
  return Error::Service("IDPCommunicationErrorException",
                        "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements");
}

bool HasKey(const std::vector<Jwk>& keys, std::string_view key_id) {
  return key_id.empty() ? !keys.empty() : std::ranges::find(keys, key_id, &Jwk::key_id) != keys.end();
}

std::string_view WithoutScheme(std::string_view issuer) {
  if (const size_t at = issuer.find("://"); at != std::string_view::npos) issuer.remove_prefix(at + 3);
  while (issuer.ends_with('/')) issuer.remove_suffix(1);
  return issuer;
}

}  // namespace

KeySets::KeySets(RealLoop& loop, http::Reach reach) : loop_(&loop), client_(loop, LimitsOfFetches(reach)) {}

Result<> KeySets::AddFile(std::string_view text) {
  const size_t equals = text.rfind('=');
  if (equals == std::string_view::npos || equals == 0) return Fail(Error::Fault(fmt::format("--oidc-keys {}: not ISSUER=FILE", text)));
  const std::string path(text.substr(equals + 1));
  MF_TRY(const std::string document, ReadFile(path));
  auto keys = ParseJwks(document);
  if (!keys) return Fail(Error::Fault(fmt::format("{}: {}", path, keys.error().message), "the file holds what the issuer has under its jwks_uri"));
  of_files_[std::string(WithoutScheme(text.substr(0, equals)))] = std::move(*keys);
  return {};
}

Task<Result<std::vector<Jwk>>> KeySets::KeysOf(Context& ctx, std::string name, std::string key_id, Transport transport) {
  if (const auto found = of_files_.find(name); found != of_files_.end()) co_return found->second;
  const std::string issuer = fmt::format("{}://{}", transport == Transport::Tls ? "https" : "http", name);
  if (const auto found = fetched_.find(issuer); found != fetched_.end()) {
    const Duration age = loop_->Now() - found->second.at;
    if (age < kKeysRest || (age < kKeysGood && HasKey(found->second.keys, key_id))) co_return found->second.keys;
  }
  auto keys = co_await FetchKeys(ctx, issuer);
  if (!keys) {
    log::Warning("the keys of {} could not be fetched: {}", issuer, keys.error().ToString());
    co_return Fail(NoKeys());
  }
  if (fetched_.size() >= kIssuersKept) fetched_.clear();
  fetched_[issuer] = {*keys, loop_->Now()};
  co_return std::move(*keys);
}

Task<Result<std::string>> KeySets::Fetch(Context& ctx, std::string url) {
  http::ClientRequest request{.url = url};
  request.headers.Add("Accept", "application/json");
  MF_CO_TRY(http::ClientResponse response, co_await client_.Send(ctx, std::move(request)));
  if (response.status != 200) co_return Fail(Error::Fault(fmt::format("{} answers {}", url, response.status)));
  co_return std::move(response.body);
}

Task<Result<std::vector<Jwk>>> KeySets::FetchKeys(Context& ctx, std::string issuer) {
  Context limited = ctx.WithDeadline(loop_->Now() + kFetchTime);
  MF_CO_TRY(const std::string configuration, co_await Fetch(limited, issuer + "/.well-known/openid-configuration"));
  MF_CO_TRY(const json::Value document, json::Parse(configuration));
  const std::string uri(document.StringOr("jwks_uri", ""));
  // Nobody is led elsewhere by less than TLS.
  const bool is_safe = uri.starts_with("https://") || (issuer.starts_with("http://") && uri.starts_with("http://"));
  if (!is_safe) co_return Fail(Error::Fault(fmt::format("{} has no jwks_uri that can be used", issuer)));
  MF_CO_TRY(const std::string keys, co_await Fetch(limited, uri));
  co_return ParseJwks(keys);
}

}  // namespace mayfly::sts
