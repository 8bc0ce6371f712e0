// Function: one function version as the catalog keeps it. Immutable once made; a change makes a new one.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"

namespace mayfly::catalog {

// Where a function lives: functions of one name in two accounts or regions are two functions.
struct FunctionName {
  std::string account_id;
  std::string region;
  std::string name;

  // arn:aws:lambda:REGION:ACCOUNT:function:NAME (the partition follows the region: cn-, us-gov-, …).
  std::string Arn() const;
  // Key of the catalog's tables: ACCOUNT/REGION/NAME.
  std::string Key() const { return account_id + '/' + region + '/' + name; }
};

struct VpcConfig {
  std::vector<std::string> subnet_ids;
  std::vector<std::string> security_group_ids;
  bool ipv6_allowed_for_dual_stack = false;
};

struct LoggingConfig {
  std::string log_format = "Text";
  std::string application_log_level;
  std::string system_log_level;
  std::string log_group;
};

// Members as in the API's FunctionConfiguration, plus what only the service knows (code, tags).
struct Function {
  FunctionName name;
  std::string version = "$LATEST";
  std::string runtime;
  std::string role;
  std::string handler;
  std::string description;
  std::string package_type = "Zip";
  std::string architecture = "x86_64";
  int timeout_seconds = 3;
  int memory_mib = 128;
  int tmp_mib = 512;
  std::string code_sha256;  // hex; names the package in the code and blob stores
  int64_t code_bytes = 0;   // of the zip
  std::vector<std::pair<std::string, std::string>> environment;
  bool has_environment = false;  // Environment was given, perhaps empty
  std::vector<std::pair<std::string, std::string>> tags;
  std::string kms_key_arn;
  std::string dead_letter_arn;
  std::string tracing_mode = "PassThrough";
  std::string snap_start_apply_on = "None";
  bool has_vpc_config = false;
  VpcConfig vpc;
  LoggingConfig logging;
  std::string state = "Active";
  std::string state_reason;
  std::string state_reason_code;
  std::string last_update_status = "Successful";
  std::string last_update_status_reason;
  std::string last_update_status_reason_code;
  std::string revision_id;         // changes with every change, also of state (AWS)
  std::string environment_key;     // changes only when code or configuration do: environments of another key are stale
  std::string last_modified;  // FormatLambdaTime

  std::string QualifiedArn() const { return name.Arn() + ':' + version; }
  Sha256Digest CodeDigest() const;
  std::string CodeSha256Base64() const;
  std::string LogGroup() const;
};

// Log groups of one name in two accounts or regions are two groups: ACCOUNT/REGION then the group.
std::string LogGroupKey(const FunctionName& name, std::string_view log_group);

json::Value ToJson(const Function& function);
Result<Function> FunctionFromJson(const json::Value& value);

}  // namespace mayfly::catalog
