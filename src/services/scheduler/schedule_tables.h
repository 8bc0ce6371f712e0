// What EventBridge Scheduler keeps: groups and schedules. Rows of the control store, durable like everything that was answered 2xx.
#pragma once

#include <string>
#include <string_view>

#include "base/context.h"
#include "resources/json_members.h"
#include "resources/resource_table.h"

namespace mayfly::scheduler {

inline constexpr std::string_view kDefaultGroup = "default";
inline constexpr size_t kGroupsMax = 500;         // per account and region
inline constexpr size_t kSchedulesMax = 1'000'000;  // of all accounts (AWS: ten millions of each)

struct GroupName {
  std::string account_id;
  std::string region;
  std::string name;

  std::string Key() const { return Place() + name; }
  // "ACCOUNT/REGION/": of the rows of all that the account has there.
  std::string Place() const { return account_id + '/' + region + '/'; }
  std::string Arn() const;
  bool is_default() const { return name == kDefaultGroup; }
};

struct ScheduleName {
  GroupName group;
  std::string name;

  std::string Key() const { return group.Key() + '/' + name; }
  std::string Arn() const;
};

// The reverse of Key.
GroupName GroupOfKey(std::string_view key);
ScheduleName ScheduleOfKey(std::string_view key);
std::optional<GroupName> ParseGroupArn(std::string_view arn);
std::optional<ScheduleName> ParseScheduleArn(std::string_view arn);
// The caller's; without a name the default one.
GroupName GroupOf(const Context& ctx, const std::optional<std::string>& name);

struct GroupRow {
  GroupName name;  // not part of the row: it is the row's key
  std::string client_token;
  int64_t created_millis = 0;
  int64_t modified_millis = 0;
  resources::StringPairs tags;
};

struct ScheduleRow {
  ScheduleName name;         // not part of the row: it is the row's key
  std::string settings;      // what the client said: the request as JSON, without its token
  std::string client_token;
  int64_t created_millis = 0;
  int64_t modified_millis = 0;
  int64_t since_millis = 0;  // since when the times have been as they are
  int64_t done_millis = 0;   // the time for which it ran last; 0: for none yet
};

json::Value ToJson(const GroupRow& group);
Result<> FromJson(std::string_view key, const json::Value& value, GroupRow& group);
json::Value ToJson(const ScheduleRow& schedule);
Result<> FromJson(std::string_view key, const json::Value& value, ScheduleRow& schedule);

// Made before the store's tables are opened. Schedules go with their group; the default group has no row.
struct ScheduleTables {
  explicit ScheduleTables(resources::ResourceTables& all);

  resources::ResourceTables& all;
  resources::ResourceTable<GroupRow> groups;        // by GroupName::Key()
  resources::ResourceTable<ScheduleRow> schedules;  // by ScheduleName::Key()
};

// Errors of the service.
Error Invalid(std::string message);  // ValidationException
Error NoGroup(std::string_view name);

}  // namespace mayfly::scheduler
