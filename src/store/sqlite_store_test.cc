// If these fail, the embedded store shares its file with a second daemon, opens what it must not, loses its order of versions
// over a restart, syncs once per commit, or lets its write-ahead log grow without bound.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "base/files.h"
#include "base/real_loop.h"
#include "base/task_scope.h"
#include "store/sqlite_connection.h"
#include "store/sqlite_schema.h"
#include "store/store.h"
#include "store/test_directory.h"

namespace mayfly::store {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::HasSubstr;

class SqliteStoreTest : public testing::Test {
 protected:
  std::unique_ptr<Store> Open(uint64_t wal_bytes_max = 32u << 20) {
    auto store = OpenSqliteStore(loop_, {.path = path_, .wal_bytes_max = wal_bytes_max});
    EXPECT_TRUE(store) << store.error().ToString();
    return std::move(*store);
  }
  Error OpenError() {
    auto store = OpenSqliteStore(loop_, {.path = path_});
    EXPECT_FALSE(store);
    return store ? Error() : store.error();
  }
  void Execute(const char* sql) {
    auto connection = SqliteConnection::Open(path_, SqliteConnection::Mode::ReadWriteCreate);
    ASSERT_TRUE(connection);
    ASSERT_TRUE(connection->Run(sql));
  }
  Result<Committed> Commit(Store& store, Batch batch) { return loop_.Run(store.Commit(ctx_, std::move(batch))); }
  std::optional<Row> Get(Store& store, std::string_view key) { return loop_.Run(store.Get(ctx_, "t", key)).value(); }

  TestDirectory directory_;
  std::string path_ = directory_ / "control.db";
  RealLoop loop_;
  Context ctx_{loop_};
};

TEST_F(SqliteStoreTest, ASecondOpeningIsToldWhoHasTheFile) {
  auto store = Open();
  const Error error = OpenError();
  EXPECT_EQ(error.code, "EWOULDBLOCK");
  EXPECT_THAT(error.message, HasSubstr(path_ + " is in use by process " + std::to_string(::getpid())));
  EXPECT_THAT(error.hint, HasSubstr("stop the other"));
  store.reset();
  Open();
}

TEST_F(SqliteStoreTest, ADamagedFileIsNamedWithAHint) {
  std::ofstream(path_) << std::string(8192, 'x');
  const Error error = OpenError();
  EXPECT_EQ(error.code, "SQLITE_NOTADB");
  EXPECT_THAT(error.message, HasSubstr(path_));
  EXPECT_THAT(error.hint, HasSubstr("backup"));
}

TEST_F(SqliteStoreTest, AFileOfAnotherProgramIsLeftAlone) {
  Execute("CREATE TABLE theirs(x)");
  const auto before = ReadFile(path_);
  EXPECT_THAT(OpenError().message, HasSubstr("another program"));
  EXPECT_TRUE(*ReadFile(path_) == *before);
}

TEST_F(SqliteStoreTest, ANewerSchemaIsRefused) {
  Open().reset();
  Execute("PRAGMA user_version=99");
  const Error error = OpenError();
  EXPECT_THAT(error.message, HasSubstr("version 99"));
  EXPECT_THAT(error.hint, HasSubstr("newer daemon"));
}

// kill -9 cannot show a missing fsync, only power loss could.
TEST_F(SqliteStoreTest, EachTransactionIsSyncedThroughTheWriteAheadLog) {
  auto connection = OpenWriterConnection(path_, SqliteOptions::Leases::EndAtOpen, loop_.WallNow());
  ASSERT_TRUE(connection);
  EXPECT_EQ(connection->QueryInteger("PRAGMA synchronous").value(), 2);  // FULL
  EXPECT_EQ(connection->QueryInteger("PRAGMA secure_delete").value(), 0);
  EXPECT_EQ(connection->QueryInteger("SELECT journal_mode = 'wal' FROM pragma_journal_mode").value(), 1);
}

TEST_F(SqliteStoreTest, AMissingDirectoryIsAnErrorWithAHint) {
  path_ = directory_ / "missing/control.db";
  EXPECT_THAT(OpenError().hint, HasSubstr("must exist"));
}

TEST_F(SqliteStoreTest, AReopenedStoreHasEverythingAndEndsItsLeases) {
  int64_t version = 0, id = 0;
  {
    auto store = Open();
    ASSERT_TRUE(Commit(*store, std::move(Batch().Put("t", "a", "1").Put("t", "b", "2").Append("q", "x", loop_.WallNow()))));
    version = Get(*store, "b")->version;
    id = loop_.Run(store->Lease(ctx_, "q", {.count = 1, .lease = hours(10)}))->items.at(0).id;
    ASSERT_TRUE(Commit(*store, std::move(Batch().Delete("t", "b"))));
  }
  auto store = Open();
  EXPECT_EQ(Get(*store, "a")->value, "1");
  const auto items = loop_.Run(store->Lease(ctx_, "q", {.count = 1, .lease = hours(10)})).value().items;
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0].id, id);
  EXPECT_EQ(items[0].attempts, 2);
  ASSERT_TRUE(Commit(*store, std::move(Batch().Put("t", "b", "3"))));
  EXPECT_GT(Get(*store, "b")->version, version);
}

