// The one thread that writes to an SQLite file.
//
// Everything that waits goes into one transaction and shares its fsync. A failed precondition fails its request alone: it is
// seen before the request has changed anything. Requests are applied in the order of Submit().
// Between groups it keeps the write-ahead log short: a checkpoint after a moment of idleness, or at once when the log has
// passed its bound.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/event.h"
#include "store/sqlite_apply.h"

namespace mayfly::store {

// Work for the writer and its answer. Filled on the strand, then owned by the writer until it is delivered.
struct WriteRequest {
  enum class Kind : unsigned char { Commit, Lease, ChangeLeases, Discard, Clear };
  WriteRequest(Loop& loop, Kind kind) : kind(kind), done(loop) {}

  Kind kind;
  Batch batch;
  LeaseRequest lease;
  ChangeLeasesRequest change_leases;
  DiscardRequest discard;
  WallTime now{};
  size_t bytes = 0;  // counted by the admission

  Result<> outcome;
  int64_t version = 0;  // of a Commit that changed rows, and of a Clear
  LeasedItems leased;
  std::vector<LeaseOutcome> changed;
  size_t discarded = 0;
  Event done;  // strand only
};
using WriteRequests = std::vector<std::shared_ptr<WriteRequest>>;

class SqliteWriter {
 public:
  // Called on the writer's thread once per group, after its transaction has ended.
  using Deliver = std::move_only_function<void(WriteRequests)>;
  // `tally` outlives the writer; it has been filled when this returns.
  static Result<std::unique_ptr<SqliteWriter>> Open(const SqliteOptions& options, QueueTally& tally, WallTime now, Deliver deliver);
  // Ends after everything that was submitted has been delivered.
  ~SqliteWriter();

  // Any thread. Bounded by the admission of the store.
  void Submit(std::shared_ptr<WriteRequest> request);
  StoreCounters Counters() const;

 private:
  SqliteWriter(SqliteConnection connection, uint64_t wal_bytes_max, Deliver deliver);
  void Work();
  // nullopt: stopping and nothing is left. Empty: idle.
  std::optional<WriteRequests> NextGroup();
  void CommitGroup(WriteRequests& group);
  Result<> ApplyGroup(WriteRequests& group);
  void Perform(WriteRequest& request);
  void Checkpoint();

  SqliteConnection connection_;
  std::unique_ptr<SqliteApplier> applier_;
  const int wal_frames_max_;
  int wal_frames_ = 0;  // in the log at the last commit
  bool log_has_news_ = true;
  Deliver deliver_;
  std::atomic<uint64_t> batches_ = 0, transactions_ = 0, checkpoints_ = 0;

  std::mutex mutex_;
  std::condition_variable wake_;
  WriteRequests queue_;
  bool waiting_ = false;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses the rest
};

}  // namespace mayfly::store
