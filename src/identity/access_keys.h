// The access keys of this installation: who may sign requests, and as whom.
//
// One per daemon, shared by all shards; every method may be called on any thread. Durable keys live in one JSON file
// (0600, replaced as a whole, so a crash leaves the old or the new one); Add and Remove write it and block, so loops call
// them through a BlockingPool. Temporary credentials are not kept at all: session_keys.h.
//
// File: {"version":1,"keys":[{"access_key_id","secret_access_key","account_id","user_name","session_token"?}]}.
// Limit: 10,000 keys (further ones are refused).
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"

namespace mayfly::identity {

// `open`: any credentials are accepted unverified; only for daemons that listen on loopback.
// `strict`: known keys only, signatures verified.
enum class AuthMode : unsigned char { Open, Strict };

// Where credentials count: those of a function only at the address that its own environment has for the API.
enum class KeyReach : unsigned char { Everywhere, OwnEnvironment };

struct AccessKey {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // temporary credentials: the request must carry exactly this
  std::string account_id;
  std::string user_name;  // "" is the account's root
  std::string arn;        // who a temporary key stands for (an assumed role); "" for durable keys
  WallTime expires_at = WallTime::max();
  KeyReach reach = KeyReach::Everywhere;

  // `arn`, or the root's or user's ARN.
  std::string PrincipalArn() const;
};

class AccessKeys {
 public:
  static constexpr size_t kDurableKeysMax = 10'000;

  // Reads `path`. Strict mode without a file makes one with a root key of `default_account_id`; open mode starts empty.
  // Errors: a file that cannot be read or understood (it is never overwritten), with a hint.
  static Result<std::unique_ptr<AccessKeys>> Open(std::string path, AuthMode mode, std::string_view default_account_id,
                                                  Random& random);

  // nullptr when there is no such key.
  std::shared_ptr<const AccessKey> Find(std::string_view access_key_id) const;
  // The oldest durable key of an account, to sign our own URLs with; nullptr when there is none.
  std::shared_ptr<const AccessKey> FirstOf(std::string_view account_id) const;
  std::vector<AccessKey> List() const;  // durable ones

  // Makes a key with fresh secrets, durable on success. `user_name` "" is the root. Errors: Fault (disk, or too many).
  Result<AccessKey> Add(std::string_view account_id, std::string_view user_name);
  // Not an error: an unknown key.
  Result<> Remove(std::string_view access_key_id);

  const std::string& path() const { return path_; }

 private:
  using KeyPointer = std::shared_ptr<const AccessKey>;

  AccessKeys(std::string path, Random& random) : path_(std::move(path)), random_(&random) {}
  Result<> Load(std::string_view text);
  Result<> Save(const std::vector<KeyPointer>& keys) const;
  AccessKey Generate(std::string_view id_prefix);

  const std::string path_;
  mutable std::mutex mutex_;  // guards what follows
  std::mutex writing_;        // one writer of the file; taken before mutex_
  Random* random_;
  std::vector<KeyPointer> durable_;  // in the order of the file
  std::unordered_map<std::string, KeyPointer> by_id_;
};

}  // namespace mayfly::identity
