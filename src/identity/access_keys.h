// The access keys of this installation: who may sign requests, and as whom.
//
// One per daemon, shared by all shards; every method may be called on any thread. Durable keys live in one JSON file
// (0600, replaced as a whole, so a crash leaves the old or the new one); Add and Remove write it and block, so loops call
// them through a BlockingPool. Temporary credentials are not kept at all: session_keys.h.
//
// IAM's access keys are rows of IAM's own: that service says here which of them there are (Remember), and they are found like the others.
// When a key was used last is noted here, and forgotten with the daemon.
//
// File: {"version":1,"keys":[{"access_key_id","secret_access_key","account_id","user_name","session_token"?}]}.
// Limits: 10,000 keys (further ones are refused); kUsesKept keys whose last use is known.
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

struct SessionData;

struct AccessKey {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // temporary credentials: the request must carry exactly this
  std::string account_id;
  std::string user_name;  // "" is the account's root
  std::string arn;        // who a temporary key stands for (an assumed role); "" for durable keys
  WallTime expires_at = WallTime::max();
  KeyReach reach = KeyReach::Everywhere;
  std::shared_ptr<const SessionData> session;  // what a session has of its own (session_data.h); null for most

  // `arn`, or the root's or user's ARN.
  std::string PrincipalArn() const;
};

class AccessKeys {
 public:
  static constexpr size_t kDurableKeysMax = 10'000;
  static constexpr size_t kUsesKept = 20'000;

  // Reads `path`. Strict mode without a file makes one with a root key of `default_account_id`; open mode starts empty.
  // Errors: a file that cannot be read or understood (it is never overwritten), with a hint.
  static Result<std::unique_ptr<AccessKeys>> Open(std::string path, AuthMode mode, std::string_view default_account_id,
                                                  Random& random);

  // nullptr when there is no such key.
  std::shared_ptr<const AccessKey> Find(std::string_view access_key_id) const;
  // The oldest durable key of an account, to sign our own URLs with; nullptr when there is none.
  std::shared_ptr<const AccessKey> FirstOf(std::string_view account_id) const;
  std::vector<AccessKey> List() const;  // durable ones

  // Whether the file has a key of that user: of one whom the operator has made.
  bool HasUser(std::string_view account_id, std::string_view user_name) const;
  // A key that somebody else keeps, as it is now; Forget: there is none of that id any more.
  void Remember(AccessKey key);
  void Forget(std::string_view access_key_id);
  // A fresh id and secret, which are nobody's yet.
  AccessKey Generate(std::string_view id_prefix);

  struct Use {
    WallTime at;
    std::string service;
    std::string region;
  };
  void NoteUse(std::string_view access_key_id, Use use) const;
  // nullopt: it is not known to have been used.
  std::optional<Use> LastUseOf(std::string_view access_key_id) const;

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
  AccessKey Draw(std::string_view id_prefix);

  const std::string path_;
  mutable std::mutex mutex_;  // guards what follows
  std::mutex writing_;        // one writer of the file; taken before mutex_
  Random* random_;
  std::vector<KeyPointer> durable_;  // in the order of the file
  std::unordered_map<std::string, KeyPointer> by_id_;  // these and what others keep
  mutable std::unordered_map<std::string, Use> uses_;
};

}  // namespace mayfly::identity
