#include "catalog/function_settings.h"

#include "resources/json_members.h"

namespace mayfly::catalog {
static void VisitMembers(resources::Is<ReservedConcurrency> auto& setting, auto&& visit) { visit("Executions", setting.executions); }

static void VisitMembers(resources::Is<ProvisionedConcurrency> auto& setting, auto&& visit) {
  visit("Requested", setting.requested);
  visit("LastModified", setting.last_modified);
}

static void VisitMembers(resources::Is<EventInvokeConfig> auto& setting, auto&& visit) {
  visit("MaximumRetryAttempts", setting.retry_attempts_max);
  visit("MaximumEventAgeInSeconds", setting.event_age_max_seconds);
  visit("OnSuccess", setting.success_destination);
  visit("OnFailure", setting.failure_destination);
  visit("LastModified", setting.last_modified_millis);
}

static void VisitMembers(resources::Is<RuntimeManagement> auto& setting, auto&& visit) {
  visit("UpdateRuntimeOn", setting.update_runtime_on);
  visit("RuntimeVersionArn", setting.runtime_version_arn);
}

static void VisitMembers(resources::Is<RecursionConfig> auto& setting, auto&& visit) { visit("RecursiveLoop", setting.recursive_loop); }

template <typename T>
static Result<> Read(std::string_view key, const json::Value& value, T& setting) {
  MF_TRY(setting.owner.function, NameFromKey(key));
  setting.owner.qualifier = key.substr(key.rfind('/') + 1);
  resources::ReadMembers(value, setting);
  return {};
}

json::Value ToJson(const ReservedConcurrency& setting) { return resources::WriteMembers(setting); }
Result<> FromJson(std::string_view key, const json::Value& value, ReservedConcurrency& setting) { return Read(key, value, setting); }
json::Value ToJson(const ProvisionedConcurrency& setting) { return resources::WriteMembers(setting); }
Result<> FromJson(std::string_view key, const json::Value& value, ProvisionedConcurrency& setting) { return Read(key, value, setting); }
json::Value ToJson(const EventInvokeConfig& setting) { return resources::WriteMembers(setting); }
Result<> FromJson(std::string_view key, const json::Value& value, EventInvokeConfig& setting) { return Read(key, value, setting); }
json::Value ToJson(const RuntimeManagement& setting) { return resources::WriteMembers(setting); }
Result<> FromJson(std::string_view key, const json::Value& value, RuntimeManagement& setting) { return Read(key, value, setting); }
json::Value ToJson(const RecursionConfig& setting) { return resources::WriteMembers(setting); }
Result<> FromJson(std::string_view key, const json::Value& value, RecursionConfig& setting) { return Read(key, value, setting); }

}  // namespace mayfly::catalog
