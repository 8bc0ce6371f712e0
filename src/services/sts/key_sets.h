// KeySets: the keys by which identity providers sign their tokens (JWKS): out of files that the operator names (--oidc-keys), or fetched from
// the issuer as it says itself (/.well-known/openid-configuration), and kept for a while.
//
// One per daemon, on its strand. Only issuers that an account has made a provider of are asked. Fetched keys are used for kKeysGood; a token
// that names a key which is not among them has them fetched again, at most every kKeysRest.
// Bounds: kIssuersKept issuers (beyond, all are forgotten), kJwksBytesMax per answer, kFetchTime for all of it.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_client.h"
#include "services/sts/jwt.h"

namespace mayfly::sts {

inline constexpr size_t kIssuersKept = 100;
inline constexpr std::chrono::seconds kKeysGood = std::chrono::hours(1);
inline constexpr std::chrono::seconds kKeysRest = std::chrono::seconds(10);
inline constexpr std::chrono::seconds kFetchTime = std::chrono::seconds(10);

class KeySets {
 public:
  KeySets(RealLoop& loop, http::Reach reach);

  // `text`: "ISSUER=FILE", the issuer with or without https://. Error: Fault, with a hint.
  Result<> AddFile(std::string_view text);

  // The keys of the issuer `name` ("host/path") among which the token's should be. Error: IDPCommunicationError.
  enum class Transport : unsigned char { Tls, Plain };
  Task<Result<std::vector<Jwk>>> KeysOf(Context& ctx, std::string name, std::string key_id, Transport transport);

 private:
  struct Fetched {
    std::vector<Jwk> keys;
    TimePoint at;
  };
  Task<Result<std::string>> Fetch(Context& ctx, std::string url);
  Task<Result<std::vector<Jwk>>> FetchKeys(Context& ctx, std::string issuer);

  RealLoop* loop_;
  http::Client client_;
  std::map<std::string, std::vector<Jwk>, std::less<>> of_files_;
  std::map<std::string, Fetched, std::less<>> fetched_;
};

}  // namespace mayfly::sts
