// Keyring: what everything that must not be readable on disk is sealed with: the master key, in use.
//
// One per daemon, opened when the store is and before all services; any thread. A value is bound to a context (what it is, and whose), which
// must be the same to open it. Without the master key nothing that was sealed can be read: by nobody, its operator included.
//
// Whether the master key belongs to the store says a row of it (table "keyring"): a daemon whose key has gone, or is another's, does not
// start, instead of failing at each secret later. A store that is empty takes any key.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/context.h"
#include "base/result.h"
#include "base/task.h"
#include "keyring/secret_bytes.h"
#include "store/store.h"

namespace mayfly::keyring {

class Keyring {
 public:
  // `path`: of the file with the master key (master_key.h), which is made when there is none and the store has not seen one. `passphrase`:
  // "" for none. Errors: Fault with a hint; the key has gone, is not that of the store, or cannot be opened.
  static Task<Result<std::unique_ptr<Keyring>>> Open(Context& ctx, std::string path, SecretBytes passphrase, store::Store& store);
  // For tests: a key of its own that nothing keeps.
  explicit Keyring(SecretBytes master) : master_(std::move(master)) {}

  // As text: "mk1." and base64. Sealing the same value again gives another one.
  std::string Seal(std::string_view value, std::string_view context) const;
  // Error: Fault; it was not sealed under this key and context.
  Result<std::string> Open(std::string_view sealed, std::string_view context) const;
  // The same, as bytes.
  std::string SealBytes(std::string_view value, std::string_view context) const;
  Result<std::string> OpenBytes(std::string_view sealed, std::string_view context) const;
  // Whether it looks like what Seal gives: older rows have values as they are.
  static bool IsSealed(std::string_view text) { return text.starts_with("mk1."); }

 private:
  const SecretBytes master_;
};

}  // namespace mayfly::keyring
