// What is set beside a function: concurrency, asynchronous invocation, runtime management, recursion.
//
// One row per function (concurrency, recursion) or per version or alias, in the tables of tables.h that belong to functions:
// keys are FUNCTION-KEY/QUALIFIER, "$LATEST" for the function itself. A row goes with its function, version or alias.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "catalog/function.h"

namespace mayfly::catalog {

// Which function, version or alias a setting is for.
struct SettingOwner {
  FunctionName function;
  std::string qualifier = "$LATEST";

  std::string Key() const { return function.Key() + '/' + qualifier; }
  std::string Arn() const { return function.Arn() + ':' + qualifier; }
};

struct ReservedConcurrency {
  SettingOwner owner;
  int executions = 0;  // 0: the function is switched off
};

// Of a version or an alias. What has become of it is not kept: invoke::Provisioner knows.
struct ProvisionedConcurrency {
  SettingOwner owner;
  int requested = 0;
  std::string last_modified;  // FormatLambdaTime
};

struct EventInvokeConfig {
  SettingOwner owner;
  std::optional<int> retry_attempts_max;      // unset: 2
  std::optional<int> event_age_max_seconds;   // unset: 6 h
  std::string success_destination;            // an ARN; "" without
  std::string failure_destination;
  int64_t last_modified_millis = 0;           // since 1970
};

struct RuntimeManagement {
  SettingOwner owner;
  std::string update_runtime_on = "Auto";  // Auto, FunctionUpdate, Manual
  std::string runtime_version_arn;         // of Manual
};

struct RecursionConfig {
  SettingOwner owner;
  std::string recursive_loop = "Terminate";  // Allow, Terminate
};

// What the key says is not in the text.
json::Value ToJson(const ReservedConcurrency& setting);
Result<> FromJson(std::string_view key, const json::Value& value, ReservedConcurrency& setting);
json::Value ToJson(const ProvisionedConcurrency& setting);
Result<> FromJson(std::string_view key, const json::Value& value, ProvisionedConcurrency& setting);
json::Value ToJson(const EventInvokeConfig& setting);
Result<> FromJson(std::string_view key, const json::Value& value, EventInvokeConfig& setting);
json::Value ToJson(const RuntimeManagement& setting);
Result<> FromJson(std::string_view key, const json::Value& value, RuntimeManagement& setting);
json::Value ToJson(const RecursionConfig& setting);
Result<> FromJson(std::string_view key, const json::Value& value, RecursionConfig& setting);

}  // namespace mayfly::catalog
