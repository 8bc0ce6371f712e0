// The messages of the queues: sending, waiting, receiving, deleting.
#include <fmt/format.h>

#include <algorithm>

#include "base/calendar_loop.h"
#include "base/log.h"
#include "base/md5.h"
#include "services/sqs/errors.h"
#include "services/sqs/fifo.h"
#include "services/sqs/queues.h"

namespace mayfly::sqs {
namespace {

constexpr size_t kMoveBytesMax = 8u << 20;

WallTime FromMillis(int64_t millis) { return WallTime(std::chrono::milliseconds(millis)); }

std::string AttemptKey(const Queue& queue, const ReceiveOptions& options) {
  return fmt::format("{}#{}/{}/{}", queue.id, queue.generation, options.messages_max, options.attempt_id);
}

}  // namespace

// One who waits for a message. A wake-up that it does not use goes to the next one.
struct Queues::Waiter {
  Waiter(Queues& queues, Live& live) : queues(queues), live(live), event(*queues.loop_), place(live.waiters.insert(live.waiters.end(), this)) {}
  ~Waiter() {
    if (!woken) {
      live.waiters.erase(place);
    } else if (!used) {
      queues.WakeOne(live);
    }
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  Queues& queues;
  Live& live;
  Event event;
  std::list<Waiter*>::iterator place;
  bool woken = false;  // and no longer in the list
  bool used = false;
};

// Keeps what is known of a queue's receivers while there are any.
class Queues::LiveHold {
 public:
  LiveHold(Queues& queues, std::string key) : queues_(queues), key_(std::move(key)), live_(queues.live_[key_]) { ++live_.users; }
  ~LiveHold() {
    MF_ASSERT(live_.users > 0);
    if (--live_.users > 0) return;
    MF_ASSERT(live_.waiters.empty());
    queues_.loop_->CancelTimer(live_.timer);
    queues_.live_.erase(key_);
  }
  LiveHold(const LiveHold&) = delete;
  LiveHold& operator=(const LiveHold&) = delete;
  Live& operator*() { return live_; }
  Live* operator->() { return &live_; }

