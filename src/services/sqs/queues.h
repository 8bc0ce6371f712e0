// Queues: all queues of the service and their messages. The operations of the API, the poller of event source mappings and the
// deliveries of functions all come here.
//
// One per daemon, on its strand, over a store of its own whose leases survive (a message that somebody has received stays hidden
// after a restart). The store has one of its queues per queue and generation (Queue::Storage); a purge begins a new generation,
// and what is left of old ones is removed in the background, as are messages older than their queue's retention period.
//
// Promises: a message whose Send has ended is durable. It is given out again until somebody has deleted it, it is too old, or
// its queue has gone; a message that was received too often lies in its dead-letter queue from then on, never in both and never
// in neither, also after a crash. In a FIFO queue a message is given out only when all that were sent before it in its group
// have been deleted (or have gone), or are given out with it; a deduplication id is remembered by the commit that sends its
// message. Messages stay on disk: memory holds those that are being given out.
// Waiting receivers are woken by what makes messages visible, one per message, in the order in which they came.
#pragma once

#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/task_scope.h"
#include "resources/edit.h"
#include "services/sqs/message.h"
#include "services/sqs/queue.h"
#include "services/sqs/receipt_handle.h"
#include "services/sqs/receive_attempts.h"
#include "store/store.h"

namespace mayfly::sqs {

struct QueuesOptions {
  int64_t in_flight_max = 120'000;   // messages of one queue that are received and not deleted
  Duration name_rest{};              // how long the name of a deleted queue cannot be used (AWS: 60 s)
  Duration sweep_every = std::chrono::seconds(60);
};

struct OutgoingMessage {
  StoredMessage stored;
  int delay_seconds = 0;
};

struct ReceiveOptions {
  size_t messages_max = 1;
  size_t bytes_max = 64u << 20;
  int visibility_timeout = 30;
  Duration wait{};
  std::string attempt_id;  // of FIFO queues; "" = none
};

struct SentMessage {
  std::string message_id;       // of one that was sent before with the same deduplication id, that one's
  std::string sequence_number;  // of FIFO queues
};

struct IncomingMessages {
  std::vector<IncomingMessage> messages;
  bool limited = false;     // messages are there, but too many are in flight
  TimePoint hidden_until{};
};

class Queues {
 public:
  // All outlive it.
  Queues(Loop& loop, store::Store& store, Random& random, QueuesOptions options);

  // Reads the queues. Error: a fault of the store.
  Task<Result<>> Open(Context& ctx);
  // Receivers that wait get their (empty) answers, now and from now on: the daemon is ending.
  void EndWaits();
  Task<> Stop();
  // After the store has been cleared.
  Task<Result<>> Reset(Context& ctx);

  // nullptr: there is none.
  QueuePointer Find(const QueueName& name) const { return table_.Find(name.Key()); }
  // Error: QueueDoesNotExist.
  Result<QueuePointer> Get(const QueueName& name) const { return table_.Get(name.Key()); }
  const resources::ResourceTable<Queue>& table() const { return table_; }
  resources::ResourceTables& tables() { return tables_; }
  const ReceiptHandles& handles() const { return *handles_; }
  store::QueueCounts Counts(const Queue& queue) const { return store_->Counts(queue.Storage()); }

  // Changes of a queue, whoever else changes it. Errors: those of resources::Edit, QueueDoesNotExist, and what stands beside them.
  // Makes `queue`, unless there is one of its name: then it is `accepts` that says whether that one will do. QueueDeletedRecently.
  using Check = std::function<Result<>(const Queue& existing)>;
  Task<Result<>> Create(Context& ctx, Queue queue, Check accepts);
  // `edit` changes the queue as it is then; its own errors.
  template <typename EditQueue>
  Task<Result<>> Edit(Context& ctx, const QueueName& name, EditQueue edit) {
    return resources::Edit(ctx, table_, name.Key(), std::move(edit));
  }
  Task<Result<>> Delete(Context& ctx, QueueName name);
  // PurgeQueueInProgress.
  Task<Result<>> Purge(Context& ctx, QueueName name);

