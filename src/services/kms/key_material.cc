#include "services/kms/key_material.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>

#include "base/result.h"

namespace mayfly::kms {
namespace {

using keyring::SecretBytes;
using Pkey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;

const unsigned char* In(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* Out(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

Pkey ReadPublic(std::string_view der) {
  const unsigned char* at = In(der);
  return {d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())), EVP_PKEY_free};
}

Pkey ReadPrivate(const SecretBytes& der) {
  const unsigned char* at = In(der.view());
  PKCS8_PRIV_KEY_INFO* info = d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size()));
  Pkey key(info ? EVP_PKCS82PKEY(info) : nullptr, EVP_PKEY_free);
  PKCS8_PRIV_KEY_INFO_free(info);
  return key;
}

PkeyContext ContextOf(const Pkey& key) { return {key ? EVP_PKEY_CTX_new(key.get(), nullptr) : nullptr, EVP_PKEY_CTX_free}; }

SecretBytes WritePrivate(const Pkey& key) {
  PKCS8_PRIV_KEY_INFO* info = EVP_PKEY2PKCS8(key.get());
  MF_ASSERT(info != nullptr);
  std::string der(static_cast<size_t>(i2d_PKCS8_PRIV_KEY_INFO(info, nullptr)), '\0');
  unsigned char* at = Out(der);
  i2d_PKCS8_PRIV_KEY_INFO(info, &at);
  PKCS8_PRIV_KEY_INFO_free(info);
  return SecretBytes(std::move(der));
}

std::string WritePublic(const Pkey& key) {
  std::string der(static_cast<size_t>(i2d_PUBKEY(key.get(), nullptr)), '\0');
  unsigned char* at = Out(der);
  i2d_PUBKEY(key.get(), &at);
  return der;
}

bool UsesOaep(EVP_PKEY_CTX* context, std::string_view algorithm) {
  const EVP_MD* digest = EVP_get_digestbyname(DigestOf(algorithm));
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 && EVP_PKEY_CTX_set_rsa_oaep_md(context, digest) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest) == 1;
}

bool UsesSigning(EVP_PKEY_CTX* context, std::string_view algorithm) {
  if (EVP_PKEY_CTX_set_signature_md(context, EVP_get_digestbyname(DigestOf(algorithm))) != 1) return false;
  if (algorithm.starts_with("RSASSA_PKCS1")) return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
  if (!algorithm.starts_with("RSASSA_PSS")) return true;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

}  // namespace

NewMaterial MakeMaterial(const SpecFacts& spec) {
  if (spec.kind == KeyKind::Symmetric || spec.kind == KeyKind::Hmac) return {.secret = keyring::RandomBytes(static_cast<size_t>(spec.bits) / 8), .public_key = {}};
  const Pkey pair(spec.kind == KeyKind::Rsa ? EVP_RSA_gen(static_cast<unsigned>(spec.bits)) : EVP_EC_gen(spec.curve), EVP_PKEY_free);
  MF_ASSERT(pair != nullptr);
  return {.secret = WritePrivate(pair), .public_key = WritePublic(pair)};
}

std::optional<std::string> EncryptOaep(std::string_view public_key, std::string_view algorithm, std::string_view value) {
  const Pkey key = ReadPublic(public_key);
  const PkeyContext context = ContextOf(key);
  size_t size = 0;
  if (!context || EVP_PKEY_encrypt_init(context.get()) != 1 || !UsesOaep(context.get(), algorithm)) return std::nullopt;
  if (EVP_PKEY_encrypt(context.get(), nullptr, &size, In(value), value.size()) != 1) return std::nullopt;
  std::string bytes(size, '\0');
  if (EVP_PKEY_encrypt(context.get(), Out(bytes), &size, In(value), value.size()) != 1) return std::nullopt;
  bytes.resize(size);
  return bytes;
}

std::optional<std::string> DecryptOaep(const SecretBytes& private_key, std::string_view algorithm, std::string_view bytes) {
  const Pkey key = ReadPrivate(private_key);
  const PkeyContext context = ContextOf(key);
  size_t size = 0;
  if (!context || EVP_PKEY_decrypt_init(context.get()) != 1 || !UsesOaep(context.get(), algorithm)) return std::nullopt;
  if (EVP_PKEY_decrypt(context.get(), nullptr, &size, In(bytes), bytes.size()) != 1) return std::nullopt;
  std::string value(size, '\0');
  if (EVP_PKEY_decrypt(context.get(), Out(value), &size, In(bytes), bytes.size()) != 1) return std::nullopt;
  value.resize(size);
  return value;
}

size_t OaepBytesMax(const SpecFacts& spec, std::string_view algorithm) { return static_cast<size_t>(spec.bits) / 8 - 2 - 2 * DigestBytes(algorithm); }

std::string DigestMessage(std::string_view algorithm, std::string_view message) {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  const int good = EVP_Digest(message.data(), message.size(), Out(digest), &size, EVP_get_digestbyname(DigestOf(algorithm)), nullptr);
  MF_ASSERT(good == 1);
  digest.resize(size);
  return digest;
}

size_t DigestBytes(std::string_view algorithm) { return static_cast<size_t>(EVP_MD_get_size(EVP_get_digestbyname(DigestOf(algorithm)))); }

std::optional<std::string> SignDigest(const SecretBytes& private_key, std::string_view algorithm, std::string_view digest) {
  const Pkey key = ReadPrivate(private_key);
  const PkeyContext context = ContextOf(key);
  size_t size = 0;
  if (!context || EVP_PKEY_sign_init(context.get()) != 1 || !UsesSigning(context.get(), algorithm)) return std::nullopt;
  if (EVP_PKEY_sign(context.get(), nullptr, &size, In(digest), digest.size()) != 1) return std::nullopt;
  std::string signature(size, '\0');
  if (EVP_PKEY_sign(context.get(), Out(signature), &size, In(digest), digest.size()) != 1) return std::nullopt;
  signature.resize(size);
  return signature;
}

bool VerifyDigest(std::string_view public_key, std::string_view algorithm, std::string_view digest, std::string_view signature) {
  const Pkey key = ReadPublic(public_key);
  const PkeyContext context = ContextOf(key);
  return context && EVP_PKEY_verify_init(context.get()) == 1 && UsesSigning(context.get(), algorithm) &&
         EVP_PKEY_verify(context.get(), In(signature), signature.size(), In(digest), digest.size()) == 1;
}

std::string MacOf(const SecretBytes& key, std::string_view algorithm, std::string_view message) {
  std::string mac(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  const unsigned char* made = HMAC(EVP_get_digestbyname(DigestOf(algorithm)), key.view().data(), static_cast<int>(key.size()), In(message), message.size(),
                                   Out(mac), &size);
  MF_ASSERT(made != nullptr);
  mac.resize(size);
  return mac;
}

std::optional<std::string> SharedSecret(const SecretBytes& private_key, std::string_view other) {
  const Pkey own = ReadPrivate(private_key);
  const Pkey peer = ReadPublic(other);
  const PkeyContext context = ContextOf(own);
  size_t size = 0;
  if (!context || !peer || EVP_PKEY_derive_init(context.get()) != 1 || EVP_PKEY_derive_set_peer(context.get(), peer.get()) != 1) return std::nullopt;
  if (EVP_PKEY_derive(context.get(), nullptr, &size) != 1) return std::nullopt;
  std::string secret(size, '\0');
  if (EVP_PKEY_derive(context.get(), Out(secret), &size) != 1) return std::nullopt;
  secret.resize(size);
  return secret;
}

}  // namespace mayfly::kms
