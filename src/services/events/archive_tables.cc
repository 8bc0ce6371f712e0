#include "services/events/archive_tables.h"

#include <fmt/format.h>

namespace mayfly::events {
namespace {

Error MissingArchive(std::string_view key) {
  return Error::Service("ResourceNotFoundException", fmt::format("Archive {} does not exist.", NamedOfKey(key).name));
}
Error ArchiveExists(std::string_view key) {
  return Error::Service("ResourceAlreadyExistsException", fmt::format("Archive {} already exists.", NamedOfKey(key).name));
}
Error MissingReplay(std::string_view key) {
  return Error::Service("ResourceNotFoundException", fmt::format("Replay {} does not exist.", NamedOfKey(key).name));
}
Error ReplayExists(std::string_view key) {
  return Error::Service("ResourceAlreadyExistsException", fmt::format("Replay {} already exists.", NamedOfKey(key).name));
}
Error BusyArchiveRow(std::string_view) {
  return Error::Service("ConcurrentModificationException", "There is concurrent modification on a resource. Please retry.");
}

}  // namespace

void VisitMembers(resources::Is<ArchiveRow> auto& row, auto&& visit) {
  visit("Bus", row.bus_arn);
  visit("Pattern", row.pattern);
  visit("Description", row.description);
  visit("KmsKey", row.kms_key_id);
  visit("Retention", row.retention_days);
  visit("Created", row.created_millis);
}

void VisitMembers(resources::Is<ReplayRow> auto& row, auto&& visit) {
  visit("Description", row.description);
  visit("Archive", row.archive_arn);
  visit("Bus", row.bus_arn);
  visit("Filters", row.filter_arns);
  visit("From", row.from_millis);
  visit("To", row.to_millis);
  visit("State", row.state);
  visit("Reason", row.reason);
  visit("Position", row.position);
  visit("LastReplayed", row.last_replayed_millis);
  visit("Started", row.started_millis);
  visit("Ended", row.ended_millis);
}

json::Value ToJson(const ArchiveRow& row) { return resources::WriteMembers(row); }
Result<> FromJson(std::string_view key, const json::Value& value, ArchiveRow& row) {
  row.name = NamedOfKey(key);
  resources::ReadMembers(value, row);
  return {};
}
json::Value ToJson(const ReplayRow& row) { return resources::WriteMembers(row); }
Result<> FromJson(std::string_view key, const json::Value& value, ReplayRow& row) {
  row.name = NamedOfKey(key);
  resources::ReadMembers(value, row);
  return {};
}

ArchiveTables::ArchiveTables(resources::ResourceTables& tables)
    : archives(tables, "event_archives", {.owners = {}, .errors = {.missing = MissingArchive, .exists = ArchiveExists, .busy = BusyArchiveRow}}),
      replays(tables, "event_replays", {.owners = {}, .errors = {.missing = MissingReplay, .exists = ReplayExists, .busy = BusyArchiveRow}}) {}

}  // namespace mayfly::events
