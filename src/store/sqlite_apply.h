// What the writer does inside one transaction: the statements behind batches, leases and clearing.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "store/queue_tally.h"
#include "store/sqlite_connection.h"
#include "store/sqlite_groups.h"
#include "store/store.h"

namespace mayfly::store {

struct LeaseRequest {
  std::string queue;
  LeaseWish wish;
};
struct ChangeLeasesRequest {
  std::string queue;
  std::vector<LeaseChange> changes;
};
struct DiscardRequest {
  std::string queue;
  size_t count = 0;
  WallTime due_before{};
};

// On the writer's thread. Counts what it does to queues: the tally learns of it when the transaction has been committed, and
// the file has the number of each queue's items beside them.
//
// Each method works inside the open transaction, and may leave half of its work behind when it fails: the caller rolls back.
// What is passed to them outlives the transaction.
class SqliteApplier {
 public:
  // Fills `tally`, which outlives this. `now`: of the daemon's clock.
  static Result<std::unique_ptr<SqliteApplier>> Open(SqliteConnection& connection, QueueTally& tally, WallTime now);

  Result<> Begin();
  // Makes the sequence durable and commits. `now`: of the last request.
  Result<> Commit(WallTime now);
  // Not an error: the engine has rolled back by itself.
  void Rollback();

  // The version of the rows that it changes. A failed precondition has changed nothing. `number` of a deletion becomes the
  // number of rows that it found; what a DeleteUnder finds becomes steps of its own. `now`: appended_at.
  Result<int64_t> Apply(Batch& batch, WallTime now);
  Result<LeasedItems> Lease(const LeaseRequest& request, WallTime now);
  Result<std::vector<LeaseOutcome>> ChangeLeases(const ChangeLeasesRequest& request, WallTime now);
  Result<size_t> Discard(const DiscardRequest& request);
  // A version after those of all that it removes.
  Result<int64_t> Clear();

 private:
  SqliteApplier(SqliteConnection& connection, QueueTally& tally) : connection_(connection), tally_(tally) {}
  Result<> PrepareAll();
  Result<> LoadTally(WallTime now);
  Result<> Require(const Batch::Step& step);
  Result<> Change(Batch::Step& step, int64_t version, WallTime now);
  Result<> DeleteUnder(const Batch::Step& step, std::vector<Batch::Step>& found);
  Result<> Append(Batch::Step& step, WallTime now);
  Result<> AppendGrouped(Batch::Step& step, WallTime now);
  struct Found {
    bool found = false;
    std::string group;  // "": the queue is no ordered one
  };
  Result<Found> Uncount(std::string_view queue, int64_t id);
  Result<> Acknowledge(const Batch::Step& step);
  Result<> MoveItem(std::string_view queue, int64_t id, WallTime available_at);
  Result<> SaveCounts();
  // What a lease takes at most, and how much it has.
  struct Picking {
    const LeaseRequest& request;
    WallTime now;
    size_t count_max;
    int64_t until;
    size_t bytes = 0;
    bool full = false;
    std::vector<QueueItem> items;
  };
  Result<> Pick(Picking& picking, SqliteStatement::Execution& candidates);
  Result<> PickGrouped(Picking& picking);
  Result<> MarkLeased(const Picking& picking);
  Result<std::optional<int64_t>> NextDue(const LeaseRequest& request);
  void Count(std::string_view queue, int64_t available_at, bool leased, int64_t delta);
  size_t LeasesLeft(const LeaseRequest& request, WallTime now) const;

  // What the open transaction changes of one queue.
  struct Sum {
    int64_t items = 0;
    int64_t leased = 0;
  };
  SqliteConnection& connection_;
  QueueTally& tally_;
  std::vector<TallyChange> changes_;  // of the open transaction
  bool cleared_ = false;              // the transaction has emptied everything before changes_
  std::unordered_map<std::string_view, Sum> sums_;
  int64_t sequence_ = 0;
  int64_t durable_sequence_ = 0;
  SqliteStatement begin_, commit_;
  SqliteStatement version_of_, put_, delete_, keys_under_, append_, acknowledge_, give_back_;
  SqliteStatement due_items_, group_items_, lease_, save_sequence_;
  SqliteGroups groups_;
  SqliteStatement item_state_, extend_, next_due_, discard_, add_count_, drop_count_;
};

}  // namespace mayfly::store
