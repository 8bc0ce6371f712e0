#include "catalog/function_settings.h"

#include <type_traits>

#include "resources/json_members.h"

namespace mayfly::catalog {
namespace {

// The members of each setting, for reading and writing.
struct Members {
  template <typename Self, typename Visitor>
  static void Visit(Self& setting, Visitor&& visit) {
    using T = std::remove_const_t<Self>;
    if constexpr (std::is_same_v<T, ReservedConcurrency>) {
      visit("Executions", setting.executions);
    } else if constexpr (std::is_same_v<T, ProvisionedConcurrency>) {
      visit("Requested", setting.requested);
      visit("LastModified", setting.last_modified);
    } else if constexpr (std::is_same_v<T, EventInvokeConfig>) {
      visit("MaximumRetryAttempts", setting.retry_attempts_max);
      visit("MaximumEventAgeInSeconds", setting.event_age_max_seconds);
      visit("OnSuccess", setting.success_destination);
      visit("OnFailure", setting.failure_destination);
      visit("LastModified", setting.last_modified_millis);
    } else if constexpr (std::is_same_v<T, RuntimeManagement>) {
      visit("UpdateRuntimeOn", setting.update_runtime_on);
      visit("RuntimeVersionArn", setting.runtime_version_arn);
    } else {
      static_assert(std::is_same_v<T, RecursionConfig>);
      visit("RecursiveLoop", setting.recursive_loop);
    }
  }
};

template <typename T>
json::Value Write(const T& setting) {
  return resources::WriteMembers(setting, [](auto& from, auto& visit) { Members::Visit(from, visit); });
}

template <typename T>
Result<> Read(std::string_view key, const json::Value& value, T& setting) {
  MF_TRY(setting.owner.function, NameFromKey(key));
  setting.owner.qualifier = key.substr(key.rfind('/') + 1);
  Members::Visit(setting, resources::MemberReader(value));
  return {};
}

}  // namespace

json::Value ToJson(const ReservedConcurrency& setting) { return Write(setting); }
Result<> FromJson(std::string_view key, const json::Value& value, ReservedConcurrency& setting) { return Read(key, value, setting); }
json::Value ToJson(const ProvisionedConcurrency& setting) { return Write(setting); }
Result<> FromJson(std::string_view key, const json::Value& value, ProvisionedConcurrency& setting) { return Read(key, value, setting); }
json::Value ToJson(const EventInvokeConfig& setting) { return Write(setting); }
Result<> FromJson(std::string_view key, const json::Value& value, EventInvokeConfig& setting) { return Read(key, value, setting); }
json::Value ToJson(const RuntimeManagement& setting) { return Write(setting); }
Result<> FromJson(std::string_view key, const json::Value& value, RuntimeManagement& setting) { return Read(key, value, setting); }
json::Value ToJson(const RecursionConfig& setting) { return Write(setting); }
Result<> FromJson(std::string_view key, const json::Value& value, RecursionConfig& setting) { return Read(key, value, setting); }

}  // namespace mayfly::catalog
