// Temporary credentials that nothing has to be remembered of: those of execution roles inside functions, and those that STS gives.
//
// A session token carries who it stands for, until when and where it counts, under a MAC; the access key id and the secret are derived from
// it. Only the master key is kept (one file, 0600), so tokens hold across restarts and on every daemon that shares the key,
// and no number of environments fills a table. A token cannot be taken back before it expires.
//
// One per daemon. Issue on one strand (randomness); Open on any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/random.h"
#include "base/result.h"
#include "identity/access_keys.h"

namespace mayfly::identity {

inline constexpr size_t kSessionArnBytesMax = 2048;
inline constexpr size_t kSessionTokenBytesMax = 4096;

class SessionKeys {
 public:
  // `master_key`: 32 bytes or more.
  SessionKeys(std::string master_key, Random& random) : master_key_(std::move(master_key)), random_(&random) {}
  // Reads the master key, or makes one when there is no such file. Error: Fault with a hint.
  static Result<std::unique_ptr<SessionKeys>> Load(const std::string& path, Random& random);

  // Credentials ("ASIA…") that stand for `arn` in `account_id` until `expires_at` (whole seconds).
  AccessKey Issue(std::string_view account_id, std::string_view arn, WallTime expires_at, KeyReach reach);
  // The credentials that a token of ours belongs to, expired or not. Error (UnrecognizedClientException): it is none of
  // ours, or belongs to another access key id.
  Result<AccessKey> Open(std::string_view access_key_id, std::string_view session_token) const;

 private:
  AccessKey Derive(std::string_view payload) const;
  Sha256Digest Mac(std::string_view purpose, std::string_view payload) const;

  const std::string master_key_;
  Random* random_;
};

}  // namespace mayfly::identity
