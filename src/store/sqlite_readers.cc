#include "store/sqlite_readers.h"

#include <algorithm>

#include "store/batch_rules.h"
#include "store/sqlite_schema.h"

namespace mayfly::store {

Result<std::unique_ptr<SqliteReader>> SqliteReader::Open(const std::string& path) {
  MF_TRY(SqliteConnection connection, OpenReaderConnection(path));
  std::unique_ptr<SqliteReader> reader(new SqliteReader(std::move(connection)));
  const std::pair<SqliteStatement*, std::string_view> statements[] = {
      {&reader->get_, "SELECT value, version FROM rows WHERE tbl = ? AND key = ?"},
      {&reader->scan_range_, "SELECT key, value, version FROM rows WHERE tbl = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?"},
      {&reader->scan_to_end_, "SELECT key, value, version FROM rows WHERE tbl = ? AND key >= ? ORDER BY key LIMIT ?"},
      {&reader->next_due_, "SELECT min(available_at) FROM queue_items WHERE queue = ?"},
  };
  for (const auto& [statement, sql] : statements) {
    MF_TRY(*statement, reader->connection_.Prepare(sql));
  }
  return reader;
}

Result<std::optional<Row>> SqliteReader::Get(const std::string& table, const std::string& key) {
  auto row = get_.Start();
  MF_TRY(const bool found, row.Text(table).Blob(key).Step());
  if (!found) return std::optional<Row>();
  return Row{key, row.BlobAt(0), row.IntegerAt(1)};
}

Result<std::vector<Row>> SqliteReader::Scan(const std::string& table, const std::string& prefix, const std::string& from, size_t limit) {
  const std::string end = EndOfPrefix(prefix);
  auto scan = end.empty() ? scan_to_end_.Start() : scan_range_.Start();
  scan.Text(table).Blob(std::max(prefix, from));
  if (!end.empty()) scan.Blob(end);
  scan.Integer(static_cast<int64_t>(std::min<size_t>(limit, INT64_MAX)));
  std::vector<Row> rows;
  for (;;) {
    MF_TRY(const bool row, scan.Step());
    if (!row) return rows;
    rows.push_back({scan.BlobAt(0), scan.BlobAt(1), scan.IntegerAt(2)});
  }
}

Result<std::optional<WallTime>> SqliteReader::NextDue(const std::string& queue) {
  auto next = next_due_.Start();
  MF_TRY(const bool row, next.Text(queue).Step());
  if (!row || next.IsNullAt(0)) return std::optional<WallTime>();
  return WallTime(Duration(next.IntegerAt(0)));
}

Result<std::shared_ptr<SqliteReaders>> SqliteReaders::Open(const std::string& path, int count) {
  MF_ASSERT(count > 0);
  auto readers = std::make_shared<SqliteReaders>();
  for (int i = 0; i < count; ++i) {
    MF_TRY(auto reader, SqliteReader::Open(path));
    readers->free_.push_back(std::move(reader));
  }
  return readers;
}

std::unique_ptr<SqliteReader> SqliteReaders::Take() {
  std::lock_guard lock(mutex_);
  MF_ASSERT(!free_.empty());
  auto reader = std::move(free_.back());
  free_.pop_back();
  return reader;
}

void SqliteReaders::GiveBack(std::unique_ptr<SqliteReader> reader) {
  MF_ASSERT(reader != nullptr);
  std::lock_guard lock(mutex_);
  free_.push_back(std::move(reader));
}

}  // namespace mayfly::store
