// The file of the embedded store: who may open it, and which tables it has.
#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "store/sqlite_connection.h"
#include "store/store.h"

namespace mayfly::store {

// Held while a store is open, so that a second daemon on the same file is told so. Goes with the process, however it ends.
// The file PATH.lock stays; it holds the number of the process that had it last.
class StoreLock {
 public:
  // Error: a Fault with code "EWOULDBLOCK" that names the other process.
  static Result<StoreLock> Take(const std::string& database_path);

 private:
  explicit StoreLock(UniqueFd file) : file_(std::move(file)) {}
  UniqueFd file_;
};

// Opens the writer's connection: recovers the write-ahead log, makes the schema or brings it up to date, ends leases as told.
// Errors: Faults that name the file and what to do (not ours, damaged, newer schema).
Result<SqliteConnection> OpenWriterConnection(const std::string& path, SqliteOptions::Leases leases, WallTime now);
// For reading, beside the writer's.
Result<SqliteConnection> OpenReaderConnection(const std::string& path);

}  // namespace mayfly::store
