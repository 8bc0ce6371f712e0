// SecretBox: how SecureStrings lay on disk before there were keys of KMS: under a key in a file of their own (DATA/ssm-key). They are read still;
// a new version of the parameter is encrypted by KMS.
//
// One per daemon; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly::ssm {

class SecretBox {
 public:
  // Reads the key. Null: there is none, so nothing lies sealed with it. Error: Fault with a hint.
  static Result<std::unique_ptr<SecretBox>> Read(const std::string& path);
  // `key`: 32 bytes.
  explicit SecretBox(std::string key) : key_(std::move(key)) {}

  // `sealed`: base64. Error: Fault; it was not sealed under this key and context.
  Result<std::string> Open(std::string_view sealed, std::string_view context) const;

 private:
  const std::string key_;
};

}  // namespace mayfly::ssm
