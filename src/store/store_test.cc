// If these fail, an engine behind Store does not keep the contract of store.h: rows, preconditions, queues or watches are
// wrong for everything that stands on them. Each test runs against every engine.
#include "store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/real_loop.h"
#include "base/sim_loop.h"
#include "base/task_scope.h"
#include "store/batch_rules.h"
#include "store/test_directory.h"

namespace mayfly::store {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

// An engine on the loop that suits it.
class Bench {
 public:
  virtual ~Bench() = default;
  virtual Loop& loop() = 0;
  virtual Store& store() = 0;
  virtual void Run(Task<> task) = 0;
};

class SqliteBench final : public Bench {
 public:
  SqliteBench() : store_(OpenSqliteStore(loop_, {.path = directory_ / "test.db"})) {}
  Loop& loop() override { return loop_; }
  Store& store() override { return **store_; }
  void Run(Task<> task) override { loop_.RunVoid(std::move(task)); }

 private:
  TestDirectory directory_;
  RealLoop loop_;
  Result<std::unique_ptr<Store>> store_;
};

class MemoryBench final : public Bench {
 public:
  explicit MemoryBench(Duration latency) : store_(MakeMemoryStore(loop_, 1, {.latency = latency})) {}
  Loop& loop() override { return loop_; }
  Store& store() override { return *store_; }
  void Run(Task<> task) override { loop_.RunVoid(std::move(task)); }

 private:
  SimLoop loop_;
  std::unique_ptr<Store> store_;
};

struct Engine {
  const char* name;
  std::unique_ptr<Bench> (*make)();
};

class StoreContract : public testing::TestWithParam<Engine> {
 protected:
  StoreContract() : bench_(GetParam().make()), ctx_(bench_->loop()), store_(bench_->store()) {}

  template <typename T>
  T Run(Task<T> task) {
    std::optional<T> value;
    bench_->Run([](Task<T> inner, std::optional<T>& out) -> Task<> { out.emplace(co_await std::move(inner)); }(std::move(task), value));
    return std::move(*value);
  }
  Result<Committed> Commit(Batch batch) { return Run(store_.Commit(ctx_, std::move(batch))); }
  std::optional<Row> Get(std::string_view key) { return Run(store_.Get(ctx_, "t", key)).value(); }
  std::vector<std::string> Keys(std::string_view prefix, std::string_view from, size_t limit) {
    std::vector<std::string> keys;
    for (const Row& row : Run(store_.Scan(ctx_, "t", prefix, from, limit)).value()) keys.push_back(row.key);
    return keys;
  }
  WallTime Now() { return bench_->loop().WallNow(); }
  std::vector<QueueItem> Lease(size_t count, Duration lease = hours(1)) { return Run(store_.Lease(ctx_, "q", {.count = count, .lease = lease})).value().items; }
  std::vector<std::string> LeasePayloads(size_t count) {
    std::vector<std::string> payloads;
    for (const QueueItem& item : Lease(count)) payloads.push_back(item.payload);
    return payloads;
  }
  std::optional<WallTime> NextDue() { return Run(store_.NextDue(ctx_, "q")).value(); }
  int64_t Depth() { return store_.Counts("q").items; }

