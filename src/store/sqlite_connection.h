// One connection to an SQLite file and its prepared statements: the only place that calls SQLite's C interface.
// A connection and its statements are used by one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace mayfly::store {

class SqliteConnection;

// A prepared statement, kept for the life of its connection.
class SqliteStatement {
 public:
  SqliteStatement() = default;
  SqliteStatement(SqliteStatement&& other) noexcept;
  SqliteStatement& operator=(SqliteStatement&& other) noexcept;
  ~SqliteStatement();

  // One execution: arguments in order, then steps. Its end resets the statement, so that no snapshot stays open.
  // Texts and blobs are not copied: they outlive the execution.
  class Execution {
   public:
    explicit Execution(sqlite3_stmt* statement) : statement_(statement) {}
    ~Execution();
    Execution(const Execution&) = delete;
    Execution& operator=(const Execution&) = delete;

    Execution& Integer(int64_t value);
    Execution& Text(std::string_view value);
    Execution& Blob(std::string_view value);
    // true: a row; false: the end.
    Result<bool> Step();
    // Steps to the end.
    Result<> Finish();

    int64_t IntegerAt(int column) const;
    bool IsNullAt(int column) const;
    std::string BlobAt(int column) const;
    size_t BytesAt(int column) const;

   private:
    sqlite3_stmt* statement_;
    int next_argument_ = 1;
    int bind_error_ = 0;
  };
  Execution Start() { return Execution(statement_); }

 private:
  friend class SqliteConnection;
  explicit SqliteStatement(sqlite3_stmt* statement) : statement_(statement) {}
  sqlite3_stmt* statement_ = nullptr;
};

class SqliteConnection {
 public:
  enum class Mode : unsigned char { ReadWriteCreate, ReadOnly };

  SqliteConnection() = default;
  SqliteConnection(SqliteConnection&& other) noexcept;
  SqliteConnection& operator=(SqliteConnection&& other) noexcept;
  ~SqliteConnection();

  static Result<SqliteConnection> Open(const std::string& path, Mode mode);

  // Runs statements without arguments or rows.
  Result<> Run(const char* sql);
  // The first column of the first row, as an integer.
  Result<int64_t> QueryInteger(const char* sql);
  Result<SqliteStatement> Prepare(std::string_view sql);
  // Rows that the last insert, update or delete changed.
  int64_t changes() const;
  bool in_transaction() const;

  // Counts the frames of the write-ahead log into `*frames` after each commit of this connection.
  void CountWalFrames(int* frames);
  // Moves the write-ahead log into the file, as far as readers allow or waiting for them. True: all of it.
  enum class Readers : unsigned char { Respect, WaitFor };
  Result<bool> Checkpoint(Readers readers);

 private:
  explicit SqliteConnection(sqlite3* connection) : connection_(connection) {}
  sqlite3* connection_ = nullptr;
};

// The fault for the connection's last error. retryable: the disk is full, an I/O error, out of memory, busy.
Error SqliteError(sqlite3* connection, std::string_view what);

}  // namespace mayfly::store
