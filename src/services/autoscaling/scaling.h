// What Application Auto Scaling keeps: scalable targets, their policies, their scheduled actions. Rows of the catalog's store,
// durable like everything that was answered 2xx.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catalog/function_settings.h"
#include "resources/change.h"

namespace mayfly::autoscaling {

inline constexpr std::string_view kNamespace = "lambda";
inline constexpr std::string_view kDimension = "lambda:function:ProvisionedConcurrency";
inline constexpr std::string_view kUtilization = "LambdaProvisionedConcurrencyUtilization";

// Whose capacity scales: "function:NAME:QUALIFIER" of an account in a region.
struct TargetName {
  std::string account_id;
  std::string region;
  std::string resource_id;

  std::string Key() const { return account_id + '/' + region + '/' + resource_id; }
  catalog::SettingOwner Owner() const;
  // Error: ValidationException.
  static Result<TargetName> Parse(std::string account_id, std::string region, std::string_view resource_id);
};

struct ScalingTarget {
  TargetName name;
  int capacity_min = 0;
  int capacity_max = 0;
  std::string role_arn;
  std::string id;  // ends its ARN
  int64_t created_millis = 0;
  bool in_suspended = false;
  bool out_suspended = false;
  bool schedule_suspended = false;
  std::vector<std::pair<std::string, std::string>> tags;

  std::string Arn() const;
};

struct StepAdjustmentRow {
  std::optional<double> lower;
  std::optional<double> upper;
  int adjustment = 0;
};

struct Policy {
  TargetName target;
  std::string name;
  std::string id;
  std::string type;  // TargetTrackingScaling, StepScaling
  int64_t created_millis = 0;
  // Target tracking.
  double target_value = 0;
  std::optional<int> out_cooldown_seconds;
  std::optional<int> in_cooldown_seconds;
  bool in_disabled = false;
  // Step scaling: kept as it was given; alarms that would use it come with CloudWatch.
  std::string adjustment_type;
  std::vector<StepAdjustmentRow> steps;
  std::optional<int> magnitude_min;
  std::optional<int> cooldown_seconds;
  std::string aggregation_type;

  bool is_tracking() const { return type == "TargetTrackingScaling"; }
  std::string Key() const { return target.Key() + '/' + name; }
  std::string Arn() const;
};

struct Action {
  TargetName target;
  std::string name;
  std::string id;
  std::string schedule;
  std::string timezone;  // of `schedule`; "": UTC
  int64_t created_millis = 0;
  std::optional<int64_t> start_millis;
  std::optional<int64_t> end_millis;
  std::optional<int> capacity_min;
  std::optional<int> capacity_max;
  int64_t done_millis = 0;  // when it happened last

  std::string Key() const { return target.Key() + '/' + name; }
  std::string Arn() const;
};

json::Value ToJson(const ScalingTarget& target);
Result<> FromJson(std::string_view key, const json::Value& value, ScalingTarget& target);
json::Value ToJson(const Policy& policy);
Result<> FromJson(std::string_view key, const json::Value& value, Policy& policy);
json::Value ToJson(const Action& action);
Result<> FromJson(std::string_view key, const json::Value& value, Action& action);

// Made before the store's tables are opened. Policies and actions go with their target. Errors: ObjectNotFoundException,
// ConcurrentUpdateException.
struct ScalingTables {
  explicit ScalingTables(resources::ResourceTables& all);

  resources::ResourceTables& all;
  resources::ResourceTable<ScalingTarget> targets;   // by TargetName::Key()
  resources::ResourceTable<Policy> policies;  // TARGET-KEY/NAME
  resources::ResourceTable<Action> actions;   // TARGET-KEY/NAME
};

}  // namespace mayfly::autoscaling
