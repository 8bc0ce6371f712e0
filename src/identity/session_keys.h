// Temporary credentials that nothing has to be remembered of: those of execution roles inside functions, and those that STS gives.
//
// A session token carries who it stands for, until when and where it counts, under a MAC; the access key id and the secret are derived from
// it. Only the master key is kept (one file, 0600), so tokens hold across restarts and on every daemon that shares the key,
// and no number of environments fills a table. A token cannot be taken back before it expires.
//
// What a session has of its own (policies, tags) lies in its token, too, packed. The data of tokens that have been opened are remembered for
// a while, by access key id, so that a request need not carry them through the daemon: the last 20,000 to 40,000 of them.
//
// One per daemon. Issue on one strand (randomness); everything else on any thread.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

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
  // As Issue, for Everywhere, with data of its own, of kPackedMax bytes packed at most.
  AccessKey IssueWith(std::string_view account_id, std::string_view arn, WallTime expires_at, const SessionData& data);
  // The credentials that a token of ours belongs to, expired or not. Error (UnrecognizedClientException): it is none of
  // ours, or belongs to another access key id.
  Result<AccessKey> Open(std::string_view access_key_id, std::string_view session_token) const;

  // What was opened under this id not long ago. `data`: null for credentials without any. nullopt: it is not known (any more).
  struct Opened {
    std::shared_ptr<const SessionData> data;
  };
  std::optional<Opened> Find(std::string_view access_key_id) const;

  // A key of the master key for another purpose, 32 bytes.
  std::string KeyFor(std::string_view purpose) const;

 private:
  static constexpr size_t kGenerationMax = 20'000;

  std::string Payload(std::string_view account_id, std::string_view arn, WallTime expires_at, char kind);
  AccessKey Finish(const std::string& payload) const;
  void Note(const AccessKey& key) const;
  AccessKey Derive(std::string_view payload) const;
  Sha256Digest Mac(std::string_view purpose, std::string_view payload) const;

  const std::string master_key_;
  Random* random_;
  mutable std::mutex mutex_;  // guards what follows
  mutable std::unordered_map<std::string, Opened> young_, old_;
};

}  // namespace mayfly::identity
