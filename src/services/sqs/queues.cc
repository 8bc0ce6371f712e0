#include "services/sqs/queues.h"

#include <fmt/format.h>

#include "base/log.h"
#include "services/sqs/errors.h"

namespace mayfly::sqs {
namespace {

constexpr std::string_view kSettings = "settings";
constexpr std::string_view kHandleKey = "receipt-handle-key";
constexpr int kHandleKeyBytes = 32;
constexpr size_t kDiscardAtOnce = 2'000;

Error NoSuchQueue(std::string_view) { return QueueDoesNotExist(); }

}  // namespace

Queues::Queues(Loop& loop, store::Store& store, Random& random, QueuesOptions options)
    : loop_(&loop), store_(&store), random_(&random), options_(options), tables_(store), table_(tables_, "queues", {.owners = {}, .errors = {.missing = &NoSuchQueue}}), sweep_now_(loop), background_(loop) {}

Task<Result<>> Queues::Open(Context& ctx) {
  MF_CO_TRY_VOID(co_await tables_.Open(ctx));
  MF_CO_TRY(auto row, co_await store_->Get(ctx, kSettings, kHandleKey));
  if (!row) {
    const std::string key = random_->Hex(kHandleKeyBytes);
    MF_CO_TRY_VOID(co_await store_->Commit(ctx, store::Batch().Put(kSettings, kHandleKey, key)));
    row = store::Row{.key = std::string(kHandleKey), .value = key};
  }
  handles_.emplace(row->value);
  background_.Spawn(SweepForEver());
  co_return Result<>();
}

void Queues::EndWaits() {
  waits_end_ = true;
  for (auto& [key, live] : live_) Arrived(key, live.waiters.size());
}

Task<> Queues::Stop() {
  background_.Stop();
  co_await background_.Join();
}

Task<Result<>> Queues::Reset(Context& ctx) {
  MF_CO_TRY_VOID(co_await store_->Clear(ctx));
  deleted_.clear();
  for (auto& [key, live] : live_) Arrived(key, live.waiters.size());
  MF_CO_TRY_VOID(co_await store_->Commit(ctx, store::Batch().Put(kSettings, kHandleKey, handles_->key())));
  co_return Result<>();
}

bool Queues::IsResting(const std::string& key) {
  std::erase_if(deleted_, [&](const auto& entry) { return entry.second <= loop_->Now(); });
  return deleted_.contains(key);
}

Task<Result<>> Queues::Create(Context& ctx, Queue queue, Check accepts) {
  const std::string key = queue.name.Key();
  queue.id = random_->Hex(8);
  const auto create = [&](resources::Change& change, const QueuePointer& existing) -> Result<> {
    if (existing) return accepts(*existing);
    if (IsResting(key)) {
      return Fail(Error::Service("QueueDeletedRecently", "You must wait 60 seconds after deleting a queue before you can create another with the same name."));
    }
    return change.Create(table_, key, queue);
  };
  co_return co_await resources::EditWith(ctx, table_, key, create);
}

Task<Result<>> Queues::Delete(Context& ctx, QueueName name) {
  const std::string key = name.Key();
  MF_CO_TRY_VOID(co_await resources::Remove(ctx, table_, key));
  if (options_.name_rest > Duration::zero()) deleted_[key] = loop_->Now() + options_.name_rest;
  if (const auto live = live_.find(key); live != live_.end()) Arrived(key, live->second.waiters.size());
  sweep_now_.Pulse();
  co_return Result<>();
}

Task<Result<>> Queues::Purge(Context& ctx, QueueName name) {
  const auto purge = [this](Queue& queue) -> Result<> {
    const int64_t now = ToEpochMillis(loop_->WallNow()) / 1000;
    if (queue.purged_seconds != 0 && now >= queue.purged_seconds && now - queue.purged_seconds < 60) {
      return Fail(Error::Service("PurgeQueueInProgress",
                                 fmt::format("Only one PurgeQueue operation on {} is allowed every 60 seconds.", queue.name.name)));
    }
    ++queue.generation;
    queue.purged_seconds = now;
    return {};
  };
  MF_CO_TRY_VOID(co_await Edit(ctx, name, purge));
  sweep_now_.Pulse();
  co_return Result<>();
}

Task<> Queues::SweepForEver() {
  Context ctx(*loop_);
  ctx.stop = background_.stop_token();
  while (!ctx.stop.stop_requested()) {
    if (auto swept = co_await Sweep(ctx); !swept && swept.error().kind == Error::Kind::Fault) {
      log::Warning("remove old messages: {}", swept.error().ToString());
    }
    Context until = ctx.WithDeadline(loop_->Now() + options_.sweep_every);
    (void)co_await sweep_now_.Wait(until);
  }
}

// What no queue has any more, and what is older than its queue keeps it. A message that is due so long ago was sent before;
// one that was received since is looked at when it is received again.
Task<Result<>> Queues::Sweep(Context& ctx) {
  for (const std::string& storage : store_->QueueNames()) {
    if (ctx.stop.stop_requested()) co_return Result<>();
    const auto parts = storage.find('#') == std::string::npos ? std::string() : storage.substr(0, storage.rfind('/'));
    const QueuePointer queue = table_.Find(parts);
    const bool lives = queue && queue->Storage() == storage;
    const WallTime before = lives ? loop_->WallNow() - std::chrono::seconds(queue->message_retention_period) : WallTime::max();
    if (lives) {
      MF_CO_TRY(const auto first, co_await store_->NextDue(ctx, storage));
      if (!first || *first >= before) continue;
    }
    for (;;) {
      MF_CO_TRY(const size_t removed, co_await store_->Discard(ctx, storage, kDiscardAtOnce, before));
      if (removed < kDiscardAtOnce) break;
      co_await loop_->Yield();
    }
  }
  co_return Result<>();
}

}  // namespace mayfly::sqs
