#include "services/sts/jwt.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "base/encoding.h"
#include "base/text.h"

namespace mayfly::sts {
namespace {

constexpr size_t kCoordinateBytes = 32;
constexpr size_t kModulusBytesMin = 256;  // 2,048 bits
constexpr size_t kModulusBytesMax = 1024;

template <typename T, void (*Free)(T*)>
struct Freed {
  void operator()(T* value) const { Free(value); }
};
using PublicKey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY, EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX, EVP_MD_CTX_free>>;
using BigNumber = std::unique_ptr<BIGNUM, Freed<BIGNUM, BN_free>>;
using ParameterBuilder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM, OSSL_PARAM_free>>;

Error NoToken() {
  return Error::Service("InvalidIdentityTokenException", "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)");
}

// Base64 of URLs, without padding (RFC 7515, appendix C).
std::optional<std::string> DecodeUrlSafe(std::string_view text) {
  const bool is_safe = std::ranges::all_of(text, [](char c) { return IsAlphanumeric(c) || c == '-' || c == '_'; });
  if (!is_safe) return std::nullopt;
  std::string plain(text);
  std::ranges::replace(plain, '-', '+');
  std::ranges::replace(plain, '_', '/');
  return Base64Decode(plain);
}

std::optional<json::Value> DecodeObject(std::string_view text) {
  const auto bytes = DecodeUrlSafe(text);
  if (!bytes) return std::nullopt;
  auto value = json::Parse(*bytes);
  if (!value || !value->is_object()) return std::nullopt;
  return std::move(*value);
}

const unsigned char* OctetsOf(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
BigNumber NumberOf(std::string_view bytes) { return BigNumber(BN_bin2bn(OctetsOf(bytes), static_cast<int>(bytes.size()), nullptr)); }

PublicKey MakeKey(const char* type, OSSL_PARAM_BLD* builder) {
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  const bool is_made = parameters && context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
                       EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) == 1;
  return PublicKey(is_made ? key : nullptr);
}

PublicKey RsaKey(const Jwk& key) {
  const BigNumber modulus = NumberOf(key.modulus), exponent = NumberOf(key.exponent);
  const ParameterBuilder builder(OSSL_PARAM_BLD_new());
  const bool is_built = builder && modulus && exponent && OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) == 1 &&
                        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) == 1;
  return is_built ? MakeKey("RSA", builder.get()) : nullptr;
}

PublicKey EcKey(const Jwk& key) {
  const std::string point = '\x04' + key.x + key.y;
  const ParameterBuilder builder(OSSL_PARAM_BLD_new());
  const bool is_built = builder && OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1 &&
                        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) == 1;
  return is_built ? MakeKey("EC", builder.get()) : nullptr;
}

// r and s side by side (RFC 7518, 3.4) as OpenSSL takes them.
std::optional<std::string> DerOf(std::string_view signature) {
  if (signature.size() != 2 * kCoordinateBytes) return std::nullopt;
  const std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG, ECDSA_SIG_free>> parts(ECDSA_SIG_new());
  BigNumber r = NumberOf(signature.substr(0, kCoordinateBytes)), s = NumberOf(signature.substr(kCoordinateBytes));
  if (!parts || !r || !s || ECDSA_SIG_set0(parts.get(), r.get(), s.get()) != 1) return std::nullopt;
  (void)r.release();
  (void)s.release();
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(parts.get(), &der);
  if (size <= 0) return std::nullopt;
  std::string text(reinterpret_cast<char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return text;
}

bool IsUsable(const Jwk& key) {
  if (key.algorithm == "ES256") return key.x.size() == kCoordinateBytes && key.y.size() == kCoordinateBytes;
  return key.modulus.size() >= kModulusBytesMin && key.modulus.size() <= kModulusBytesMax && !key.exponent.empty() && key.exponent.size() <= 8;
}

}  // namespace

std::string Jwt::Text(std::string_view claim) const { return std::string(claims.StringOr(claim, "")); }

std::vector<std::string> Jwt::Texts(std::string_view claim) const {
  const json::Value* value = claims.Find(claim);
  if (!value) return {};
  if (value->is_string()) return {value->string()};
  std::vector<std::string> texts;
  if (value->is_array()) {
    for (const json::Value& item : value->array()) {
      if (item.is_string()) texts.push_back(item.string());
    }
  }
  return texts;
}

Result<Jwt> ParseJwt(std::string_view text) {
  const auto parts = Split(text, '.');
  if (text.size() > kJwtBytesMax || parts.size() != 3) return Fail(NoToken());
  const auto header = DecodeObject(parts[0]);
  auto claims = DecodeObject(parts[1]);
  auto signature = DecodeUrlSafe(parts[2]);
  if (!header || !claims || !signature || header->Find("crit")) return Fail(NoToken());
  Jwt token{.algorithm = std::string(header->StringOr("alg", "")), .key_id = std::string(header->StringOr("kid", ""))};
  if (token.algorithm != "RS256" && token.algorithm != "ES256") return Fail(NoToken());
  token.claims = std::move(*claims);
  token.signed_text = text.substr(0, parts[0].size() + 1 + parts[1].size());
  token.signature = std::move(*signature);
  return token;
}

Result<std::vector<Jwk>> ParseJwks(std::string_view text) {
  if (text.size() > kJwksBytesMax) return Fail(Error::Fault("a JWKS that is too long"));
  MF_TRY(const json::Value document, json::Parse(text));
  const json::Value* list = document.Find("keys");
  if (!list || !list->is_array()) return Fail(Error::Fault("no JWKS: there is no list \"keys\""));
  std::vector<Jwk> keys;
  for (const json::Value& entry : list->array()) {
    if (keys.size() == kJwksKeysMax) break;
    const std::string_view type = entry.StringOr("kty", "");
    const std::string_view use = entry.StringOr("use", "sig");
    if (use != "sig" || (type != "RSA" && !(type == "EC" && entry.StringOr("crv", "") == "P-256"))) continue;
    Jwk key{.key_id = std::string(entry.StringOr("kid", "")), .algorithm = type == "RSA" ? "RS256" : "ES256"};
    key.modulus = DecodeUrlSafe(entry.StringOr("n", "")).value_or("");
    key.exponent = DecodeUrlSafe(entry.StringOr("e", "")).value_or("");
    key.x = DecodeUrlSafe(entry.StringOr("x", "")).value_or("");
    key.y = DecodeUrlSafe(entry.StringOr("y", "")).value_or("");
    if (IsUsable(key)) keys.push_back(std::move(key));
  }
  return keys;
}

bool IsSignedWith(const Jwt& token, const Jwk& key) {
  if (token.algorithm != key.algorithm || !IsUsable(key)) return false;
  const bool is_ec = key.algorithm == "ES256";
  const PublicKey public_key = is_ec ? EcKey(key) : RsaKey(key);
  const auto signature = is_ec ? DerOf(token.signature) : std::optional(token.signature);
  const DigestContext context(EVP_MD_CTX_new());
  if (!public_key || !signature || !context) return false;
  return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, public_key.get()) == 1 &&
         EVP_DigestVerify(context.get(), OctetsOf(*signature), signature->size(), OctetsOf(token.signed_text), token.signed_text.size()) == 1;
}

}  // namespace mayfly::sts