 private:
  Queues& queues_;
  std::string key_;
  Live& live_;
};

void Queues::Stamp(StoredMessage& stored) const {
  sources::QueueMessage& message = stored.message;
  message.message_id = random_->Uuid();
  message.sent_epoch_millis = ToEpochMillis(loop_->WallNow());
  message.md5_of_body = Md5Hex(message.body);
  std::vector<const MessageAttribute*> attributes;
  for (const MessageAttribute& attribute : message.attributes) attributes.push_back(&attribute);
  message.md5_of_attributes = Md5OfAttributes(std::move(attributes));
}

Task<Result<std::vector<SentMessage>>> Queues::Send(Context& ctx, QueuePointer queue, std::vector<OutgoingMessage> messages) {
  const WallTime now = loop_->WallNow();
  const std::string storage = queue->Storage();
  store::Batch batch;
  size_t visible = 0;
  std::optional<WallTime> due;
  for (const OutgoingMessage& message : messages) {
    const WallTime available = now + std::chrono::seconds(message.delay_seconds);
    if (queue->fifo) {
      batch.AppendGrouped(storage, EncodeMessage(message.stored), available, PlaceOf(*queue, message.stored.message, now));
    } else {
      batch.Append(storage, EncodeMessage(message.stored), available);
    }
    if (message.delay_seconds <= 0) {
      ++visible;
    } else if (!due || available < *due) {
      due = available;
    }
  }
  MF_CO_TRY(auto committed, co_await store_->Commit(ctx, std::move(batch)));
  const std::string key = queue->name.Key();
  if (visible > 0) Arrived(key, visible);
  if (due) ArrivesAt(key, *due);
  std::vector<SentMessage> sent;
  sent.reserve(messages.size());
  for (size_t i = 0; i < messages.size(); ++i) {
    sent.push_back({std::move(messages[i].stored.message.message_id), queue->fifo ? SequenceNumberOf(committed.appended[i]) : ""});
  }
  for (auto& repeated : committed.repeated) sent[repeated.index].message_id = std::move(repeated.note);
  co_return sent;
}

Task<Result<IncomingMessages>> Queues::Receive(Context& ctx, QueueName name, ReceiveOptions options) {
  const std::string key = name.Key();
  const TimePoint until = options.wait > Duration::zero() ? loop_->Now() + options.wait : TimePoint::min();
  LiveHold live(*this, key);
  for (;;) {
    MF_CO_TRY(const QueuePointer queue, Get(name));
    if (!options.attempt_id.empty()) {
      MF_CO_TRY(IncomingMessages again, co_await Repeat(ctx, queue, options));
      if (!again.messages.empty()) co_return again;
    }
    const uint64_t arrivals = live->arrivals;
    IncomingMessages taken;
    store::LeasedItems leased;
    MF_CO_TRY_VOID(co_await Take(ctx, queue, options, taken, leased));
    if (!options.attempt_id.empty() && !taken.messages.empty()) attempts_.Remember(AttemptKey(*queue, options), taken.messages, loop_->Now());
    if (!taken.messages.empty() || (taken.limited && until == TimePoint::min())) co_return taken;
    if (loop_->Now() >= until || waits_end_) co_return taken;
    if (ctx.stop.stop_requested()) co_return Fail(Error::Cancelled());
    if (live->arrivals != arrivals) continue;
    if (leased.next_due) ArrivesAt(key, *leased.next_due);
    MF_CO_TRY_VOID(co_await Wait(ctx, *live, until));
  }
}

Task<Result<>> Queues::Take(Context& ctx, const QueuePointer& queue, const ReceiveOptions& options, IncomingMessages& taken, store::LeasedItems& leased) {
  const std::string storage = queue->Storage();
  const Duration hidden = std::chrono::seconds(options.visibility_timeout);
  for (;;) {
    if (store_->Counts(storage).items == 0) co_return Result<>();
    taken.hidden_until = loop_->Now() + hidden;
    const store::LeaseWish wish{.count = options.messages_max, .lease = hidden, .bytes_max = options.bytes_max, .leased_max = options_.in_flight_max, .as_of = {}, .grouped = queue->fifo};
    MF_CO_TRY(leased, co_await store_->Lease(ctx, storage, wish));
    const size_t count = leased.items.size();
    taken.limited = leased.limited;
    MF_CO_TRY_VOID(co_await Sort(ctx, queue, std::move(leased.items), taken));
    if (taken.messages.empty() && count > 0) continue;  // all of them were dead letters or too old
    if (count > 0) {
      // Those who wait need to know when these come back; and what is left is for the next of them.
      ArrivesAt(queue->name.Key(), loop_->WallNow() + hidden);
      if (store_->Counts(storage).ready() > 0) Arrived(queue->name.Key(), 1);
    }
    co_return Result<>();
  }
}

Task<Result<>> Queues::Sort(Context& ctx, const QueuePointer& queue, std::vector<store::QueueItem> items, IncomingMessages& taken) {
  const WallTime oldest = loop_->WallNow() - std::chrono::seconds(queue->message_retention_period);
  QueuePointer dead_letters;
  if (queue->redrive) {
    if (const auto target = ParseQueueArn(queue->redrive->target_arn)) dead_letters = Find(*target);
  }
  store::Batch batch;
  const std::string storage = queue->Storage();
  size_t dead = 0;
  const int64_t received_seconds = ToEpochMillis(loop_->WallNow()) / 1000;
  for (store::QueueItem& item : items) {
    auto stored = DecodeMessage(item.payload);
    if (!stored) {
      log::Error("message {} of {}: {}", item.id, queue->name.Arn(), stored.error().ToString());
      batch.Acknowledge(storage, item.id);
      continue;
    }
    if (FromMillis(stored->message.sent_epoch_millis) <= oldest) {
      batch.Acknowledge(storage, item.id);
      continue;
    }
    const int64_t first = stored->first_received_millis != 0 ? stored->first_received_millis : ToEpochMillis(item.first_leased_at);
    if (queue->fifo) stored->message.sequence_number = SequenceNumberOf(item.id);
    if (dead_letters && item.attempts > queue->redrive->max_receive_count) {
      stored->earlier_receives += item.attempts - 1;
      stored->first_received_millis = first;
      stored->message.dead_letter_source_arn = queue->name.Arn();
      if (queue->fifo) stored->message.sent_epoch_millis = ToEpochMillis(loop_->WallNow());
      batch.Acknowledge(storage, item.id);
      Transfer(batch, *dead_letters, std::move(*stored));
      ++dead;
      continue;
    }
    const int64_t count = stored->earlier_receives + item.attempts;
    taken.messages.push_back({.stored = std::move(*stored), .receipt = {item.id, item.attempts, received_seconds}, .receive_count = count, .first_received_millis = first});
  }
  if (batch.steps().empty()) co_return Result<>();
  if (auto committed = co_await store_->Commit(ctx, std::move(batch)); !committed) {
    // They stay hidden for a while, and are sorted again then; none of a group overtakes them meanwhile.
    if (taken.messages.empty() || queue->fifo) co_return Fail(std::move(committed).error());
    log::Warning("dead letters of {}: {}", queue->name.Arn(), committed.error().ToString());
    co_return Result<>();
  }
  if (dead > 0) Arrived(dead_letters->name.Key(), dead);
  co_return Result<>();
}

Task<Result<size_t>> Queues::Move(Context& ctx, const QueuePointer& source, const QueuePointer& target, size_t count, MoveChange change) {
  const std::string storage = source->Storage();
  const store::LeaseWish wish{.count = count, .lease = kMoveLease, .bytes_max = kMoveBytesMax, .leased_max = INT64_MAX, .as_of = {}, .grouped = source->fifo};
  MF_CO_TRY(const auto leased, co_await store_->Lease(ctx, storage, wish));
  auto moved = co_await MoveLeased(ctx, storage, target, leased.items, change);
  if (moved) co_return leased.items.size();
  std::vector<store::LeaseChange> back;
  for (const store::QueueItem& item : leased.items) back.push_back({item.id, item.attempts, loop_->WallNow()});
  (void)co_await store_->ChangeLeases(ctx, storage, std::move(back));  // they come back by themselves otherwise
  co_return Fail(std::move(moved).error());
}

Task<Result<>> Queues::MoveLeased(Context& ctx, const std::string& storage, const QueuePointer& target, const std::vector<store::QueueItem>& items,
                                  const MoveChange& change) {
  resources::Change commit(tables_);
  std::map<std::string, size_t> arrivals;
  for (const store::QueueItem& item : items) {
    commit.batch().Acknowledge(storage, item.id);
    auto stored = DecodeMessage(item.payload);
    if (!stored) continue;
    QueuePointer to = target;
    if (!to) {
      const auto origin = ParseQueueArn(stored->message.dead_letter_source_arn);
      to = origin ? Find(*origin) : nullptr;
    }
    if (!to) co_return Fail(QueueDoesNotExist());
    StoredMessage moved;
    moved.message = std::move(stored->message);
    moved.message.message_id = random_->Uuid();
    moved.message.sent_epoch_millis = ToEpochMillis(loop_->WallNow());
    moved.message.dead_letter_source_arn.clear();
    Transfer(commit.batch(), *to, std::move(moved));
    ++arrivals[to->name.Key()];
  }
  MF_CO_TRY_VOID(change(commit, items.size()));
  MF_CO_TRY_VOID(co_await commit.Commit(ctx));
  for (const auto& [key, arrived] : arrivals) Arrived(key, arrived);
  co_return Result<>();
}

void Queues::Transfer(store::Batch& batch, const Queue& to, StoredMessage message) const {
  if (!to.fifo) {
    batch.Append(to.Storage(), EncodeMessage(message), loop_->WallNow());
    return;
  }
  store::GroupedItem place = PlaceOf(to, message.message, loop_->WallNow());
  place.once_key.clear();  // what is moved is never lost to a message of the same id
  batch.AppendGrouped(to.Storage(), EncodeMessage(message), loop_->WallNow(), std::move(place));
}

Task<Result<std::vector<store::LeaseOutcome>>> Queues::DeleteHeld(Context& ctx, const QueuePointer& queue, const std::vector<Receipt>& receipts) {
  std::vector<store::LeaseChange> changes;
  for (const Receipt& receipt : receipts) {
    attempts_.ForgetWith(receipt.item);
    changes.push_back({.id = receipt.item, .attempt = receipt.attempt, .until = {}, .remove = true});
  }
  auto outcomes = co_await store_->ChangeLeases(ctx, queue->Storage(), std::move(changes));
  if (outcomes) Arrived(queue->name.Key(), receipts.size());  // what stood behind them in their groups
  co_return outcomes;
}

Task<Result<std::vector<store::LeaseOutcome>>> Queues::DeleteMessages(Context& ctx, QueuePointer queue, std::vector<Receipt> receipts) {
  if (receipts.empty()) co_return std::vector<store::LeaseOutcome>();
  if (queue->fifo) co_return co_await DeleteHeld(ctx, queue, receipts);
  const std::string storage = queue->Storage();
  store::Batch batch;
  for (const Receipt& receipt : receipts) batch.Acknowledge(storage, receipt.item);
  MF_CO_TRY_VOID(co_await store_->Commit(ctx, std::move(batch)));
  co_return std::vector<store::LeaseOutcome>(receipts.size(), store::LeaseOutcome::Changed);
}

Task<Result<IncomingMessages>> Queues::Repeat(Context& ctx, const QueuePointer& queue, const ReceiveOptions& options) {
  const std::string key = AttemptKey(*queue, options);
  IncomingMessages again;
  again.messages = attempts_.Find(key, loop_->Now());
  if (again.messages.empty()) co_return again;
  const Duration hidden = std::chrono::seconds(options.visibility_timeout);
  again.hidden_until = loop_->Now() + hidden;
  std::vector<store::LeaseChange> changes;
  for (const IncomingMessage& message : again.messages) changes.push_back({message.receipt.item, message.receipt.attempt, loop_->WallNow() + hidden});
  MF_CO_TRY(const auto outcomes, co_await store_->ChangeLeases(ctx, queue->Storage(), std::move(changes)));
  if (std::ranges::count(outcomes, store::LeaseOutcome::Changed) == static_cast<int64_t>(outcomes.size())) co_return again;
  attempts_.Forget(key);
  co_return IncomingMessages();
}

Task<Result<std::vector<store::LeaseOutcome>>> Queues::ChangeVisibility(Context& ctx, QueuePointer queue, std::vector<Visibility> changes) {
  const WallTime now = loop_->WallNow();
  std::vector<store::LeaseChange> leases;
  std::optional<WallTime> first;
  size_t visible = 0;
  for (const Visibility& change : changes) {
    const WallTime until = now + std::chrono::seconds(change.seconds);
    leases.push_back({change.receipt.item, change.receipt.attempt, until});
    if (queue->fifo) attempts_.ForgetWith(change.receipt.item);
    if (change.seconds <= 0) {
      ++visible;
    } else if (!first || until < *first) {
      first = until;
    }
  }
  MF_CO_TRY(auto changed, co_await store_->ChangeLeases(ctx, queue->Storage(), std::move(leases)));
  if (visible > 0) Arrived(queue->name.Key(), visible);
  if (first) ArrivesAt(queue->name.Key(), *first);
  co_return changed;
}

Task<Result<>> Queues::Wait(Context& ctx, Live& live, TimePoint until) {
  Waiter waiter(*this, live);
  Context limited = InTimeOf(*loop_, ctx).WithDeadline(until);
  const auto waited = co_await waiter.event.Wait(limited);
  waiter.used = true;
  if (!waited && waited.error().code == "Cancelled") {
    waiter.used = false;
    co_return waited;
  }
  if (!waited && ctx.deadline <= ctx.loop->Now()) {
    waiter.used = false;
    co_return waited;
  }
  co_return Result<>();
}

void Queues::WakeOne(Live& live) {
  if (live.waiters.empty()) return;
  Waiter* first = live.waiters.front();
  live.waiters.pop_front();
  MF_ASSERT(!first->woken && &first->live == &live);
  first->woken = true;
  first->event.Set();
}

void Queues::Arrived(const std::string& key, size_t count) {
  const auto found = live_.find(key);
  if (found == live_.end()) return;
  ++found->second.arrivals;
  for (; count > 0 && !found->second.waiters.empty(); --count) WakeOne(found->second);
}

void Queues::ArrivesAt(const std::string& key, WallTime due) {
  const auto found = live_.find(key);
  if (found == live_.end()) return;
  const Duration delay = std::clamp<Duration>(due - loop_->WallNow(), std::chrono::milliseconds(1), std::chrono::hours(13));
  SetTimer(key, found->second, loop_->Now() + delay);
}

void Queues::SetTimer(const std::string& key, Live& live, TimePoint when) {
  if (live.timer != 0 && live.timer_at <= when) return;
  loop_->CancelTimer(live.timer);
  live.timer_at = when;
  live.timer = loop_->CallAt(when, [this, key] {
    const auto found = live_.find(key);
    if (found == live_.end()) return;
    found->second.timer = 0;
    found->second.timer_at = TimePoint::max();
    Arrived(key, 1);
  });
}

}  // namespace mayfly::sqs
