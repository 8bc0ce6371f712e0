// If these fail, a token that nobody signed stands for a role, or one of an identity provider's does not.
#include "services/sts/jwt.h"

#include <gtest/gtest.h>

namespace mayfly::sts {
namespace {

// Made with openssl: a key of RSA, and a token that is signed with it.
constexpr std::string_view kRsaToken =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIiwic3ViIjoibWUiLCJhdWQiOlsiYSIsImIiXSwiZXhw"
    "IjoyMDAwMDAwMDAwfQ.iXOO2Z4XORllcyEWZl5H57OTnhz232vH4JN3IsvDt8lyk8f7s2A8gLHl7oX2EA00rRLQ2LrbzBooa9GDi8cng9VNes_nRSEsn69wI"
    "wFWfRVB6VRha6DUbHmfOhOJgVpns1xqQSSoKn2u9ai7_KdFCboeYLGOWESBlEb17Wk1VZL1Onu5cXFwy67TkqVmRncofet3VD2llIIux8uO4Jtbht_If8U1K"
    "sW82wg_7ZZrSecaYgRVhsxAjCDx0TItknjr8b5OyP4o3UUeEazgxlv0TH4Eup4diFngCJgxRBoLSip42IMzKXt1uM9GzIkdis78NqnVg47CNmqN02LEvozo-"
    "Q";
constexpr std::string_view kRsaModulus =
    "tCX3Y3nMGkc3FJb0aaoW8YDJtuDUBVLfzNZSqHskSxo5BPko_-ccW41QpH1ujsTTSSnFbxazrOK7qLnp6WN1SDOU9WBOoLGUbTzczHWJfyDRB9GMEvW-kJeQ"
    "l4bSUDg-AzK6lcjJrknhNy8DLwmamOurZPgAYLPXdkwpItymDrEHoIBxGAvzX5AGbpZaiQDKmxkjFJd-iHGrIG56H8W6e0d_i9dg7suXzgCnAktSDpJGWgxP"
    "3-5KdbbppEzqZTxsh2ZOiDNR2Y7HaZeel98R_hGnsvLTpMm83RXYbcJhCVn4YvbfxbSxRZcMJUPOIbEW5HHl-HUUDR46lgkzxzbh3Q";
// RFC 7515, A.3.
constexpr std::string_view kEcToken =
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
constexpr std::string_view kEcKey =
    R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";

std::vector<Jwk> Keys() {
  const std::string text = R"({"keys":[{"kty":"RSA","kid":"k1","e":"AQAB","n":")" + std::string(kRsaModulus) + R"("},)" + std::string(kEcKey) +
                           R"(,{"kty":"oct","k":"c2VjcmV0"},{"kty":"RSA","use":"enc","e":"AQAB","n":"AAAA"}]})";
  return ParseJwks(text).value();
}

TEST(Jwt, IsSignedWithItsKeyAlone) {
  const auto keys = Keys();
  ASSERT_EQ(keys.size(), 2u);
  const auto rsa = ParseJwt(kRsaToken), ec = ParseJwt(kEcToken);
  ASSERT_TRUE(rsa && ec);
  EXPECT_TRUE(IsSignedWith(*rsa, keys[0]));
  EXPECT_TRUE(IsSignedWith(*ec, keys[1]));
  EXPECT_FALSE(IsSignedWith(*rsa, keys[1]));
  EXPECT_FALSE(IsSignedWith(*ec, keys[0]));
}

TEST(Jwt, SaysWhatItClaims) {
  const auto token = ParseJwt(kRsaToken);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->key_id, "k1");
  EXPECT_EQ(token->Text("sub"), "me");
  EXPECT_EQ(token->Texts("aud"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(token->Texts("sub"), (std::vector<std::string>{"me"}));
  EXPECT_TRUE(token->Text("aud").empty());
}

TEST(Jwt, IsNoLongerSignedWhenSomethingOfItIsChanged) {
  const auto keys = Keys();
  for (const size_t at : {size_t{3}, kRsaToken.find('.') + 5, kRsaToken.size() - 9}) {
    std::string changed(kRsaToken);
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    const auto token = ParseJwt(changed);
    EXPECT_FALSE(token && IsSignedWith(*token, keys[0])) << at;
  }
}

TEST(Jwt, IsNoneWithoutASignatureThatIsKnown) {
  for (const char* text : {"", "a.b", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJIUzI1NiJ9.e30.AAAA", "eyJhbGciOiJSUzI1NiIsImNyaXQiOlsieCJdfQ.e30.AAAA",
                           "eyJhbGciOiJSUzI1NiJ9.W10.AAAA", "eyJhbGciOiJSUzI1NiJ9.e30.AA+A"}) {
    const auto token = ParseJwt(text);
    ASSERT_FALSE(token) << text;
    EXPECT_TRUE(token.error().IsService("InvalidIdentityTokenException"));
  }
}

TEST(Jwks, ThatAreNoneAreRefused) {
  for (const char* text : {"", "[]", "{}", R"({"keys":1})"}) EXPECT_FALSE(ParseJwks(text)) << text;
  EXPECT_TRUE(ParseJwks(R"({"keys":[1,{"kty":"RSA","n":"AQAB","e":"AQAB"}]})")->empty());  // 24 bits are no key
}

}  // namespace
}  // namespace mayfly::sts