  std::unique_ptr<Bench> bench_;
  Context ctx_;
  Store& store_;
};

TEST_P(StoreContract, ARowIsFoundAsItWasWritten) {
  const std::string odd_key("\x00\xff\x01k", 4), odd_value("\x00v\xff", 3);
  ASSERT_TRUE(Commit(std::move(Batch().Put("t", odd_key, odd_value).Put("t", "empty", "").Put("other", "k", "x"))));
  EXPECT_EQ(Get(odd_key)->value, odd_value);
  EXPECT_EQ(Get("empty")->value, "");
  EXPECT_FALSE(Get("k").has_value());
}

TEST_P(StoreContract, EveryChangeGivesALargerVersionAlsoAfterADelete) {
  ASSERT_TRUE(Commit(std::move(Batch().Put("t", "a", "1"))));
  const int64_t first = Get("a")->version;
  ASSERT_TRUE(Commit(std::move(Batch().Put("t", "a", "1"))));
  const int64_t second = Get("a")->version;
  ASSERT_TRUE(Commit(std::move(Batch().Delete("t", "a"))));
  EXPECT_FALSE(Get("a").has_value());
  ASSERT_TRUE(Commit(std::move(Batch().Put("t", "a", "1"))));
  const int64_t third = Get("a")->version;
  EXPECT_LT(0, first);
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
}

TEST_P(StoreContract, ACommitTellsTheVersionOfItsRows) {
  const auto put = Commit(std::move(Batch().Put("t", "a", "1").Put("t", "b", "1")));
  EXPECT_EQ(Get("a")->version, put->version);
  EXPECT_EQ(Get("b")->version, put->version);
  const auto deleted = Commit(std::move(Batch().Delete("t", "a")));
  EXPECT_LT(put->version, deleted->version);
  EXPECT_EQ(Commit(std::move(Batch().RequirePresent("t", "b").Append("q", "x", Now())))->version, 0);
  EXPECT_EQ(Get("b")->version, put->version);
}

TEST_P(StoreContract, WhatLiesUnderAKeyIsDeletedWithItAndNothingElse) {
  Batch batch;
  for (const char* key : {"a", "a/1", "a/1/x", "a/2", "a-", "a0", "b/a/1"}) batch.Put("t", key, "v");
  ASSERT_TRUE(Commit(std::move(batch)));
  RowChanges heard;
  const auto watch = store_.Watch("t", [&](const RowChanges& changes) { heard = changes; });
  const auto deleted = Commit(std::move(Batch().DeleteUnder("t", "a").DeleteUnder("t", "none").DeleteUnder("other", "a").Put("t", "c", "v")));
  ASSERT_TRUE(deleted);
  EXPECT_THAT(Keys("", "", 10), ElementsAre("a-", "a0", "b/a/1", "c"));
  EXPECT_THAT(heard.keys, testing::UnorderedElementsAre("a", "a/1", "a/1/x", "a/2", "c"));
  EXPECT_EQ(heard.version, deleted->version);
}

TEST_P(StoreContract, AFailedPreconditionChangesNothing) {
  ASSERT_TRUE(Commit(std::move(Batch().Put("t", "a", "1"))));
  const int64_t version = Get("a")->version;
  const auto stale = Commit(std::move(Batch().Put("t", "b", "1").Append("q", "x", Now()).RequireVersion("t", "a", version + 1)));
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().code, "PreconditionFailed");
  EXPECT_FALSE(stale.error().retryable);
  const auto present = Commit(std::move(Batch().Delete("t", "a").RequireAbsent("t", "a")));
  ASSERT_FALSE(present);
  EXPECT_EQ(present.error().code, "PreconditionFailed");
  const auto missing = Commit(std::move(Batch().RequireVersion("t", "missing", 0).Put("t", "b", "1")));
  ASSERT_FALSE(missing);
  const auto absent = Commit(std::move(Batch().Put("t", "missing", "1").RequirePresent("t", "missing")));
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, "PreconditionFailed");
  EXPECT_FALSE(Get("b").has_value());
  EXPECT_EQ(Get("a")->version, version);
  EXPECT_EQ(Depth(), 0);
  EXPECT_TRUE(Commit(std::move(Batch().RequireVersion("t", "a", version).RequirePresent("t", "a").RequireAbsent("t", "b").Put("t", "a", "2"))));
  EXPECT_EQ(Get("a")->value, "2");
}

// Two writers that read the same version cannot both win, however their commits are grouped.
TEST_P(StoreContract, CompareAndSetLetsOneOfManyWin) {
  ASSERT_TRUE(Commit(std::move(Batch().Put("t", "a", "0"))));
  const int64_t version = Get("a")->version;
  int won = 0, lost = 0;
  bench_->Run([](Store& store, Context& ctx, int64_t version, int& won, int& lost) -> Task<> {
    TaskScope scope(*ctx.loop);
    for (int i = 0; i < 50; ++i) {
      scope.Spawn([](Store& store, Context& ctx, int64_t version, int i, int& won, int& lost) -> Task<> {
        Batch batch;
        batch.RequireVersion("t", "a", version).Put("t", "a", std::to_string(i)).Put("t", "winner" + std::to_string(i), "");
        const auto committed = co_await store.Commit(ctx, std::move(batch));
        ++(committed ? won : lost);
      }(store, ctx, version, i, won, lost));
    }
    co_await scope.Join();
  }(store_, ctx_, version, won, lost));
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, 49);
  EXPECT_THAT(Keys("winner", "", 100), ElementsAre("winner" + Get("a")->value));
}