TEST_F(SqliteStoreTest, LeasesAndCountsSurviveWhereTheyAreToldTo) {
  const auto survive = [&] { return OpenSqliteStore(loop_, {.path = path_, .leases = SqliteOptions::Leases::Survive}).value(); };
  {
    auto store = survive();
    const WallTime now = loop_.WallNow();
    ASSERT_TRUE(Commit(*store, std::move(Batch().Append("q", "a", now).Append("q", "b", now).Append("q", "c", now + hours(1)))));
    ASSERT_EQ(loop_.Run(store->Lease(ctx_, "q", {.count = 1, .lease = hours(10)}))->items.size(), 1u);
  }
  auto store = survive();
  const QueueCounts counts = store->Counts("q");
  EXPECT_EQ(counts.items, 3);
  EXPECT_EQ(counts.leased, 1);
  EXPECT_EQ(counts.delayed, 1);
  const auto items = loop_.Run(store->Lease(ctx_, "q", {.count = 10, .lease = hours(10)})).value().items;
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0].payload, "b");
}

TEST_F(SqliteStoreTest, AFileOfTheFirstSchemaIsBroughtUpToDate) {
  Execute(
      "CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID; INSERT INTO meta VALUES('sequence', 7);"
      "CREATE TABLE rows(tbl TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, version INTEGER NOT NULL, PRIMARY KEY(tbl, key)) STRICT, WITHOUT ROWID;"
      "INSERT INTO rows VALUES('t', X'61', X'31', 5);"
      "CREATE TABLE queue_items(id INTEGER PRIMARY KEY, queue TEXT NOT NULL, available_at INTEGER NOT NULL, leased INTEGER NOT NULL DEFAULT 0,"
      " attempts INTEGER NOT NULL DEFAULT 0, appended_at INTEGER NOT NULL, payload BLOB NOT NULL) STRICT;"
      "CREATE INDEX queue_items_by_time ON queue_items(queue, available_at, id);"
      "CREATE INDEX queue_items_leased ON queue_items(id) WHERE leased = 1;"
      "INSERT INTO queue_items VALUES(6, 'q', 1, 0, 2, 1, X'78'); INSERT INTO queue_items VALUES(7, 'q', 2, 1, 1, 1, X'79');"
      "PRAGMA application_id=1296452697; PRAGMA user_version=1;");
  for (int opening = 0; opening < 2; ++opening) {
    auto store = Open();
    EXPECT_EQ(Get(*store, "a")->value, "1");
    EXPECT_EQ(store->Counts("q").items, 2);
    const auto items = loop_.Run(store->Lease(ctx_, "q", {.count = 10, .lease = hours(1)})).value().items;
    ASSERT_EQ(items.size(), 2u);
    EXPECT_EQ(items[0].attempts + items[1].attempts, 5 + 2 * opening);
  }
}

Task<> CommitMany(Store& store, Context& ctx, int count, size_t value_bytes, int& failures) {
  TaskScope scope(*ctx.loop);
  for (int i = 0; i < count; ++i) {
    scope.Spawn([](Store& store, Context& ctx, int i, size_t value_bytes, int& failures) -> Task<> {
      Batch batch;
      batch.Put("t", "key" + std::to_string(i), std::string(value_bytes, 'v'));
      if (!co_await store.Commit(ctx, std::move(batch))) ++failures;
    }(store, ctx, i, value_bytes, failures));
  }
  co_await scope.Join();
}

