// Sealing: AES-256-GCM of a value under a key, bound to a context that is not part of the result. Pure functions; any thread.
//
// A sealed value is a version, a salt, a nonce, the ciphertext and the tag: kSealBytes more than the value. The key that encrypts is made of
// the given one and the salt (HMAC-SHA-256), so that a key may seal without bound: what NIST SP 800-38D allows one key with drawn nonces,
// 2^32 values, a queue's messages would reach.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mayfly::keyring {

inline constexpr size_t kKeyBytes = 32;
inline constexpr size_t kSealBytes = 1 + 16 + 12 + 16;

// `key`: kKeyBytes. Sealing the same value again gives other bytes.
std::string Seal(std::string_view key, std::string_view value, std::string_view context);
// nullopt: these bytes were not sealed under this key and context, or have been changed.
std::optional<std::string> OpenSealed(std::string_view key, std::string_view sealed, std::string_view context);

}  // namespace mayfly::keyring
