#include "services/scheduler/schedule_tables.h"

#include <fmt/format.h>

#include "base/text.h"
#include "identity/arn.h"

namespace mayfly::scheduler {
namespace {

std::string ArnOf(const GroupName& group, std::string_view resource) {
  return fmt::format("arn:{}:scheduler:{}:{}:{}", identity::PartitionOf(group.region), group.region, group.account_id, resource);
}

Error MissingGroup(std::string_view key) { return NoGroup(GroupOfKey(key).name); }
Error GroupExists(std::string_view key) {
  return Error::Service("ConflictException", fmt::format("Schedule group {} already exists.", GroupOfKey(key).name));
}
Error MissingSchedule(std::string_view key) {
  return Error::Service("ResourceNotFoundException", fmt::format("Schedule {} does not exist.", ScheduleOfKey(key).name));
}
Error ScheduleExists(std::string_view key) {
  return Error::Service("ConflictException", fmt::format("Schedule {} already exists.", ScheduleOfKey(key).name));
}
Error BusySchedule(std::string_view) { return Error::Service("ConflictException", "Another change of the resource is on its way."); }

resources::TableRules RulesOf(resources::ResourceTable<GroupRow>& groups) {
  const resources::Owner group{.table = &groups,
                               .key_of = [](std::string_view key) { return std::optional(std::string(key.substr(0, key.rfind('/')))); },
                               .root_of = [](std::string_view key) { return std::string(key); },
                               .needed = resources::Owner::Needed::IfPresent};
  return {.owners = {group}, .errors = {.missing = MissingSchedule, .exists = ScheduleExists, .busy = BusySchedule}};
}

}  // namespace

std::string GroupName::Arn() const { return ArnOf(*this, "schedule-group/" + name); }
std::string ScheduleName::Arn() const { return ArnOf(group, fmt::format("schedule/{}/{}", group.name, name)); }

GroupName GroupOfKey(std::string_view key) {
  const std::vector<std::string_view> parts = Split(key, '/');
  MF_ASSERT(parts.size() >= 3);
  return {std::string(parts[0]), std::string(parts[1]), std::string(parts[2])};
}

ScheduleName ScheduleOfKey(std::string_view key) { return {GroupOfKey(key), std::string(key.substr(key.rfind('/') + 1))}; }

std::optional<GroupName> ParseGroupArn(std::string_view text) {
  const auto arn = identity::ParseArn(text);
  if (!arn || arn->service != "scheduler" || !arn->resource.starts_with("schedule-group/")) return std::nullopt;
  return GroupName{std::string(arn->account_id), std::string(arn->region), std::string(arn->resource.substr(arn->resource.find('/') + 1))};
}

std::optional<ScheduleName> ParseScheduleArn(std::string_view text) {
  const auto arn = identity::ParseArn(text);
  const std::vector<std::string_view> parts = arn ? Split(arn->resource, '/') : std::vector<std::string_view>();
  if (!arn || arn->service != "scheduler" || parts.size() != 3 || parts[0] != "schedule") return std::nullopt;
  return ScheduleName{{std::string(arn->account_id), std::string(arn->region), std::string(parts[1])}, std::string(parts[2])};
}

GroupName GroupOf(const Context& ctx, const std::optional<std::string>& name) {
  return {ctx.principal.account_id, ctx.principal.region, name.value_or(std::string(kDefaultGroup))};
}

void VisitMembers(resources::Is<GroupRow> auto& group, auto&& visit) {
  visit("Token", group.client_token);
  visit("Created", group.created_millis);
  visit("Modified", group.modified_millis);
  visit("Tags", group.tags);
}

void VisitMembers(resources::Is<ScheduleRow> auto& schedule, auto&& visit) {
  visit("Settings", schedule.settings);
  visit("Token", schedule.client_token);
  visit("Created", schedule.created_millis);
  visit("Modified", schedule.modified_millis);
  visit("Since", schedule.since_millis);
  visit("Done", schedule.done_millis);
}

json::Value ToJson(const GroupRow& group) { return resources::WriteMembers(group); }

Result<> FromJson(std::string_view key, const json::Value& value, GroupRow& group) {
  group.name = GroupOfKey(key);
  resources::ReadMembers(value, group);
  return {};
}

json::Value ToJson(const ScheduleRow& schedule) { return resources::WriteMembers(schedule); }

Result<> FromJson(std::string_view key, const json::Value& value, ScheduleRow& schedule) {
  schedule.name = ScheduleOfKey(key);
  resources::ReadMembers(value, schedule);
  return {};
}

ScheduleTables::ScheduleTables(resources::ResourceTables& tables)
    : all(tables),
      groups(tables, "schedule_groups", {.owners = {}, .errors = {.missing = MissingGroup, .exists = GroupExists, .busy = BusySchedule}}),
      schedules(tables, "schedules", RulesOf(groups)) {}

Error Invalid(std::string message) { return Error::Service("ValidationException", std::move(message)); }
Error NoGroup(std::string_view name) {
  return Error::Service("ResourceNotFoundException", fmt::format("Schedule group {} does not exist.", name));
}

}  // namespace mayfly::scheduler
