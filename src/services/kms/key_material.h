// Key material: making it, and what asymmetric and HMAC keys do (OpenSSL). Pure functions; any thread: making RSA keys and what private
// keys do takes milliseconds up to seconds, so it happens on a BlockingPool.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "keyring/secret_bytes.h"
#include "services/kms/key_specs.h"

namespace mayfly::kms {

struct NewMaterial {
  keyring::SecretBytes secret;  // random bytes, or a private key as PKCS #8
  std::string public_key;       // DER of a SubjectPublicKeyInfo; "" where there is none
};
NewMaterial MakeMaterial(const SpecFacts& spec);

// With RSA-OAEP. nullopt: the value is too large, or these bytes were not encrypted so.
std::optional<std::string> EncryptOaep(std::string_view public_key, std::string_view algorithm, std::string_view value);
std::optional<std::string> DecryptOaep(const keyring::SecretBytes& private_key, std::string_view algorithm, std::string_view bytes);
// How much EncryptOaep takes.
size_t OaepBytesMax(const SpecFacts& spec, std::string_view algorithm);

std::string DigestMessage(std::string_view algorithm, std::string_view message);
size_t DigestBytes(std::string_view algorithm);
// `digest`: of the algorithm's size. ECDSA's signatures are DER.
std::optional<std::string> SignDigest(const keyring::SecretBytes& private_key, std::string_view algorithm, std::string_view digest);
bool VerifyDigest(std::string_view public_key, std::string_view algorithm, std::string_view digest, std::string_view signature);

std::string MacOf(const keyring::SecretBytes& key, std::string_view algorithm, std::string_view message);

// ECDH. nullopt: `other` is no public key of the same curve.
std::optional<std::string> SharedSecret(const keyring::SecretBytes& private_key, std::string_view other);

}  // namespace mayfly::kms
