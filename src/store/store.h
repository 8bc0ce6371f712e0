// What Mayfly remembers: tables and queues, behind a port, so that the embedded engine (SQLite, one file per role,
// one writer thread with group commit) and a shared one (PostgreSQL) can stand behind the same code.
//
// Durability: when a task that writes completes with success, the write survives kill -9 and power loss (WAL, fsync per
// group of commits). After a crash there is all of a batch or nothing. Opening a store is recovering it.
// All methods are called on one loop's strand; the work happens on the store's own threads. A store is destroyed before its
// loop; that waits for everything that it has accepted.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "base/task.h"

namespace mayfly::store {

// A row of a table. `version` is set by the store: it grows with every commit, and the rows that one commit puts have the same.
// Equal versions of a row mean that it has not changed.
struct Row {
  std::string key;
  std::string value;
  int64_t version = 0;
};

struct QueueItem {
  int64_t id = 0;
  std::string payload;
  WallTime appended_at{};
  int attempts = 0;  // how often it has been leased, this time included
  WallTime first_leased_at{};
};

// An item of an ordered queue (Batch::AppendGrouped): where it stands in line, and what it is known by.
struct GroupedItem {
  std::string group;  // not empty; the items of a group are leased in the order in which they were appended
  // With a key: the item is appended unless one of this key was before `once_until` of that one; "": always.
  std::string once_key;
  WallTime once_until{};
  std::string once_note;  // what a later commit with the same key is told (Committed::repeated)
};

// How much Lease takes at most, and for how long.
struct LeaseWish {
  size_t count = 1;
  Duration lease{};
  size_t bytes_max = 64u << 20;         // of payloads; the first item is taken whatever its size
  int64_t leased_max = INT64_MAX;       // of items of the queue that are leased at one time
  std::optional<WallTime> as_of;        // what counts as now, for a caller whose time does not follow jumps of the wall clock
  // The queue is an ordered one: of each group only its first items, up to the first that is leased or not due; groups in the
  // order in which their first items became due, each as far as it goes.
  bool grouped = false;
};
struct LeasedItems {
  std::vector<QueueItem> items;
  bool limited = false;                 // leased_max kept items back
  // When there is none left that is due: when the next one will be (see NextDue).
  std::optional<WallTime> next_due;
};

// Changes the lease of an item that is leased, by the lease that was its attempt number `attempt`.
struct LeaseChange {
  int64_t id = 0;
  int attempt = 0;
  WallTime until{};  // not after now: the lease ends, and the item may be leased again
  bool remove = false;  // instead: the item is removed, if that lease still holds it
};

enum class LeaseOutcome : unsigned char {
  Changed,
  NotHeld,  // that lease has ended
  Gone,     // there is no such item (any more)
};

// How many items a queue has. Of a queue that many change at once, as it was a moment ago; a lease or delay that ends is seen
// to have ended up to kTallyGrain too early.
struct QueueCounts {
  int64_t items = 0;    // all
  int64_t leased = 0;   // by leases that have not ended
  int64_t delayed = 0;  // never leased or released, not due yet
  int64_t ready() const { return items - leased - delayed; }
};

// What a commit has done.
struct Committed {
  int64_t version = 0;            // of the rows that it put or deleted; 0 when it changed none
  std::vector<int64_t> appended;  // the ids of the items that it appended, in their order; of a repeated one that of the first
  struct Repeated {
    size_t index = 0;  // of `appended`
    std::string note;  // GroupedItem::once_note of the first
  };
  std::vector<Repeated> repeated;  // what was not appended, because it had been already
};

// Rows of one table that a commit has put or deleted.
struct RowChanges {
  std::vector<std::string> keys;  // none: everything of an earlier version has gone (Clear)
  int64_t version = 0;            // the commit's
};

// A set of changes that happens as a whole or not at all. Tables and queues of one store may be mixed.
// Preconditions look at the rows as they are before the batch, wherever they stand in it; changes happen in their order.
class Batch {
 public:
  // Limits of a commit. Keys are ordered bytewise.
  static constexpr size_t kNameBytesMax = 512;  // of a table or queue; at least 1
  static constexpr size_t kKeyBytesMax = 2'048;  // at least 1
  static constexpr size_t kValueBytesMax = 64u << 20;

  Batch& Put(std::string_view table, std::string_view key, std::string value);
  Batch& Delete(std::string_view table, std::string_view key);
  // The row `key` and all whose keys begin with it and '/', whoever has put them.
  Batch& DeleteUnder(std::string_view table, std::string_view key);
  // The commit fails with code "PreconditionFailed" (and changes nothing) unless the row is as said.
  Batch& RequireVersion(std::string_view table, std::string_view key, int64_t version);
  Batch& RequireAbsent(std::string_view table, std::string_view key);
  Batch& RequirePresent(std::string_view table, std::string_view key);
  Batch& Append(std::string_view queue, std::string payload, WallTime due);
  // Appends an item that is leased from the beginning by whoever appends it (Commit tells its id): what is worked on at
  // once needs no second commit.
  Batch& AppendLeased(std::string_view queue, std::string payload, WallTime until);
  // Appends to an ordered queue, whose items are all appended in this way and leased with LeaseWish::grouped.
  Batch& AppendGrouped(std::string_view queue, std::string payload, WallTime due, GroupedItem item);
  // Removes a leased item. Not an error: it is gone already.
  Batch& Acknowledge(std::string_view queue, int64_t id);
  // Gives a leased item back, to be leased again from `due`. Not an error: it is gone.
  Batch& Release(std::string_view queue, int64_t id, WallTime due);

