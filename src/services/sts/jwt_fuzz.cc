// Feeds a token and a JWKS ("token\njwks") to the parsers, and checks the one against the other.
#include <cstddef>
#include <cstdint>

#include "services/sts/jwt.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mayfly::sts;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line = text.find('\n');
  const auto token = ParseJwt(text.substr(0, line));
  const auto keys = ParseJwks(line == std::string_view::npos ? "" : text.substr(line + 1));
  if (!token) {
    MF_ASSERT(token.error().IsService("InvalidIdentityTokenException"));
    return 0;
  }
  MF_ASSERT(token->claims.is_object() && token->signed_text.size() < text.size());
  (void)token->Text("sub");
  (void)token->Texts("aud");
  if (!keys) return 0;
  for (const Jwk& key : *keys) (void)IsSignedWith(*token, key);
  return 0;
}
