// JSON Web Tokens, as identity providers give them, and the keys that they are signed with (JWKS).
// Source: RFC 7515, 7517, 7518, 7519. Pure functions; any thread. Algorithms: RS256 and ES256; others, "none" among them, are no tokens.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace mayfly::sts {

inline constexpr size_t kJwtBytesMax = 20'000;
inline constexpr size_t kJwksBytesMax = 256 * 1024;
inline constexpr size_t kJwksKeysMax = 100;

struct Jwt {
  std::string algorithm;  // "RS256", "ES256"
  std::string key_id;     // "" when it names none
  json::Value claims;     // an object
  std::string signed_text;
  std::string signature;

  // A claim that is a text; "" otherwise.
  std::string Text(std::string_view claim) const;
  // A claim that is a text or a list of texts.
  std::vector<std::string> Texts(std::string_view claim) const;
};
// Error: InvalidIdentityToken.
Result<Jwt> ParseJwt(std::string_view text);

struct Jwk {
  std::string key_id;
  std::string algorithm;  // of RSA keys "RS256", of P-256 keys "ES256"
  std::string modulus, exponent;  // RSA
  std::string x, y;               // P-256, 32 bytes each
};
// Those of the keys that can be used; others are left out. Error: Fault, it is no JWKS.
Result<std::vector<Jwk>> ParseJwks(std::string_view text);

// Whether the token was signed with the key.
bool IsSignedWith(const Jwt& token, const Jwk& key);

}  // namespace mayfly::sts
