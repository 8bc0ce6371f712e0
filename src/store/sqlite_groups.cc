#include "store/sqlite_groups.h"

#include <algorithm>

namespace mayfly::store {
namespace {

int64_t NanosOf(WallTime time) { return time.time_since_epoch().count(); }

}  // namespace

Result<> SqliteGroups::Prepare(SqliteConnection& connection) {
  const std::pair<SqliteStatement*, std::string_view> statements[] = {
      {&find_first_, "SELECT item, note FROM append_once WHERE key = ? AND until > ?"},
      {&note_first_, "INSERT OR REPLACE INTO append_once(key, item, until, note) VALUES(?, ?, ?, ?)"},
      {&forget_firsts_, "DELETE FROM append_once WHERE key IN (SELECT key FROM append_once WHERE until <= ? LIMIT 2)"},
      {&begin_group_, "INSERT OR IGNORE INTO queue_groups(queue, grp, head, due) VALUES(?, ?, ?, ?)"},
      {&move_head_, "UPDATE queue_groups SET due = ? WHERE queue = ? AND grp = ? AND head = ?"},
      {&first_item_, "SELECT id, available_at FROM queue_items WHERE queue = ? AND grp = ? AND grp <> '' ORDER BY id LIMIT 1"},
      {&set_head_, "UPDATE queue_groups SET head = ?, due = ? WHERE queue = ? AND grp = ?"},
      {&end_group_, "DELETE FROM queue_groups WHERE queue = ? AND grp = ?"},
      {&available_, "SELECT grp FROM queue_groups WHERE queue = ? AND due <= ? ORDER BY due, head LIMIT ?"},
      {&next_due_, "SELECT min(due) FROM queue_groups WHERE queue = ?"},
  };
  for (const auto& [statement, sql] : statements) {
    MF_TRY(*statement, connection.Prepare(sql));
  }
  return {};
}

Result<std::optional<SqliteGroups::First>> SqliteGroups::FindFirst(std::string_view key, WallTime now) {
  if (key.empty()) return std::nullopt;
  auto row = find_first_.Start();
  MF_TRY(const bool found, row.Blob(key).Integer(NanosOf(now)).Step());
  if (!found) return std::nullopt;
  return First{row.IntegerAt(0), row.BlobAt(1)};
}

Result<> SqliteGroups::NoteFirst(const GroupedItem& item, int64_t id, WallTime now) {
  if (item.once_key.empty()) return {};
  MF_TRY_VOID(forget_firsts_.Start().Integer(NanosOf(now)).Finish());
  return note_first_.Start().Blob(item.once_key).Integer(id).Integer(NanosOf(item.once_until)).Text(item.once_note).Finish();
}

Result<> SqliteGroups::Appended(std::string_view queue, std::string_view group, int64_t id, int64_t due) {
  return begin_group_.Start().Text(queue).Text(group).Integer(id).Integer(due).Finish();
}

Result<> SqliteGroups::Moved(std::string_view queue, std::string_view group, int64_t id, int64_t available_at) {
  if (group.empty()) return {};
  return move_head_.Start().Integer(available_at).Text(queue).Text(group).Integer(id).Finish();
}

Result<> SqliteGroups::Removed(std::string_view queue, std::string_view group) {
  if (group.empty()) return {};
  auto first = first_item_.Start();
  MF_TRY(const bool found, first.Text(queue).Text(group).Step());
  if (!found) return end_group_.Start().Text(queue).Text(group).Finish();
  return set_head_.Start().Integer(first.IntegerAt(0)).Integer(first.IntegerAt(1)).Text(queue).Text(group).Finish();
}

Result<std::vector<std::string>> SqliteGroups::Available(std::string_view queue, WallTime now, size_t count) {
  std::vector<std::string> groups;
  auto available = available_.Start();
  available.Text(queue).Integer(NanosOf(now)).Integer(static_cast<int64_t>(std::min<size_t>(count, INT64_MAX)));
  for (;;) {
    MF_TRY(const bool row, available.Step());
    if (!row) return groups;
    groups.push_back(available.BlobAt(0));
  }
}

Result<std::optional<int64_t>> SqliteGroups::NextDue(std::string_view queue) {
  auto next = next_due_.Start();
  MF_TRY(const bool row, next.Text(queue).Step());
  if (!row || next.IsNullAt(0)) return std::nullopt;
  return next.IntegerAt(0);
}

}  // namespace mayfly::store