  struct Step {
    enum class Kind : unsigned char { Put, Delete, DeleteUnder, RequireVersion, RequireAbsent, RequirePresent, Append, AppendLeased, AppendGrouped,
                                    Acknowledge, Release };
    Kind kind;
    std::string name;  // table or queue
    std::string key;
    std::string value;
    int64_t number = 0;  // version or item id; of an appended item its id, once committed
    WallTime due{};
    std::shared_ptr<const GroupedItem> grouped;  // with AppendGrouped
    bool repeated = false;                       // and committed: nothing was appended
    std::string note;                            // then: of the first
  };
  const std::vector<Step>& steps() const { return steps_; }
  std::vector<Step>& steps() { return steps_; }

 private:
  std::vector<Step> steps_;
};

// What a store has done since it was opened.
struct StoreCounters {
  uint64_t batches = 0;       // commits that succeeded
  uint64_t transactions = 0;  // how many of the engine's transactions they took
  uint64_t checkpoints = 0;
};

// How much accepted work may wait for the store's writer (lease and clear count as a batch of no bytes).
inline constexpr size_t kWaitingBytesMax = 64u << 20;
inline constexpr size_t kWaitingBatchesMax = 10'000;

class Store {
 public:
  virtual ~Store() = default;

  // Errors: Fault "PreconditionFailed" (see Batch), "InvalidBatch" (a limit of Batch), Fault of the engine (disk full:
  // retryable). After a fault of the engine nothing of the batch is seen; should the daemon be killed right after a fault of
  // the disk, the batch may come to light at the next start, as a whole.
  // Bound: see kWaiting…Max; beyond, the task waits in order of arrival, until ctx ends it (Cancelled: nothing happened).
  // Once accepted, the commit runs to its end: ctx does not end the wait, and a caller that goes away does not undo it.
  virtual Task<Result<Committed>> Commit(Context& ctx, Batch batch) = 0;
  // Reads see every commit that had completed when they were called. Not an error: no such row (nullopt).
  virtual Task<Result<std::optional<Row>>> Get(Context& ctx, std::string_view table, std::string_view key) = 0;
  // Rows with `from` <= key that start with `prefix`, in order, at most `limit`.
  virtual Task<Result<std::vector<Row>>> Scan(Context& ctx, std::string_view table, std::string_view prefix, std::string_view from,
                                              size_t limit) = 0;
  // Calls `listener` on the loop's strand after every commit that changed a row of `table` (also one by another daemon,
  // where the engine is shared), before the task that committed goes on. The result is destroyed to end it; that is allowed
  // inside the listener, and after the store has gone.
  using Listener = std::function<void(const RowChanges&)>;
  virtual std::shared_ptr<void> Watch(std::string_view table, Listener listener) = 0;

  // At most `wish.count` items whose due time has come and that nobody has leased, oldest due first; leased for `wish.lease`. The end
  // of a lease that was neither acknowledged nor released is the item's new due time. Leases and `attempts` are durable; leases of
  // the embedded store end when it is opened (unless SqliteOptions says otherwise), since their holder is gone by then.
  virtual Task<Result<LeasedItems>> Lease(Context& ctx, std::string_view queue, LeaseWish wish) = 0;
  // When Lease will next find something (may have passed): the earliest due time; of a leased item, the end of its lease.
  // nullopt: the queue is empty.
  virtual Task<Result<std::optional<WallTime>>> NextDue(Context& ctx, std::string_view queue) = 0;
  // For each change in order what came of it.
  virtual Task<Result<std::vector<LeaseOutcome>>> ChangeLeases(Context& ctx, std::string_view queue, std::vector<LeaseChange> changes) = 0;
  // Removes up to `count` items that were due before `due_before`, or whose lease has ended before it; WallTime::max(): any,
  // leased ones as well. The number of those that were removed: fewer than `count` when no more are left.
  virtual Task<Result<size_t>> Discard(Context& ctx, std::string_view queue, size_t count, WallTime due_before) = 0;
  // At once, from memory. Counts every change that had completed.
  virtual QueueCounts Counts(std::string_view queue) const = 0;
  // Of the queues that have items, in order. Takes time in proportion to their number.
  virtual std::vector<std::string> QueueNames() const = 0;

  // Empties everything (POST /_mayfly/reset). Versions and item ids go on growing.
  virtual Task<Result<>> Clear(Context& ctx) = 0;
  virtual StoreCounters Counters() const = 0;
};

struct SqliteOptions {
  std::string path;  // e.g. DIR/control.db; made when missing
  int reader_threads = 2;
  uint64_t wal_bytes_max = 32ull << 20;  // beyond, the writer checkpoints between two groups instead of when it is idle
  enum class Leases : unsigned char { EndAtOpen, Survive };
  Leases leases = Leases::EndAtOpen;     // Survive: their holders are outside of this process
};

// Opens (and recovers) the embedded store. Error: a Fault that names the file and what to do (corrupt, locked by another
// daemon, newer schema).
Result<std::unique_ptr<Store>> OpenSqliteStore(Loop& loop, SqliteOptions options);
// A store in memory for simulation: the same semantics and bounds, virtual latency and faults drawn by the caller's seed.
// Works on the given loop only, without threads; nothing outlives it.
struct MemoryStoreFaults {
  Duration latency{};
  double failure_rate = 0;  // of commits, leases and clears, answered as retryable faults; nothing is changed by them
};
std::unique_ptr<Store> MakeMemoryStore(Loop& loop, uint64_t seed = 1, MemoryStoreFaults faults = {});

}  // namespace mayfly::store