TEST_P(StoreContract, ScanIsOrderedBytewiseWithinPrefixFromAndLimit) {
  Batch batch;
  for (const char* key : {"a/1", "a/2", "a/3", "a", "b", "a0", "\xff", "\xff\xff",
                          "\xff\xff"
                          "a"})
    batch.Put("t", key, "v");
  ASSERT_TRUE(Commit(std::move(batch)));
  EXPECT_THAT(Keys("a/", "", 10), ElementsAre("a/1", "a/2", "a/3"));
  EXPECT_THAT(Keys("a/", "a/2", 10), ElementsAre("a/2", "a/3"));
  EXPECT_THAT(Keys("a/", "a/2", 1), ElementsAre("a/2"));
  EXPECT_THAT(Keys("a/", "b", 10), IsEmpty());
  EXPECT_THAT(Keys("", "b", 10), ElementsAre("b", "\xff", "\xff\xff",
                                             "\xff\xff"
                                             "a"));
  EXPECT_THAT(Keys("\xff\xff", "", 10), ElementsAre("\xff\xff",
                                                    "\xff\xff"
                                                    "a"));
  EXPECT_THAT(Keys("", "", 2), ElementsAre("a", "a/1"));
  EXPECT_THAT(Keys("", "", 0), IsEmpty());
}

TEST_P(StoreContract, LimitsOfABatchAreErrorsAndNotFaultsOfTheEngine) {
  for (Batch batch : {std::move(Batch().Put("t", "", "v")), std::move(Batch().Put("t", std::string(2049, 'k'), "v")),
                      std::move(Batch().Put("", "k", "v")), std::move(Batch().Append(std::string(513, 'q'), "x", Now())),
                      std::move(Batch().Put("t", "k", std::string((64u << 20) + 1, 'v')))}) {
    const auto committed = Commit(std::move(batch));
    ASSERT_FALSE(committed);
    EXPECT_EQ(committed.error().code, "InvalidBatch");
  }
  EXPECT_TRUE(Commit(Batch()));
  EXPECT_TRUE(Commit(std::move(Batch().Put("t", std::string(2048, 'k'), "v"))));
}

TEST_P(StoreContract, ItemsAreLeasedOldestDueFirstAndOnce) {
  const WallTime now = Now();
  ASSERT_TRUE(Commit(std::move(Batch().Append("q", "second", now - seconds(1)).Append("q", "first", now - seconds(2)))));
  ASSERT_TRUE(Commit(std::move(Batch().Append("q", "later", now + hours(1)).Append("other", "x", now))));
  EXPECT_EQ(Depth(), 3);
  EXPECT_EQ(NextDue(), now - seconds(2));
  const auto items = Lease(1);
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0].payload, "first");
  EXPECT_EQ(items[0].attempts, 1);
  EXPECT_GE(items[0].appended_at, now);
  EXPECT_LE(items[0].appended_at, Now());
  EXPECT_THAT(LeasePayloads(10), ElementsAre("second"));
  EXPECT_THAT(LeasePayloads(10), IsEmpty());
  EXPECT_EQ(Depth(), 3);
}

TEST_P(StoreContract, AcknowledgedItemsAreGoneAndReleasedOnesComeAgain) {
  const WallTime now = Now();
  ASSERT_TRUE(Commit(std::move(Batch().Append("q", "a", now - seconds(2)).Append("q", "b", now - seconds(1)))));
  const auto items = Lease(10);
  ASSERT_EQ(items.size(), 2u);
  Batch batch;
  batch.Acknowledge("q", items[0].id).Release("q", items[1].id, now - seconds(5));
  ASSERT_TRUE(Commit(std::move(batch)));
  EXPECT_EQ(Depth(), 1);
  const auto again = Lease(10);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].id, items[1].id);
  EXPECT_EQ(again[0].attempts, 2);
  EXPECT_EQ(again[0].appended_at, items[1].appended_at);
  // Gone already, or of another queue: nothing happens.
  Batch late;
  late.Acknowledge("q", items[0].id).Release("q", items[0].id, now).Acknowledge("other", again[0].id).Release("other", again[0].id, now);
  ASSERT_TRUE(Commit(std::move(late)));
  EXPECT_EQ(Depth(), 1);
  EXPECT_THAT(LeasePayloads(10), IsEmpty());
}

