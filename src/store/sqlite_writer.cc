#include "store/sqlite_writer.h"

#include <pthread.h>

#include <algorithm>

#include "base/log.h"
#include "store/batch_rules.h"
#include "store/sqlite_schema.h"

namespace mayfly::store {
namespace {

constexpr auto kIdleBeforeCheckpoint = std::chrono::milliseconds(250);
constexpr uint64_t kPageBytes = 4096;
constexpr uint64_t kWalFramesMin = 256;

// Puts the value of a part of the transaction, or its error, into the request.
template <typename Value>
void Keep(Result<Value> result, Value& value, Result<>& outcome) {
  if (result) {
    value = std::move(*result);
  } else {
    outcome = Fail(std::move(result).error());
  }
}

int FramesFor(uint64_t bytes) { return static_cast<int>(std::clamp<uint64_t>(bytes / kPageBytes, kWalFramesMin, 1u << 20)); }

}  // namespace

Result<std::unique_ptr<SqliteWriter>> SqliteWriter::Open(const SqliteOptions& options, QueueTally& tally, WallTime now, Deliver deliver) {
  MF_TRY(SqliteConnection connection, OpenWriterConnection(options.path, options.leases, now));
  std::unique_ptr<SqliteWriter> writer(new SqliteWriter(std::move(connection), options.wal_bytes_max, std::move(deliver)));
  MF_TRY(writer->applier_, SqliteApplier::Open(writer->connection_, tally, now));
  writer->connection_.CountWalFrames(&writer->wal_frames_);
  writer->thread_ = std::thread([self = writer.get()] { self->Work(); });
  return writer;
}

SqliteWriter::SqliteWriter(SqliteConnection connection, uint64_t wal_bytes_max, Deliver deliver)
    : connection_(std::move(connection)), wal_frames_max_(FramesFor(wal_bytes_max)), deliver_(std::move(deliver)) {}

SqliteWriter::~SqliteWriter() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void SqliteWriter::Submit(std::shared_ptr<WriteRequest> request) {
  MF_ASSERT(request && request->outcome);
  bool wake;
  {
    std::lock_guard lock(mutex_);
    queue_.push_back(std::move(request));
    wake = std::exchange(waiting_, false);
  }
  if (wake) wake_.notify_one();
}

StoreCounters SqliteWriter::Counters() const { return {batches_.load(), transactions_.load(), checkpoints_.load()}; }

void SqliteWriter::Work() {
  pthread_setname_np(pthread_self(), "store-writer");
  while (auto group = NextGroup()) {
    if (group->empty()) {
      Checkpoint();
      continue;
    }
    CommitGroup(*group);
    deliver_(std::move(*group));
    if (wal_frames_ > wal_frames_max_) Checkpoint();
  }
}

std::optional<WriteRequests> SqliteWriter::NextGroup() {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return stopping_ || !queue_.empty(); };
  if (!ready()) {
    waiting_ = true;
    if (log_has_news_) {
      wake_.wait_for(lock, kIdleBeforeCheckpoint, ready);
    } else {
      wake_.wait(lock, ready);
    }
    waiting_ = false;
  }
  if (queue_.empty() && stopping_) return std::nullopt;
  return std::exchange(queue_, {});
}

// A fault of the engine is every request's: even a failed precondition may have looked at a change that is undone.
void SqliteWriter::CommitGroup(WriteRequests& group) {
  MF_ASSERT(!group.empty());
  auto outcome = ApplyGroup(group);
  if (outcome) {
    ++transactions_;
    log_has_news_ = true;
    for (const auto& request : group) ForgetVainDeletes(request->batch);
    batches_ += static_cast<uint64_t>(
        std::ranges::count_if(group, [](const auto& request) { return request->kind == WriteRequest::Kind::Commit && request->outcome; }));
    return;
  }
  applier_->Rollback();
  log::Error("store: {}", outcome.error().ToString());
  for (const auto& request : group) {
    request->outcome = outcome;
    request->leased = {};
    request->changed.clear();
    request->discarded = 0;
  }
}

Result<> SqliteWriter::ApplyGroup(WriteRequests& group) {
  MF_TRY_VOID(applier_->Begin());
  for (const auto& request : group) {
    Perform(*request);
    if (!request->outcome && !IsPreconditionFailed(request->outcome.error())) return request->outcome;
  }
  return applier_->Commit(group.back()->now);
}

void SqliteWriter::Perform(WriteRequest& request) {
  switch (request.kind) {
    case WriteRequest::Kind::Commit: return Keep(applier_->Apply(request.batch, request.now), request.version, request.outcome);
    case WriteRequest::Kind::Lease: return Keep(applier_->Lease(request.lease, request.now), request.leased, request.outcome);
    case WriteRequest::Kind::ChangeLeases:
      return Keep(applier_->ChangeLeases(request.change_leases, request.now), request.changed, request.outcome);
    case WriteRequest::Kind::Discard: return Keep(applier_->Discard(request.discard), request.discarded, request.outcome);
    case WriteRequest::Kind::Clear: return Keep(applier_->Clear(), request.version, request.outcome);
  }
}

// A checkpoint that readers hold up is tried again after the next commit or idle moment. Readers that follow each other
// without a gap would let the log grow for ever: far past its bound, the writer waits for them.
void SqliteWriter::Checkpoint() {
  MF_ASSERT(wal_frames_ >= 0 && wal_frames_max_ > 0);
  const bool far_past = wal_frames_ > 4 * wal_frames_max_;
  auto complete = connection_.Checkpoint(far_past ? SqliteConnection::Readers::WaitFor : SqliteConnection::Readers::Respect);
  if (!complete) {
    log::Warning("store: {}", complete.error().ToString());
    log_has_news_ = false;  // until the next commit: a failing disk is not asked four times a second
    return;
  }
  ++checkpoints_;
  if (!*complete) return;
  log_has_news_ = false;
  wal_frames_ = 0;
}

}  // namespace mayfly::store
