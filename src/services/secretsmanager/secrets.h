// Secrets: the secrets of all accounts: finding one by what a request calls it, and the values of its versions, which are encrypted with keys
// of KMS for whoever asks.
//
// One per daemon, on the strand of its tables. What an operation changes, it changes as a whole and durably.
#pragma once

#include <functional>

#include "base/random.h"
#include "keyring/keys.h"
#include "services/secretsmanager/secret_row.h"

namespace mayfly::secretsmanager {

struct SecretValue {
  std::string bytes;
  bool is_binary = false;

  bool operator==(const SecretValue&) const = default;
};

class Secrets {
 public:
  // All outlive it.
  Secrets(SecretTables& tables, keyring::Keys& keys, const Clock& clock, Random& random) : tables_(&tables), keys_(&keys), clock_(&clock), random_(&random) {}

  // By name, ARN, or an ARN without the six characters behind the name. Error: ResourceNotFoundException.
  Result<SecretPointer> Find(const Context& ctx, std::string_view id) const;
  // As Find, of one that is not to go. Error: also InvalidRequestException.
  Result<SecretPointer> FindAlive(const Context& ctx, std::string_view id) const;
  // The name of a new one.
  SecretRow MakeRow(const Context& ctx, const std::string& name) const;

  // The ARN of the key that a secret of this account is encrypted with, "" being AWS's own. Errors: EncryptionFailure, AccessDeniedException.
  Task<Result<std::string>> FindKey(Context& ctx, std::string account_id, std::string kms_key_id);
  // Errors: DecryptionFailure, AccessDeniedException; ResourceNotFoundException, the version has no value.
  Result<SecretValue> Read(const Context& ctx, const SecretRow& secret, const SecretVersion& version) const;

  // Stages the row as a version with a value (and stages) makes it. `version_id` may be there already: without a value, or with this one,
  // when nothing changes. Errors: ResourceExistsException; those of stages and keys.
  struct NewVersion {
    std::string id;
    SecretValue value;
    std::vector<std::string> stages;
    std::string key_arn;
  };
  Result<> StageVersion(const Context& ctx, resources::Change& change, SecretRow& secret, const NewVersion& version);
  // The values of all versions with AWS's stages, under another key.
  Result<> StageOtherKey(const Context& ctx, resources::Change& change, SecretRow& secret, const std::string& key_arn);

  // Changes a row as it is then, with whatever else `stage` puts into the change. Errors: ResourceNotFoundException; those of `stage`.
  using Stage = std::function<Result<>(resources::Change& change, SecretRow& secret)>;
  Task<Result<>> Edit(Context& ctx, std::string key, Stage stage);
  Task<Result<>> Remove(Context& ctx, std::string key);

  SecretTables& tables() const { return *tables_; }
  int64_t NowMillis() const { return ToEpochMillis(clock_->WallNow()); }
  // Midnight of today, UTC: what is told of accesses.
  int64_t TodayMillis() const { return NowMillis() / 86'400'000 * 86'400'000; }
  std::string NewId() const { return random_->Uuid(); }

 private:
  Result<std::string> SealFor(const Context& ctx, const SecretRow& secret, const std::string& version_id, const std::string& key_arn, std::string_view bytes) const;

  SecretTables* tables_;
  keyring::Keys* keys_;
  const Clock* clock_;
  Random* random_;
};

}  // namespace mayfly::secretsmanager