TEST_P(StoreContract, ReleaseForLaterIsSeenByNextDue) {
  const WallTime now = Now(), later = now + hours(3);
  EXPECT_EQ(NextDue(), std::nullopt);
  ASSERT_TRUE(Commit(std::move(Batch().Append("q", "a", now))));
  const auto items = Lease(1);
  EXPECT_GE(NextDue(), now + hours(1));  // the end of its lease
  EXPECT_LT(NextDue(), later);
  ASSERT_TRUE(Commit(std::move(Batch().Release("q", items[0].id, later))));
  EXPECT_EQ(NextDue(), later);
  EXPECT_THAT(LeasePayloads(1), IsEmpty());
  ASSERT_TRUE(Commit(std::move(Batch().Acknowledge("q", items[0].id))));
  EXPECT_EQ(NextDue(), std::nullopt);
}

TEST_P(StoreContract, ALeaseThatEndsGivesTheItemBack) {
  ASSERT_TRUE(Commit(std::move(Batch().Append("q", "a", Now()))));
  ASSERT_EQ(Lease(1, milliseconds(30)).size(), 1u);
  int attempts = 0;
  bench_->Run([](Store& store, Context& ctx, int& attempts) -> Task<> {
    const WallTime due = *(co_await store.NextDue(ctx, "q")).value();
    EXPECT_TRUE(co_await Sleep(ctx, due - ctx.loop->WallNow() + milliseconds(1)));
    const auto leased = co_await store.Lease(ctx, "q", {.count = 1, .lease = hours(1)});
    attempts = leased->items.empty() ? 0 : leased->items.front().attempts;
  }(store_, ctx_, attempts));
  EXPECT_EQ(attempts, 2);
  ASSERT_TRUE(Commit(std::move(Batch().Append("q", "for ever", Now()))));
  EXPECT_EQ(Lease(1, Duration::max()).size(), 1u);
  EXPECT_THAT(LeasePayloads(1), IsEmpty());
}

TEST_P(StoreContract, AnItemThatIsAppendedLeasedBelongsToWhoAppendedIt) {
  const WallTime now = Now();
  Batch batch;
  batch.Put("t", "k", "v").Append("q", "free", now).AppendLeased("q", "held", now + hours(1));
  const auto committed = Commit(std::move(batch));
  ASSERT_TRUE(committed);
  const std::vector<int64_t>& ids = committed->appended;
  ASSERT_EQ(ids.size(), 2u);
  EXPECT_LT(ids[0], ids[1]);
  EXPECT_EQ(Depth(), 2);
  const auto items = Lease(10);
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0].id, ids[0]);
  ASSERT_TRUE(Commit(std::move(Batch().Acknowledge("q", items[0].id).Release("q", ids[1], now))));
  const auto again = Lease(10);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].payload, "held");
  EXPECT_EQ(again[0].attempts, 2);
}

TEST_P(StoreContract, LeasesCanFollowAnotherTimeThanTheWallClock) {
  const WallTime now = Now();
  ASSERT_TRUE(Commit(std::move(Batch().Append("q", "tomorrow", now + hours(24)))));
  EXPECT_THAT(LeasePayloads(10), IsEmpty());
  const auto items = Run(store_.Lease(ctx_, "q", {.count = 10, .lease = hours(1), .as_of = now + hours(24)}));
  ASSERT_TRUE(items);
  ASSERT_EQ(items->items.size(), 1u);
  EXPECT_EQ(NextDue(), now + hours(25));
}

TEST_P(StoreContract, ItemIdsAreNeverReused) {
  ASSERT_TRUE(Commit(std::move(Batch().Append("q", "a", Now()))));
  const int64_t old = Lease(1).at(0).id;
  ASSERT_TRUE(Commit(std::move(Batch().Acknowledge("q", old))));
  ASSERT_TRUE(Run(store_.Clear(ctx_)));
  ASSERT_TRUE(Commit(std::move(Batch().Append("q", "b", Now()))));
  EXPECT_GT(Lease(1).at(0).id, old);
}

