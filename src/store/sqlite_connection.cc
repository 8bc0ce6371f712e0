#include "store/sqlite_connection.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include <fmt/format.h>
#include <sqlite3.h>

#include "base/fd.h"

namespace mayfly::store {
namespace {

constexpr int kBusyTimeoutMillis = 5'000;

std::string_view CodeName(int code) {
  switch (code) {
    case SQLITE_FULL: return "SQLITE_FULL";
    case SQLITE_IOERR: return "SQLITE_IOERR";
    case SQLITE_NOMEM: return "SQLITE_NOMEM";
    case SQLITE_BUSY: return "SQLITE_BUSY";
    case SQLITE_LOCKED: return "SQLITE_LOCKED";
    case SQLITE_CORRUPT: return "SQLITE_CORRUPT";
    case SQLITE_NOTADB: return "SQLITE_NOTADB";
    case SQLITE_CANTOPEN: return "SQLITE_CANTOPEN";
    case SQLITE_READONLY: return "SQLITE_READONLY";
    case SQLITE_CONSTRAINT: return "SQLITE_CONSTRAINT";
    default: return "SQLITE_ERROR";
  }
}

std::string_view HintFor(int code) {
  switch (code) {
    case SQLITE_FULL: return "free space on the file system of the data directory";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return "the file is damaged: restore it from a backup, or move it away to start empty";
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY: return "the data directory must exist and be writable for the daemon's user";
    default: return "";
  }
}

bool IsRetryable(int code) {
  return code == SQLITE_FULL || code == SQLITE_IOERR || code == SQLITE_NOMEM || code == SQLITE_BUSY || code == SQLITE_LOCKED;
}

// A null pointer would bind NULL.
const char* DataOf(std::string_view value) { return value.data() ? value.data() : ""; }

}  // namespace

Error SqliteError(sqlite3* connection, std::string_view what) {
  const int extended = connection ? sqlite3_extended_errcode(connection) : SQLITE_NOMEM;
  const int code = extended & 0xff;
  Error error = Error::Fault(fmt::format("{}: {} ({})", what, connection ? sqlite3_errmsg(connection) : "out of memory", extended),
                             std::string(HintFor(code)));
  error.code = CodeName(code);
  error.retryable = IsRetryable(code);
  return error;
}

SqliteStatement::SqliteStatement(SqliteStatement&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
SqliteStatement& SqliteStatement::operator=(SqliteStatement&& other) noexcept {
  std::swap(statement_, other.statement_);
  return *this;
}
SqliteStatement::~SqliteStatement() { sqlite3_finalize(statement_); }

SqliteStatement::Execution::~Execution() { sqlite3_reset(statement_); }

SqliteStatement::Execution& SqliteStatement::Execution::Integer(int64_t value) {
  bind_error_ |= sqlite3_bind_int64(statement_, next_argument_++, value);
  return *this;
}
SqliteStatement::Execution& SqliteStatement::Execution::Text(std::string_view value) {
  bind_error_ |= sqlite3_bind_text64(statement_, next_argument_++, DataOf(value), value.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}
SqliteStatement::Execution& SqliteStatement::Execution::Blob(std::string_view value) {
  bind_error_ |= sqlite3_bind_blob64(statement_, next_argument_++, DataOf(value), value.size(), SQLITE_STATIC);
  return *this;
}

Result<bool> SqliteStatement::Execution::Step() {
  MF_ASSERT(statement_ != nullptr && next_argument_ == sqlite3_bind_parameter_count(statement_) + 1);
  const int code = bind_error_ ? bind_error_ : sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return Fail(SqliteError(sqlite3_db_handle(statement_), sqlite3_sql(statement_)));
}

Result<> SqliteStatement::Execution::Finish() {
  for (;;) {
    MF_TRY(const bool row, Step());
    if (!row) return {};
  }
}

int64_t SqliteStatement::Execution::IntegerAt(int column) const {
  MF_ASSERT(column < sqlite3_data_count(statement_));
  return sqlite3_column_int64(statement_, column);
}
bool SqliteStatement::Execution::IsNullAt(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
size_t SqliteStatement::Execution::BytesAt(int column) const { return static_cast<size_t>(sqlite3_column_bytes(statement_, column)); }
std::string SqliteStatement::Execution::BlobAt(int column) const {
  MF_ASSERT(column < sqlite3_data_count(statement_));
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return bytes ? std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(statement_, column))) : std::string();
}

SqliteConnection::SqliteConnection(SqliteConnection&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
SqliteConnection& SqliteConnection::operator=(SqliteConnection&& other) noexcept {
  std::swap(connection_, other.connection_);
  return *this;
}
SqliteConnection::~SqliteConnection() { sqlite3_close_v2(connection_); }

namespace {

// Its owner's alone; SQLite gives the files beside it the same mode. An existing one is not opened for this: closing it would drop
// the locks that another connection of this process holds.
Result<> MakePrivateFile(const std::string& path) {
  const UniqueFd made(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!made && errno != EEXIST) return Fail(Error::FromErrno("make " + path, errno));
  for (const char* suffix : {"", "-wal", "-shm"}) {
    if (::chmod((path + suffix).c_str(), 0600) != 0 && errno != ENOENT) return Fail(Error::FromErrno("chmod " + path + suffix, errno));
  }
  return {};
}

}  // namespace

Result<SqliteConnection> SqliteConnection::Open(const std::string& path, Mode mode) {
  // Statistics that nobody reads cost a mutex at each allocation. Refused, and harmless, once SQLite is in use.
  static const int configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)configured;
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (mode == Mode::ReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (mode == Mode::ReadWriteCreate) MF_TRY_VOID(MakePrivateFile(path));
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  SqliteConnection connection(raw);
  if (code != SQLITE_OK) return Fail(SqliteError(raw, "open"));
  sqlite3_busy_timeout(raw, kBusyTimeoutMillis);
  return connection;
}

Result<> SqliteConnection::Run(const char* sql) {
  MF_ASSERT(connection_ != nullptr);
  if (sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return Fail(SqliteError(connection_, sql));
  return {};
}

Result<int64_t> SqliteConnection::QueryInteger(const char* sql) {
  MF_TRY(SqliteStatement statement, Prepare(sql));
  auto execution = statement.Start();
  MF_TRY(const bool row, execution.Step());
  if (!row) return Fail(Error::Fault(fmt::format("{}: no row", sql)));
  return execution.IntegerAt(0);
}

Result<SqliteStatement> SqliteConnection::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  MF_ASSERT(connection_ != nullptr && !sql.empty());
  if (sqlite3_prepare_v3(connection_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement, nullptr) !=
      SQLITE_OK) {
    return Fail(SqliteError(connection_, sql));
  }
  return SqliteStatement(statement);
}

int64_t SqliteConnection::changes() const { return sqlite3_changes64(connection_); }
bool SqliteConnection::in_transaction() const { return sqlite3_get_autocommit(connection_) == 0; }

void SqliteConnection::CountWalFrames(int* frames) {
  sqlite3_wal_hook(
      connection_,
      [](void* argument, sqlite3*, const char*, int count) {
        *static_cast<int*>(argument) = count;
        return SQLITE_OK;
      },
      frames);
}

Result<bool> SqliteConnection::Checkpoint(Readers readers) {
  const int mode = readers == Readers::Respect ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_RESTART;
  int frames = 0, moved = 0;
  const int code = sqlite3_wal_checkpoint_v2(connection_, nullptr, mode, &frames, &moved);
  if ((code & 0xff) == SQLITE_BUSY) return false;
  MF_ASSERT(code != SQLITE_OK || moved <= frames);
  if (code != SQLITE_OK) return Fail(SqliteError(connection_, "checkpoint"));
  return frames == moved;
}

}  // namespace mayfly::store
