// QueuePoller: reads the queue of one event source mapping and invokes its function with batches.
//
// One collector takes messages, filters them and fills batches; every batch is processed by a task of its own. The collector asks
// the queue for as many messages as there is room for, and for what a fast function will have done in a moment, so that nothing
// waits here for long, hidden and ageing. Room is what ConcurrencyRamp and the mapping's own maximum allow.
//
// A message is deleted when the function has processed it, or when the filter does not want it. All others come back from
// their queue when they become visible again: after an error of the function, a crash, and after throttles that last longer
// than the visibility timeout (until then a throttled batch is tried again, by a back-off or as soon as another one has ended).
//
// A FIFO queue gives out no message of a group that has some in flight, so one batch of a group is with the function at a time;
// the messages of a failed batch stay in flight until their time is over, and hold up their groups. Of a batch that has failed in
// part, what follows the first failure of its group has failed as well.
//
// One strand; its life is that of every Poller.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/strand.h"
#include "base/task_scope.h"
#include "sources/batch_item_failures.h"
#include "sources/concurrency_ramp.h"
#include "sources/poller.h"
#include "sources/queue_batch.h"
#include "sources/queue_deletes.h"
#include "sources/queue_filter.h"
#include "sources/queue_source.h"

namespace mayfly::sources {

class QueuePoller final : public Poller {
 public:
  QueuePoller(const PollerParts& parts, QueueSource& queues, std::string queue_arn);

  // --- Poller ---
  void Start(MappingPointer mapping) override;
  void Pause() override;
  Task<> Drain() override;
  Task<> Stop(TimePoint until) override;
  const std::string& result() const override { return result_; }
  const PollerCounts& counts() const override { return counts_; }

  int running() const { return running_; }

 private:
  struct Session;
  using SessionPointer = std::shared_ptr<Session>;
  class Running;
  class Turn;

  Task<> Collect(SessionPointer session);
  TimePoint WindowEnd(const Session& session, const QueueBatch& filling) const;
  Task<bool> AwaitWork(Context& ctx, const Session& session);
  Task<bool> AwaitRoom(Context& ctx);
  Task<Result<ReceivedMessages>> Receive(Context& ctx, const Session& session, const QueueBatch& filling, Duration wait);
  size_t BatchesAhead() const;
  Task<> Recover(Context& ctx, Error error);
  // Puts messages into `filling`, and starts the batches that become full.
  Task<> Fill(const SessionPointer& session, ReceivedMessages received, QueueBatch& filling);
  Task<> FillOrdered(const SessionPointer& session, ReceivedMessages received, QueueBatch& filling);
  Task<bool> ProcessFirst(const SessionPointer& session, QueueBatch& filling);
  Task<> Dispatch(const SessionPointer& session, QueueBatch& filling);
  Task<> Process(SessionPointer session, QueueBatch batch);
  Task<bool> ProcessAll(SessionPointer session, QueueBatch batch);
  Task<Result<runtime::InvokeOutcome>> Invoke(Context& ctx, const Session& session, QueueBatch& batch);
  Task<bool> AwaitTurn(Context& ctx, const QueueBatch& batch, Duration backoff);
  bool Settle(const Session& session, QueueBatch& batch, const Result<runtime::InvokeOutcome>& outcome);
  void NoteFailure(size_t messages);
  void Count(uint64_t PollerCounts::* figure, const telemetry::Metric& counted, size_t messages);
  Task<> HandBack(QueueBatch batch);
  void OnEnd();
  bool HasEnded() const { return collectors_ == 0 && running_ == 0; }
  Context MakeContext(const Session& session, std::stop_token stop) const;
  RampLimits LimitsOf(const catalog::EventSourceMapping& mapping) const;

  Strand strand_;
  PollerParts parts_;
  QueueSource* queues_;
  std::string queue_arn_;
  ConcurrencyRamp ramp_;
  SessionPointer session_;  // null: paused
  std::string result_;
  PollerCounts counts_;
  std::optional<telemetry::Metrics::Series> series_;  // if the mapping's MetricsConfig wants EventCount
  int collectors_ = 0;  // more than one while an older one ends
  int running_ = 0;     // batches that have left their collector
  int invoking_ = 0;    // of these, with the function
  Duration typical_{};  // time that the function takes for a batch
  std::deque<Turn*> throttled_;
  Event ended_;  // a batch has ended
  QueueDeletes deletes_;
  TaskScope tasks_;
};

// For mappings of `queues`, which outlives the pollers.
PollerFactory MakeQueuePollers(QueueSource& queues);

}  // namespace mayfly::sources