TEST_P(StoreContract, AWatchHearsOfEachCommitThatChangedItsTable) {
  std::vector<std::vector<std::string>> heard;
  int64_t version = 0;
  auto watch = store_.Watch("t", [&](const RowChanges& changes) {
    heard.push_back(changes.keys);
    EXPECT_LT(version, changes.version);
    version = changes.version;
  });
  ASSERT_TRUE(Commit(std::move(Batch().Put("t", "a", "1").Put("other", "x", "1").Put("t", "b", "1"))));
  EXPECT_EQ(version, Get("a")->version);
  ASSERT_TRUE(Commit(std::move(Batch().Put("other", "x", "1"))));
  ASSERT_TRUE(Commit(std::move(Batch().Delete("t", "missing"))));
  ASSERT_FALSE(Commit(std::move(Batch().RequireAbsent("t", "a").Put("t", "c", "1"))));
  ASSERT_TRUE(Commit(std::move(Batch().Delete("t", "a"))));
  EXPECT_THAT(heard, ElementsAre(ElementsAre("a", "b"), ElementsAre("a")));
  ASSERT_TRUE(Run(store_.Clear(ctx_)));
  ASSERT_EQ(heard.size(), 3u);
  EXPECT_THAT(heard[2], IsEmpty());
  watch.reset();
  ASSERT_TRUE(Commit(std::move(Batch().Put("t", "d", "1"))));
  EXPECT_EQ(heard.size(), 3u);
}

TEST_P(StoreContract, AWatchMayEndItselfAndOthersInsideTheListener) {
  std::shared_ptr<void> first, second;
  int calls = 0;
  first = store_.Watch("t", [&](const auto&) {
    ++calls;
    first.reset();
    second.reset();
  });
  second = store_.Watch("t", [&](const auto&) { calls += 100; });
  ASSERT_TRUE(Commit(std::move(Batch().Put("t", "a", "1"))));
  ASSERT_TRUE(Commit(std::move(Batch().Put("t", "a", "2"))));
  EXPECT_EQ(calls, 1);
}

TEST_P(StoreContract, ClearEmptiesEverything) {
  ASSERT_TRUE(Commit(std::move(Batch().Put("t", "a", "1").Append("q", "x", Now()))));
  ASSERT_TRUE(Run(store_.Clear(ctx_)));
  EXPECT_THAT(Keys("", "", 10), IsEmpty());
  EXPECT_EQ(Depth(), 0);
}

TEST_P(StoreContract, ACallerThatGoesAwayDoesNotUndoItsCommit) {
  bench_->Run([](Store& store, Context& ctx) -> Task<> {
    {
      TaskScope scope(*ctx.loop);
      scope.Spawn([](Store& store, Context& ctx) -> Task<> {
        Batch batch;
        batch.Put("t", "a", "1");
        (void)co_await store.Commit(ctx, std::move(batch));
      }(store, ctx));
    }
    Batch next;
    next.Put("t", "b", "1");
    EXPECT_TRUE(co_await store.Commit(ctx, std::move(next)));
  }(store_, ctx_));
  EXPECT_THAT(Keys("", "", 10), ElementsAre("a", "b"));
}

// More than may wait: the rest waits for room, and everything arrives. Those whose deadline comes first have changed nothing.
TEST_P(StoreContract, MoreThanTheBoundWaitsForRoom) {
  constexpr size_t kCount = kWaitingBatchesMax + 500;
  size_t done = 0, refused = 0;
  bench_->Run([](Store& store, Context& ctx, size_t& done, size_t& refused) -> Task<> {
    Context expired = ctx.WithDeadline(ctx.loop->Now());
    TaskScope scope(*ctx.loop);
    for (size_t i = 0; i < kCount + 1; ++i) {
      scope.Spawn([](Store& store, Context& ctx, size_t i, size_t& done, size_t& refused) -> Task<> {
        Batch batch;
        batch.Put("t", "key" + std::to_string(i), "v");
        const auto committed = co_await store.Commit(ctx, std::move(batch));
        ++(committed ? done : refused);
      }(store, i == kCount ? expired : ctx, i, done, refused));
    }
    co_await scope.Join();
  }(store_, ctx_, done, refused));
  EXPECT_EQ(done, kCount);
  EXPECT_EQ(refused, 1u);
  EXPECT_EQ(Keys("key", "", SIZE_MAX).size(), kCount);
}

TEST_P(StoreContract, CountersCountBatches) {
  const uint64_t before = store_.Counters().batches;
  ASSERT_TRUE(Commit(std::move(Batch().Put("t", "a", "1"))));
  ASSERT_FALSE(Commit(std::move(Batch().RequireAbsent("t", "a"))));
  EXPECT_EQ(store_.Counters().batches - before, 1u);
}