  // Gives a message that is to be sent its id, time and checksums.
  void Stamp(StoredMessage& message) const;
  // All of them or none, in this order; for each, what came of it. Of a message of a FIFO queue group and deduplication id are there.
  Task<Result<std::vector<SentMessage>>> Send(Context& ctx, QueuePointer queue, std::vector<OutgoingMessage> messages);
  // Answers with what is there as soon as there is one message; without any when the wait is over.
  // Errors: QueueDoesNotExist, also when the queue is deleted meanwhile.
  Task<Result<IncomingMessages>> Receive(Context& ctx, QueueName name, ReceiveOptions options);
  // Takes messages out of `source` and puts them into `target` as new ones, at most `count`, in one commit with `change`. Without
  // a target each goes back to the queue that it came from. The number of those that went. Error: QueueDoesNotExist.
  using MoveChange = std::function<Result<>(resources::Change& change, size_t moved)>;
  Task<Result<size_t>> Move(Context& ctx, const QueuePointer& source, const QueuePointer& target, size_t count, MoveChange change);
  // Messages that Move was at when the daemon ended come back after this time.
  static constexpr Duration kMoveLease = std::chrono::seconds(5);
  // Gone is as good as Changed. NotHeld, of FIFO queues only: the message was received again since, or may be: it stays.
  Task<Result<std::vector<store::LeaseOutcome>>> DeleteMessages(Context& ctx, QueuePointer queue, std::vector<Receipt> receipts);
  struct Visibility {
    Receipt receipt;
    int seconds = 0;  // from now
  };
  // NotHeld: the message is visible, or has been received again since.
  Task<Result<std::vector<store::LeaseOutcome>>> ChangeVisibility(Context& ctx, QueuePointer queue, std::vector<Visibility> changes);

 private:
  struct Waiter;
  // What happens at a queue that somebody waits for.
  struct Live {
    uint64_t arrivals = 0;  // grows when messages may have become visible
    std::list<Waiter*> waiters;
    Loop::TimerId timer = 0;
    TimePoint timer_at = TimePoint::max();
    int users = 0;
  };
  class LiveHold;

  // Whether the name belonged to a queue that was deleted a short while ago.
  bool IsResting(const std::string& key);
  // What the same attempt was answered, hidden for as long again; nothing when that cannot be repeated.
  Task<Result<IncomingMessages>> Repeat(Context& ctx, const QueuePointer& queue, const ReceiveOptions& options);
  Task<Result<std::vector<store::LeaseOutcome>>> DeleteHeld(Context& ctx, const QueuePointer& queue, const std::vector<Receipt>& receipts);
  // Appends a message that was in another queue.
  void Transfer(store::Batch& batch, const Queue& to, StoredMessage message) const;
  Task<Result<>> Take(Context& ctx, const QueuePointer& queue, const ReceiveOptions& options, IncomingMessages& taken, store::LeasedItems& leased);
  // Sorts what was leased: what is given out, what is too old, what belongs to the dead-letter queue.
  Task<Result<>> Sort(Context& ctx, const QueuePointer& queue, std::vector<store::QueueItem> items, IncomingMessages& taken);
  Task<Result<>> Wait(Context& ctx, Live& live, TimePoint until);
  Task<Result<>> MoveLeased(Context& ctx, const std::string& storage, const QueuePointer& target, const std::vector<store::QueueItem>& items, const MoveChange& change);
  // `count` messages of the queue have become visible, or more may have (those who wait look again).
  void Arrived(const std::string& key, size_t count);
  void ArrivesAt(const std::string& key, WallTime due);
  void WakeOne(Live& live);
  void SetTimer(const std::string& key, Live& live, TimePoint when);
  Task<> SweepForEver();
  Task<Result<>> Sweep(Context& ctx);

  Loop* loop_;
  store::Store* store_;
  Random* random_;
  QueuesOptions options_;
  resources::ResourceTables tables_;
  resources::ResourceTable<Queue> table_;
  std::optional<ReceiptHandles> handles_;
  std::map<std::string, Live, std::less<>> live_;
  ReceiveAttempts attempts_;
  bool waits_end_ = false;
  std::map<std::string, TimePoint> deleted_;  // when a name may be used again
  Event sweep_now_;
  TaskScope background_;
};

}  // namespace mayfly::sqs
