#include "store/sqlite_schema.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <cerrno>

#include "base/files.h"

namespace mayfly::store {
namespace {

constexpr int64_t kApplicationId = 0x4d464c59;  // "MFLY"
constexpr int64_t kSchemaVersion = 4;

// WAL with FULL: one fsync of the log per transaction. The writer checkpoints by itself (sqlite_writer.h).
constexpr const char* kWriterSettings =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=OFF; PRAGMA foreign_keys=OFF;"
    "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16384; PRAGMA journal_size_limit=67108864; PRAGMA trusted_schema=OFF;";

// `sequence` numbers row versions and queue items and is never reused, not even those of deleted rows: a version or an id
// that somebody still holds cannot come to mean something else.
// `available_at` is when an item may be leased: its due time, or the end of its lease (nanoseconds since 1970). `queue_counts`
// has the number of items of each queue that has any.
// `queue_groups` has the first item of each group of an ordered queue, and when it is available; `append_once` what was appended
// under a key that lets no second item in.
#define MAYFLY_ORDERED_QUEUES                                                                              \
  "CREATE INDEX queue_items_by_group ON queue_items(queue, grp, id) WHERE grp <> '';"                      \
  "CREATE TABLE queue_groups(queue TEXT NOT NULL, grp TEXT NOT NULL, head INTEGER NOT NULL, due INTEGER NOT NULL," \
  " PRIMARY KEY(queue, grp)) STRICT, WITHOUT ROWID;"                                                        \
  "CREATE INDEX queue_groups_by_time ON queue_groups(queue, due, head);"                                    \
  "CREATE TABLE append_once(key BLOB PRIMARY KEY, item INTEGER NOT NULL, until INTEGER NOT NULL, note TEXT NOT NULL)" \
  " STRICT, WITHOUT ROWID;"                                                                                 \
  "CREATE INDEX append_once_by_time ON append_once(until);"

constexpr const char* kSchema =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "INSERT INTO meta VALUES('sequence', 0);"
    "CREATE TABLE rows(tbl TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, version INTEGER NOT NULL,"
    " PRIMARY KEY(tbl, key)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE queue_items(id INTEGER PRIMARY KEY, queue TEXT NOT NULL, available_at INTEGER NOT NULL,"
    " leased INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0, appended_at INTEGER NOT NULL,"
    " payload BLOB NOT NULL, first_leased_at INTEGER NOT NULL DEFAULT 0, grp TEXT NOT NULL DEFAULT '') STRICT;"
    "CREATE INDEX queue_items_by_time ON queue_items(queue, available_at, id);"
    "CREATE TABLE queue_counts(queue TEXT PRIMARY KEY, items INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    MAYFLY_ORDERED_QUEUES
    "PRAGMA application_id=1296452697; PRAGMA user_version=4;"
    "COMMIT;";
static_assert(kApplicationId == 1296452697 && kSchemaVersion == 4, "the numbers in kSchema");

constexpr const char* kFromVersion1 =
    "BEGIN IMMEDIATE;"
    "ALTER TABLE queue_items ADD COLUMN first_leased_at INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE queue_counts(queue TEXT PRIMARY KEY, items INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "INSERT INTO queue_counts SELECT queue, count(*) FROM queue_items GROUP BY queue;"
    "PRAGMA user_version=2;"
    "COMMIT;";

constexpr const char* kFromVersion2 =
    "BEGIN IMMEDIATE;"
    "DROP INDEX queue_items_leased;"
    "PRAGMA user_version=3;"
    "COMMIT;";

constexpr const char* kFromVersion3 =
    "BEGIN IMMEDIATE;"
    "ALTER TABLE queue_items ADD COLUMN grp TEXT NOT NULL DEFAULT '';"
    MAYFLY_ORDERED_QUEUES
    "PRAGMA user_version=4;"
    "COMMIT;";
#undef MAYFLY_ORDERED_QUEUES

enum class Contents : unsigned char { Empty, Old, Ours };

// Changes nothing, so that a file of another program stays as it is.
Result<Contents> CheckContents(SqliteConnection& connection) {
  MF_TRY(const int64_t application, connection.QueryInteger("PRAGMA application_id"));
  MF_TRY(const int64_t version, connection.QueryInteger("PRAGMA user_version"));
  MF_TRY(const int64_t objects, connection.QueryInteger("SELECT count(*) FROM sqlite_schema"));
  if (application == 0 && version == 0 && objects == 0) return Contents::Empty;
  if (application != kApplicationId) {
    return Fail(Error::Fault("this is a database of another program", "name another data directory, or move the file away"));
  }
  if (version > kSchemaVersion) {
    return Fail(Error::Fault(fmt::format("the schema is of version {}, this daemon knows {}", version, kSchemaVersion),
                             "start the newer daemon that wrote it, or name another data directory"));
  }
  return version < kSchemaVersion ? Contents::Old : Contents::Ours;
}

Result<> BringUpToDate(SqliteConnection& connection) {
  MF_TRY(const int64_t version, connection.QueryInteger("PRAGMA user_version"));
  if (version < 2) MF_TRY_VOID(connection.Run(kFromVersion1));
  if (version < 3) MF_TRY_VOID(connection.Run(kFromVersion2));
  return connection.Run(kFromVersion3);
}

// Leases that have not ended by themselves are found by their time, among what is not due: no index is kept for them alone.
Result<> EndLeases(SqliteConnection& connection, WallTime now) {
  return connection.Run(fmt::format("UPDATE queue_items SET leased = 0, available_at = 0 WHERE leased = 1 AND available_at > {}"
                                    " AND queue IN (SELECT queue FROM queue_counts);"
                                    "UPDATE queue_groups SET due = (SELECT available_at FROM queue_items WHERE id = head)",
                                    now.time_since_epoch().count()).c_str());
}

std::string HolderOf(int fd) {
  char text[32] = {};
  const ssize_t count = ::pread(fd, text, sizeof text - 1, 0);
  std::string holder(text, count > 0 ? static_cast<size_t>(count) : 0);
  while (!holder.empty() && (holder.back() < '0' || holder.back() > '9')) holder.pop_back();
  return holder.empty() ? "another process" : "process " + holder;
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Result<StoreLock> StoreLock::Take(const std::string& database_path) {
  const std::string path = database_path + ".lock";
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) {
    Error error = Error::FromErrno("open " + path, errno);
    error.hint = "the data directory must exist and be writable for the daemon's user";
    return Fail(std::move(error));
  }
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return Fail(Error::FromErrno("lock " + path, errno));
    Error error = Error::Fault(fmt::format("{} is in use by {}", database_path, HolderOf(file.get())),
                               "one daemon per data directory: stop the other one, or name another directory");
    error.code = "EWOULDBLOCK";
    return Fail(std::move(error));
  }
  const std::string holder = fmt::format("{}\n", ::getpid());
  if (::ftruncate(file.get(), 0) != 0 || ::pwrite(file.get(), holder.data(), holder.size(), 0) < 0) {
    return Fail(Error::FromErrno("write " + path, errno));
  }
  return StoreLock(std::move(file));
}

Result<SqliteConnection> OpenWriterConnection(const std::string& path, SqliteOptions::Leases leases, WallTime now) {
  MF_TRY(SqliteConnection connection, SqliteConnection::Open(path, SqliteConnection::Mode::ReadWriteCreate));
  MF_TRY(const Contents contents, CheckContents(connection));
  MF_TRY_VOID(connection.Run(kWriterSettings));
  if (contents == Contents::Empty) MF_TRY_VOID(connection.Run(kSchema));
  if (contents == Contents::Old) MF_TRY_VOID(BringUpToDate(connection));
  if (leases == SqliteOptions::Leases::EndAtOpen) MF_TRY_VOID(EndLeases(connection, now));
  MF_TRY_VOID(SyncDirectory(DirectoryOf(path)));
  return connection;
}

Result<SqliteConnection> OpenReaderConnection(const std::string& path) {
  MF_TRY(SqliteConnection connection, SqliteConnection::Open(path, SqliteConnection::Mode::ReadOnly));
  // Small: whoever reads much reads it once, and keeps it.
  MF_TRY_VOID(connection.Run("PRAGMA cache_size=-1024; PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF;"));
  return connection;
}

}  // namespace mayfly::store