TEST_P(StoreContract, LeaseKeepsItsLimitsAndTellsWhatIsLeft) {
  const WallTime now = Now();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Commit(std::move(Batch().Append("q", std::string(100, static_cast<char>('a' + i)), now - seconds(10 - i)))));
  ASSERT_TRUE(Commit(std::move(Batch().Append("q", "later", now + hours(1)))));
  auto lease = [&](LeaseWish wish) { return Run(store_.Lease(ctx_, "q", wish)).value(); };
  const LeasedItems two = lease({.count = 2, .lease = hours(2), .leased_max = 3});
  EXPECT_EQ(two.items.size(), 2u);
  EXPECT_FALSE(two.limited);
  const LeasedItems one = lease({.count = 2, .lease = hours(2), .leased_max = 3});
  EXPECT_EQ(one.items.size(), 1u);
  EXPECT_TRUE(one.limited);
  EXPECT_TRUE(lease({.count = 1, .lease = hours(2), .leased_max = 3}).items.empty());
  const LeasedItems by_bytes = lease({.count = 9, .lease = hours(2), .bytes_max = 150});
  EXPECT_EQ(by_bytes.items.size(), 1u);
  EXPECT_EQ(lease({.count = 9, .lease = hours(2), .bytes_max = 1}).items.size(), 1u);
  const LeasedItems none = lease({.count = 9, .lease = hours(2)});
  EXPECT_TRUE(none.items.empty());
  EXPECT_EQ(none.next_due, now + hours(1));
}

