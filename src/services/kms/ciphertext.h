// Ciphertext: what symmetric encryption gives. Opaque to clients, and its form is ours: a version, whose key, which of its materials, and the
// value sealed under it (keyring/sealing.h) with the encryption context, and all of the head, as additional data. Pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "keyring/keys.h"

namespace mayfly::kms {

struct CiphertextHead {
  std::string account_id;  // 12 digits
  std::string key_id;      // a UUID, or "mrk-" and 32 digits
  uint32_t material = 0;   // its place among the key's

  bool operator==(const CiphertextHead&) const = default;
};

// `secret`: the material, 32 bytes.
std::string Encrypt(const CiphertextHead& head, std::string_view secret, std::string_view value, const keyring::EncryptionContext& context);
// nullopt: these bytes are no ciphertext of ours.
std::optional<CiphertextHead> ReadHead(std::string_view ciphertext);
// nullopt: changed, or of another material or context.
std::optional<std::string> Decrypt(std::string_view ciphertext, std::string_view secret, const keyring::EncryptionContext& context);

}  // namespace mayfly::kms
