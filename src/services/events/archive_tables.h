// What EventBridge keeps of archives and replays, beside the archived events themselves (archived_events.h). Rows of the control store.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "resources/json_members.h"
#include "resources/resource_table.h"
#include "services/events/named.h"

namespace mayfly::events {

inline constexpr size_t kArchivesMax = 100;       // per account and region
inline constexpr size_t kReplaysAtOnceMax = 10;   // per account and region
inline constexpr size_t kReplaysKeptMax = 1'000;  // per account and region; the records of ended ones go after 90 days

struct ArchiveRow {
  Named name;  // not part of the row: it is the row's key
  std::string bus_arn;
  std::string pattern;  // "": all events
  std::string description;
  std::string kms_key_id;  // recorded
  int retention_days = 0;  // 0: for ever
  int64_t created_millis = 0;
};

struct ReplayRow {
  Named name;  // not part of the row: it is the row's key
  std::string description;
  std::string archive_arn;
  std::string bus_arn;
  std::vector<std::string> filter_arns;  // rules; none: all of the bus
  int64_t from_millis = 0;
  int64_t to_millis = 0;
  std::string state;  // STARTING, RUNNING, CANCELLING, CANCELLED, COMPLETED, FAILED
  std::string reason;
  std::string position;  // of the last event that was replayed (StoredEvent::position)
  int64_t last_replayed_millis = 0;
  int64_t started_millis = 0;
  int64_t ended_millis = 0;

  bool has_ended() const { return ended_millis != 0; }
};

json::Value ToJson(const ArchiveRow& row);
Result<> FromJson(std::string_view key, const json::Value& value, ArchiveRow& row);
json::Value ToJson(const ReplayRow& row);
Result<> FromJson(std::string_view key, const json::Value& value, ReplayRow& row);

// Made before the store's tables are opened.
struct ArchiveTables {
  explicit ArchiveTables(resources::ResourceTables& all);

  resources::ResourceTable<ArchiveRow> archives;  // by Named::Key()
  resources::ResourceTable<ReplayRow> replays;    // likewise
};

}  // namespace mayfly::events
