// The master key as it lies on disk: 32 bytes in a file of the data directory that only the daemon's user can read; with a passphrase, sealed
// by it (scrypt), so that who copies the data directory has nothing.
//
// Blocking; at start only. File: {"version":1,"key":HEX} or {"version":1,"scrypt":{"n","r","p","salt"},"key":HEX of the sealed key}.
// Replaced as a whole; a file that cannot be understood is never overwritten.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "keyring/secret_bytes.h"

namespace mayfly::keyring {

// nullopt: there is no such file. A file that is not sealed yet is sealed when there is a passphrase. Errors: Fault with a hint: no key,
// a passphrase that is missing or wrong.
Result<std::optional<SecretBytes>> ReadMasterKey(const std::string& path, std::string_view passphrase);
// Makes and keeps one. `passphrase`: "" for none.
Result<SecretBytes> MakeMasterKey(const std::string& path, std::string_view passphrase);
// The first line of a file that the operator names. Error: Fault with a hint, also when it is too short.
Result<SecretBytes> ReadPassphrase(const std::string& path);

}  // namespace mayfly::keyring