TEST_F(SqliteStoreTest, AThousandConcurrentCommitsShareFewTransactions) {
  auto store = Open();
  const StoreCounters before = store->Counters();
  int failures = 0;
  loop_.RunVoid(CommitMany(*store, ctx_, 1000, 100, failures));
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(store->Counters().batches - before.batches, 1000u);
  EXPECT_LE(store->Counters().transactions - before.transactions, 100u);
}

TEST_F(SqliteStoreTest, TheWriteAheadLogStaysNearItsBound) {
  auto store = Open(1u << 20);
  for (int round = 0; round < 16; ++round) {
    int failures = 0;
    loop_.RunVoid(CommitMany(*store, ctx_, 100, 16'000, failures));
    ASSERT_EQ(failures, 0);
  }
  EXPECT_GT(store->Counters().checkpoints, 2u);
  // One group may be as large as what the test lets wait, 1.6 MB of values.
  EXPECT_LT(std::filesystem::file_size(path_ + "-wal"), 8u << 20);
}

TEST_F(SqliteStoreTest, AnIdleStoreMovesItsLogIntoTheFile) {
  auto store = Open();
  ASSERT_TRUE(Commit(*store, std::move(Batch().Put("t", "a", "1"))));
  const uint64_t before = store->Counters().checkpoints;
  for (int i = 0; i < 1000 && store->Counters().checkpoints == before; ++i) (void)loop_.Run(Sleep(ctx_, milliseconds(10)));
  EXPECT_GT(store->Counters().checkpoints, before);
}

TEST_F(SqliteStoreTest, DestroyingTheStoreFinishesWhatItHasAccepted) {
  {
    auto store = Open();
    TaskScope scope(loop_);
    for (int i = 0; i < 100; ++i) {
      scope.Spawn([](Store& store, Context& ctx, int i) -> Task<> {
        Batch batch;
        batch.Put("t", std::to_string(i), "v");
        (void)co_await store.Commit(ctx, std::move(batch));
      }(*store, ctx_, i));
    }
  }
  auto store = Open();
  EXPECT_EQ(loop_.Run(store->Scan(ctx_, "t", "", "", 1000))->size(), 100u);
}

TEST_F(SqliteStoreTest, TasksThatWaitWhenTheStoreGoesGetTheirOutcome) {
  auto store = Open();
  int finished = 0;
  TaskScope scope(loop_);
  // Three times 40 MiB: the second and third wait for room.
  for (int i = 0; i < 3; ++i) {
    scope.Spawn([](Store& store, Context& ctx, int& finished) -> Task<> {
      Batch batch;
      batch.Put("t", "large", std::string(40u << 20, 'v'));
      (void)co_await store.Commit(ctx, std::move(batch));
      ++finished;
    }(*store, ctx_, finished));
  }
  store.reset();
  loop_.RunVoid([](TaskScope& scope) -> Task<> { co_await scope.Join(); }(scope));
  EXPECT_EQ(finished, 3);
}

// Limits the size of files for a while, as a full disk would.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST_F(SqliteStoreTest, AFullDiskFailsCommitsUntilThereIsRoomAndLosesNothing) {
  auto store = Open();
  int acknowledged = 0;
  {
    FullDisk full(1u << 20);
    Result<Committed> last;
    while (last && acknowledged < 1000) {
      last = Commit(*store, std::move(Batch().Put("t", std::to_string(acknowledged), std::string(50'000, 'v'))));
      if (last) ++acknowledged;
    }
    ASSERT_FALSE(last);
    EXPECT_TRUE(last.error().retryable) << last.error().ToString();
    EXPECT_FALSE(Get(*store, std::to_string(acknowledged)).has_value());
  }
  EXPECT_TRUE(Commit(*store, std::move(Batch().Put("t", "after", "v"))));
  store.reset();
  store = Open();
  EXPECT_EQ(loop_.Run(store->Scan(ctx_, "t", "", "", 10'000))->size(), static_cast<size_t>(acknowledged) + 1);
}

}  // namespace
}  // namespace mayfly::store
