// SecretBox: how a SecureString lies on disk: sealed with AES-256-GCM under a key of the daemon, bound to its parameter's ARN.
//
// One per daemon; any thread. The key is a file that only the daemon's user can read; who has the database without it has no
// secrets, and who loses it has lost them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"

namespace mayfly::ssm {

class SecretBox {
 public:
  // Reads the key, or makes one when there is no such file. Error: Fault with a hint.
  static Result<std::unique_ptr<SecretBox>> Open(const std::string& path, Random& random);
  // `key`: 32 bytes.
  SecretBox(std::string key, Random& random) : key_(std::move(key)), random_(&random) {}

  // Base64. Sealing the same value again gives other bytes.
  std::string Seal(std::string_view value, std::string_view context);
  // Error: Fault; it was not sealed under this key and context.
  Result<std::string> Open(std::string_view sealed, std::string_view context) const;

 private:
  const std::string key_;
  Random* random_;
};

}  // namespace mayfly::ssm
