// Reading an SQLite file beside its writer: a few threads, each query on a connection of its own.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "store/sqlite_connection.h"
#include "store/store.h"

namespace mayfly::store {

// One connection with its statements; one thread at a time. Each call sees the last commit before it.
class SqliteReader {
 public:
  static Result<std::unique_ptr<SqliteReader>> Open(const std::string& path);

  Result<std::optional<Row>> Get(const std::string& table, const std::string& key);
  Result<std::vector<Row>> Scan(const std::string& table, const std::string& prefix, const std::string& from, size_t limit);
  Result<std::optional<WallTime>> NextDue(const std::string& queue);

 private:
  explicit SqliteReader(SqliteConnection connection) : connection_(std::move(connection)) {}
  SqliteConnection connection_;
  SqliteStatement get_, scan_range_, scan_to_end_, next_due_;
};

// As many readers as there are threads that borrow. Any thread.
class SqliteReaders {
 public:
  static Result<std::shared_ptr<SqliteReaders>> Open(const std::string& path, int count);

  // Calls `function(reader)` with a free reader.
  template <typename Function>
  auto With(Function function) {
    std::unique_ptr<SqliteReader> reader = Take();
    auto result = function(*reader);
    GiveBack(std::move(reader));
    return result;
  }

 private:
  std::unique_ptr<SqliteReader> Take();
  void GiveBack(std::unique_ptr<SqliteReader> reader);

  std::mutex mutex_;
  std::vector<std::unique_ptr<SqliteReader>> free_;
};

}  // namespace mayfly::store