TEST_P(StoreContract, CountsFollowEveryChange) {
  auto counts = [&] {
    const QueueCounts found = store_.Counts("q");
    return std::vector<int64_t>{found.items, found.leased, found.delayed, found.ready()};
  };
  const WallTime now = Now();
  EXPECT_THAT(counts(), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(store_.QueueNames(), IsEmpty());
  ASSERT_TRUE(Commit(std::move(Batch().Append("q", "a", now).Append("q", "b", now).Append("q", "c", now + hours(1)).Append("r", "x", now))));
  EXPECT_THAT(counts(), ElementsAre(3, 0, 1, 2));
  EXPECT_THAT(store_.QueueNames(), ElementsAre("q", "r"));
  const auto leased = Lease(2);
  EXPECT_THAT(counts(), ElementsAre(3, 2, 1, 0));
  ASSERT_TRUE(Commit(std::move(Batch().Release("q", leased[0].id, now + hours(2)))));
  EXPECT_THAT(counts(), ElementsAre(3, 1, 2, 0));
  ASSERT_TRUE(Commit(std::move(Batch().Release("q", leased[0].id, now))));
  EXPECT_THAT(counts(), ElementsAre(3, 1, 1, 1));
  ASSERT_TRUE(Commit(std::move(Batch().Acknowledge("q", leased[0].id).Acknowledge("q", leased[1].id).Acknowledge("q", leased[1].id))));
  EXPECT_THAT(counts(), ElementsAre(1, 0, 1, 0));
  EXPECT_FALSE(Commit(std::move(Batch().Append("q", "no", now).RequireVersion("t", "missing", 1))));
  EXPECT_THAT(counts(), ElementsAre(1, 0, 1, 0));
  ASSERT_TRUE(Run(store_.Clear(ctx_)));
  EXPECT_THAT(counts(), ElementsAre(0, 0, 0, 0));
}

TEST_P(StoreContract, OnlyTheHolderChangesALease) {
  ASSERT_TRUE(Commit(std::move(Batch().Append("q", "a", Now()))));
  const WallTime first_leased = Now();
  const int64_t id = Lease(1).at(0).id;
  auto change = [&](int64_t item, int attempt, WallTime until) { return Run(store_.ChangeLeases(ctx_, "q", {{item, attempt, until}})).value().at(0); };
  EXPECT_EQ(change(id, 2, Now() + hours(1)), LeaseOutcome::NotHeld);
  EXPECT_EQ(change(id + 1, 1, Now() + hours(1)), LeaseOutcome::Gone);
  EXPECT_EQ(change(id, 1, Now() + hours(5)), LeaseOutcome::Changed);
  EXPECT_GT(NextDue().value(), Now() + hours(4));
  EXPECT_EQ(change(id, 1, Now()), LeaseOutcome::Changed);
  EXPECT_EQ(store_.Counts("q").ready(), 1);
  EXPECT_EQ(change(id, 1, Now() + hours(1)), LeaseOutcome::NotHeld);
  const QueueItem again = Lease(1).at(0);
  EXPECT_EQ(again.attempts, 2);
  EXPECT_GE(again.first_leased_at, first_leased);
  EXPECT_LE(again.first_leased_at, Now());
}

TEST_P(StoreContract, DiscardRemovesWhatIsOld) {
  const WallTime now = Now();
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(Commit(std::move(Batch().Append("q", std::to_string(i), now - hours(6 - i)))));
  auto discard = [&](size_t count, WallTime before) { return Run(store_.Discard(ctx_, "q", count, before)).value(); };
  EXPECT_EQ(discard(10, now - hours(4)), 2u);
  EXPECT_EQ(discard(1, now), 1u);
  EXPECT_THAT(LeasePayloads(1), ElementsAre("3"));
  EXPECT_EQ(discard(10, now - hours(1)), 1u);  // "4": what is leased has not been due since
  EXPECT_EQ(store_.Counts("q").items, 2);
  EXPECT_EQ(discard(10, WallTime::max()), 2u);
  EXPECT_EQ(store_.Counts("q").items, 0);
  EXPECT_EQ(discard(10, WallTime::max()), 0u);
}

class OrderedQueue : public StoreContract {
 protected:
  Committed Append(std::string_view group, std::string payload, std::string key = "", Duration keeps = hours(1)) {
    Batch batch;
    batch.AppendGrouped("q", payload, Now(), {.group = std::string(group), .once_key = key, .once_until = Now() + keeps, .once_note = payload});
    return Commit(std::move(batch)).value();
  }
  std::vector<QueueItem> Take(size_t count, Duration lease = hours(1)) {
    return Run(store_.Lease(ctx_, "q", {.count = count, .lease = lease, .grouped = true})).value().items;
  }
  std::vector<std::string> Payloads(size_t count) {
    std::vector<std::string> payloads;
    for (const QueueItem& item : Take(count)) payloads.push_back(item.payload);
    return payloads;
  }
  LeaseOutcome Change(const QueueItem& item, Duration until, bool remove = false) {
    std::vector<LeaseChange> changes{{.id = item.id, .attempt = item.attempts, .until = Now() + until, .remove = remove}};
    return Run(store_.ChangeLeases(ctx_, "q", std::move(changes))).value().front();
  }
};

TEST_P(OrderedQueue, AGroupIsLeasedInItsOrderUpToWhatIsHeld) {
  for (const char* payload : {"a1", "a2", "a3"}) Append("a", payload);
  Append("b", "b1");
  const auto first = Take(2);
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0].payload, "a1");
  EXPECT_THAT(Payloads(10), ElementsAre("b1"));
  EXPECT_EQ(Change(first[1], hours(0)), LeaseOutcome::Changed);  // the second comes back, but the first is in its way
  EXPECT_THAT(Payloads(10), IsEmpty());
  EXPECT_EQ(Change(first[0], hours(0)), LeaseOutcome::Changed);
  const auto again = Take(1);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].payload, "a1");
  EXPECT_EQ(again[0].attempts, 2);
  ASSERT_TRUE(Commit(std::move(Batch().Acknowledge("q", again[0].id))));
  EXPECT_THAT(Payloads(10), ElementsAre("a2", "a3"));
}

TEST_P(OrderedQueue, AnItemIsRemovedByTheLeaseThatHoldsItOnly) {
  Append("a", "a1");
  const auto first = Take(1);
  ASSERT_EQ(Change(first[0], hours(0)), LeaseOutcome::Changed);
  EXPECT_EQ(Change(first[0], hours(1), true), LeaseOutcome::NotHeld);
  const auto second = Take(1);
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(Change(first[0], hours(1), true), LeaseOutcome::NotHeld);
  EXPECT_EQ(Change(second[0], hours(1), true), LeaseOutcome::Changed);
  EXPECT_EQ(Change(second[0], hours(1), true), LeaseOutcome::Gone);
  EXPECT_EQ(Depth(), 0);
}

