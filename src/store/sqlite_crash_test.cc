// If these fail, a write that was acknowledged is lost by kill -9, a batch happens by half, or a torn write-ahead log keeps
// the store from opening.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/random.h"
#include "base/real_loop.h"
#include "base/task_scope.h"
#include "store/store.h"
#include "store/test_directory.h"

namespace mayfly::store {
namespace {

constexpr int kRowsPerBatch = 4;

std::string RowKey(uint64_t number, int part) {
  char text[32];
  std::snprintf(text, sizeof text, "%010lu/%d", static_cast<unsigned long>(number), part);
  return text;
}

Batch NumberedBatch(uint64_t number, WallTime now) {
  Batch batch;
  for (int part = 0; part < kRowsPerBatch; ++part) batch.Put("t", RowKey(number, part), std::string(number % 3000, 'v'));
  batch.Append("q", std::to_string(number), now);
  return batch;
}

Task<> CommitForEver(Store& store, Context& ctx, uint64_t& next, int acknowledgements) {
  for (;;) {
    const uint64_t number = next++;
    const auto committed = co_await store.Commit(ctx, NumberedBatch(number, ctx.loop->WallNow()));
    if (!committed || ::write(acknowledgements, &number, sizeof number) != sizeof number) ::_exit(1);
  }
}

// The child: commits batches first, first + 1, … from `writers` tasks and writes the number of each acknowledged one.
[[noreturn]] void RunWriters(const std::string& path, uint64_t first, int writers, int acknowledgements) {
  RealLoop loop;
  Context ctx(loop);
  auto store = OpenSqliteStore(loop, {.path = path, .wal_bytes_max = 2u << 20});
  if (!store) ::_exit(2);
  TaskScope scope(loop);
  for (int i = 0; i < writers; ++i) scope.Spawn(CommitForEver(**store, ctx, first, acknowledgements));
  loop.Run();
  ::_exit(3);
}

// Runs writers in a child until it has acknowledged `wanted` batches, kills it, and returns all that it acknowledged.
std::vector<uint64_t> AcknowledgedBeforeKill(const std::string& path, uint64_t first, int writers, size_t wanted) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    RunWriters(path, first, writers, ends[1]);
  }
  ::close(ends[1]);
  std::vector<uint64_t> acknowledged;
  uint64_t number = 0;
  while (::read(ends[0], &number, sizeof number) == sizeof number) {
    acknowledged.push_back(number);
    if (acknowledged.size() == wanted) ::kill(child, SIGKILL);
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << status;
  return acknowledged;
}

// The numbers of the batches in the file; each must be there as a whole.
std::set<uint64_t> WholeBatches(const std::string& path) {
  RealLoop loop;
  Context ctx(loop);
  auto store = OpenSqliteStore(loop, {.path = path});
  EXPECT_TRUE(store) << store.error().ToString();
  if (!store) return {};
  std::map<uint64_t, int> parts;
  const auto rows = loop.Run((*store)->Scan(ctx, "t", "", "", SIZE_MAX)).value();
  for (const Row& row : rows) {
    const uint64_t number = std::stoull(row.key);
    ++parts[number];
    EXPECT_EQ(row.value.size(), number % 3000);
  }
  std::set<uint64_t> items, numbers;
  const auto leased = loop.Run((*store)->Lease(ctx, "q", {.count = SIZE_MAX, .lease = std::chrono::seconds(1), .bytes_max = SIZE_MAX})).value();
  for (const QueueItem& item : leased.items) {
    items.insert(std::stoull(item.payload));
  }
  for (const auto& [number, count] : parts) {
    EXPECT_EQ(count, kRowsPerBatch) << "batch " << number;
    numbers.insert(number);
  }
  EXPECT_EQ(items, numbers);
  return numbers;
}

TEST(SqliteCrash, EverythingAcknowledgedIsThereAndEveryBatchIsWhole) {
  const uint64_t seed = SystemRandom().Next();
  SCOPED_TRACE("seed " + std::to_string(seed));
  SeededRandom random(seed);
  TestDirectory directory;
  const std::string path = directory / "queue.db";
  std::set<uint64_t> owed;
  for (uint64_t round = 0; round < 40; ++round) {
    const int writers = 1 + static_cast<int>(random.Below(48));
    const auto acknowledged = AcknowledgedBeforeKill(path, round * 1'000'000, writers, 1 + random.Below(200));
    owed.insert(acknowledged.begin(), acknowledged.end());
    const auto found = WholeBatches(path);
    for (const uint64_t number : owed) ASSERT_TRUE(found.contains(number)) << "round " << round << " lost " << number;
    ASSERT_LE(found.size(), (round + 1) * 1000);
    ASSERT_FALSE(testing::Test::HasFailure());
  }
}

void Garble(const std::string& path, uint64_t from, SeededRandom& random) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(from));
  for (int i = 0; i < 64; ++i) file.put(static_cast<char>(random.Next()));
}

// Damage that only a lost or torn disk write can do. One writer, so that the batches form a sequence: what is left must be
// a beginning of it.
TEST(SqliteCrash, ATornWriteAheadLogCostsItsTailAndNoMore) {
  const uint64_t seed = SystemRandom().Next();
  SCOPED_TRACE("seed " + std::to_string(seed));
  SeededRandom random(seed);
  for (int round = 0; round < 20; ++round) {
    TestDirectory directory;
    const std::string path = directory / "queue.db", log = path + "-wal";
    const auto acknowledged = AcknowledgedBeforeKill(path, 0, 1, 20 + random.Below(30));
    const uint64_t size = std::filesystem::file_size(log);
    const uint64_t from = size - random.Below(size / 2);
    if (random.Below(2) == 0) {
      std::filesystem::resize_file(log, from);
    } else {
      Garble(log, from, random);
    }
    const auto found = WholeBatches(path);
    if (!found.empty()) {
      EXPECT_EQ(*found.begin(), 0u);
      EXPECT_EQ(*found.rbegin() + 1, found.size());
    }
    EXPECT_LE(found.size(), acknowledged.size() + 2);
    ASSERT_FALSE(testing::Test::HasFailure());
  }
}

}  // namespace
}  // namespace mayfly::store
