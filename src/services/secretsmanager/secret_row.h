// What Secrets Manager keeps: secrets with their versions and stages, and the value of each version, encrypted. Rows of the control store.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "resources/json_members.h"
#include "resources/resource_table.h"

namespace mayfly::secretsmanager {

inline constexpr std::string_view kCurrent = "AWSCURRENT";
inline constexpr std::string_view kPrevious = "AWSPREVIOUS";
inline constexpr std::string_view kPending = "AWSPENDING";
inline constexpr size_t kVersionsMax = 100;
inline constexpr size_t kStagesMax = 20;       // of a version
inline constexpr size_t kSecretsMax = 500'000;  // of all accounts (AWS: of each)

struct SecretName {
  std::string account_id;
  std::string region;
  std::string name;

  std::string Key() const { return Place() + name; }
  // "ACCOUNT/REGION/": of the rows of all that the account has there.
  std::string Place() const { return account_id + '/' + region + '/'; }
};

struct SecretVersion {
  std::string id;
  std::vector<std::string> stages;
  bool has_value = false;  // a rotation begins with a version that has none
  std::string key_arn;     // it is encrypted with
  int64_t created_millis = 0;
  int64_t accessed_day_millis = 0;  // midnight, UTC; 0: never

  bool Has(std::string_view stage) const;
};

struct RotationPlan {
  std::string function_arn;
  int64_t after_days = 0;
  std::string duration;
  std::string schedule;
  bool is_enabled = false;
  bool was_set = false;       // it is told of, on or off
  int64_t since_millis = 0;   // when the plan was made
  int64_t last_millis = 0;    // 0: it has not rotated yet
  int64_t next_millis = 0;
  std::string running_version;  // the version that the function is being called for
  bool tests_only = false;      // of the running one
};

struct SecretRow {
  SecretName name;     // not part of the row: it is the row's key
  std::string suffix;  // of its ARN
  std::string type;
  std::string description;
  std::string kms_key_id;  // as the client said it; "": AWS's own
  std::string policy;
  int64_t created_millis = 0;
  int64_t changed_millis = 0;
  int64_t accessed_day_millis = 0;
  int64_t deleted_millis = 0;  // when it was asked to go; 0: it stays
  int64_t purge_millis = 0;    // when it goes
  RotationPlan rotation;
  std::vector<SecretVersion> versions;  // as they were made
  resources::StringPairs tags;

  std::string Arn() const;
  bool is_deleted() const { return deleted_millis > 0; }
  // Null: none.
  const SecretVersion* FindVersion(std::string_view id) const;
  SecretVersion* FindVersion(std::string_view id);
  const SecretVersion* FindStage(std::string_view stage) const;
};

struct ValueRow {
  std::string blob;  // as keyring::Keys sealed it, in base64
  bool is_binary = false;
};
// "SECRET#/VERSION": no secret's name has such a sign.
std::string ValueKey(const SecretName& secret, std::string_view version);

json::Value ToJson(const SecretRow& secret);
Result<> FromJson(std::string_view key, const json::Value& value, SecretRow& secret);
json::Value ToJson(const ValueRow& value);
Result<> FromJson(std::string_view key, const json::Value& value, ValueRow& row);

// Made before the store's tables are opened. Values go with their secret.
struct SecretTables {
  explicit SecretTables(resources::ResourceTables& all);

  resources::ResourceTables& all;
  resources::ResourceTable<SecretRow> secrets;  // by SecretName::Key()
  resources::ResourceTable<ValueRow> values;    // by ValueKey()
};
using SecretPointer = resources::ResourceTable<SecretRow>::Pointer;

// Errors of the service, in AWS's words.
Error NoSecret();
Error NoVersion(std::string_view id);
Error BadRequest(std::string message);    // InvalidRequestException
Error BadParameter(std::string message);  // InvalidParameterException
Error IsDeleted();

}  // namespace mayfly::secretsmanager