TEST_P(OrderedQueue, WhatWasAppendedOnceIsNotAppendedAgain) {
  const auto first = Append("a", "a1", "key");
  const auto second = Append("b", "b1", "key");
  EXPECT_EQ(second.appended, first.appended);
  ASSERT_EQ(second.repeated.size(), 1u);
  EXPECT_EQ(second.repeated[0].index, 0u);
  EXPECT_EQ(second.repeated[0].note, "a1");
  ASSERT_TRUE(Commit(std::move(Batch().Acknowledge("q", first.appended[0]))));
  EXPECT_EQ(Append("a", "a2", "key").repeated.size(), 1u);  // also when it has gone
  EXPECT_TRUE(Append("a", "a3", "other", -hours(1)).repeated.empty());
  EXPECT_TRUE(Append("a", "a4", "other").repeated.empty());  // the first one's time was over
  EXPECT_THAT(Payloads(10), ElementsAre("a3", "a4"));
}

TEST_P(OrderedQueue, WhatIsTooOldMakesWay) {
  Batch batch;
  batch.AppendGrouped("q", "old", Now() - hours(2), {.group = "a"}).AppendGrouped("q", "new", Now(), {.group = "a"});
  ASSERT_TRUE(Commit(std::move(batch)));
  EXPECT_EQ(Run(store_.Discard(ctx_, "q", 10, Now() - hours(1))).value(), 1u);
  EXPECT_THAT(Payloads(10), ElementsAre("new"));
  EXPECT_EQ(Run(store_.Discard(ctx_, "q", 10, WallTime::max())).value(), 1u);
  EXPECT_THAT(Payloads(10), IsEmpty());
  EXPECT_EQ(Depth(), 0);
}

TEST_P(OrderedQueue, AnItemThatIsNotDueHoldsUpItsGroupAlone) {
  Batch batch;
  batch.AppendGrouped("q", "later", Now() + hours(1), {.group = "a"}).AppendGrouped("q", "behind", Now(), {.group = "a"});
  batch.AppendGrouped("q", "free", Now(), {.group = "b"});
  ASSERT_TRUE(Commit(std::move(batch)));
  const auto leased = Run(store_.Lease(ctx_, "q", {.count = 10, .lease = hours(2), .grouped = true})).value();
  ASSERT_EQ(leased.items.size(), 1u);
  EXPECT_EQ(leased.items[0].payload, "free");
  ASSERT_TRUE(leased.next_due.has_value());
  EXPECT_GT(*leased.next_due, Now() + milliseconds(3'000'000));
  EXPECT_LE(*leased.next_due, Now() + hours(1));
}

const auto kEngines =
    testing::Values(Engine{"Sqlite", []() -> std::unique_ptr<Bench> { return std::make_unique<SqliteBench>(); }},
                    Engine{"Memory", []() -> std::unique_ptr<Bench> { return std::make_unique<MemoryBench>(Duration::zero()); }},
                    Engine{"SlowMemory", []() -> std::unique_ptr<Bench> { return std::make_unique<MemoryBench>(milliseconds(3)); }});
INSTANTIATE_TEST_SUITE_P(Engines, StoreContract, kEngines, [](const auto& info) { return info.param.name; });
INSTANTIATE_TEST_SUITE_P(Engines, OrderedQueue, kEngines, [](const auto& info) { return info.param.name; });

TEST(MemoryStoreFaults, AFailedCommitChangesNothingAndTheSeedDecides) {
  auto run = [](uint64_t seed) {
    SimLoop loop;
    Context ctx(loop);
    auto store = MakeMemoryStore(loop, seed, {.latency = milliseconds(1), .failure_rate = 0.5});
    std::string pattern;
    for (int i = 0; i < 64; ++i) {
      const std::string key = "k" + std::to_string(i);
      const auto committed = loop.Run(store->Commit(ctx, std::move(Batch().Put("t", key, "v"))));
      if (!committed) EXPECT_TRUE(committed.error().retryable);
      EXPECT_EQ(loop.Run(store->Get(ctx, "t", key))->has_value(), committed.has_value());
      pattern += committed ? '1' : '0';
    }
    return pattern;
  };
  EXPECT_EQ(run(7), run(7));
  EXPECT_NE(run(7), run(8));
  EXPECT_THAT(run(7), testing::HasSubstr("0"));
}

TEST(EndOfPrefix, IsTheFirstKeyAfterAllWithThePrefix) {
  EXPECT_EQ(EndOfPrefix("ab"), "ac");
  EXPECT_EQ(EndOfPrefix("a\xff\xff"), "b");
  EXPECT_EQ(EndOfPrefix("\xff"), "");
  EXPECT_EQ(EndOfPrefix(""), "");
}

}  // namespace
}  // namespace mayfly::store
