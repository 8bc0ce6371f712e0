#include "sources/queue_deletes.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"

namespace mayfly::sources {
namespace {

// A group that would be smaller than this waits a moment for more: nobody waits for it, and every commit costs as much.
constexpr size_t kGroupMin = 256;
constexpr Duration kGatherFor = std::chrono::milliseconds(2);
constexpr Duration kRetryMin = std::chrono::milliseconds(100);
constexpr Duration kRetryMax = std::chrono::seconds(10);
constexpr Duration kRetryFor = std::chrono::minutes(1);

}  // namespace

QueueDeletes::QueueDeletes(Loop& loop, QueueSource& queues, std::string queue_arn, size_t waiting_max,
                           std::function<void(size_t)> on_deleted)
    : loop_(&loop), queues_(&queues), queue_arn_(std::move(queue_arn)), waiting_max_(waiting_max), on_deleted_(std::move(on_deleted)),
      room_(loop), done_(loop), tasks_(loop) {}

void QueueDeletes::Add(std::vector<std::string> receipt_handles, Reason reason) {
  if (receipt_handles.empty()) return;
  if (reason == Reason::Processed) processed_ += receipt_handles.size();
  if (handles_.empty()) {
    handles_ = std::move(receipt_handles);
  } else {
    handles_.insert(handles_.end(), std::make_move_iterator(receipt_handles.begin()), std::make_move_iterator(receipt_handles.end()));
  }
  if (!std::exchange(running_, true)) tasks_.Spawn(Run());
}

Task<bool> QueueDeletes::AwaitRoom(Context& ctx) {
  while (!HasRoom()) {
    if (!co_await room_.Wait(ctx) && ctx.stop.stop_requested()) co_return false;
  }
  co_return true;
}

Task<> QueueDeletes::Run() {
  Context ctx(*loop_);
  ctx.stop = tasks_.stop_token();
  co_await loop_->Yield();  // batches that end now go into the first group too
  while (!handles_.empty()) {
    Group group{std::exchange(handles_, {}), std::exchange(processed_, 0)};
    room_.Pulse();
    co_await Delete(ctx, std::move(group));
    if (!handles_.empty() && handles_.size() < kGroupMin) co_await Sleep(ctx, kGatherFor);
  }
  running_ = false;
  done_.Pulse();
}

Task<> QueueDeletes::Delete(Context& ctx, Group group) {
  const TimePoint until = loop_->Now() + kRetryFor;
  for (Duration wait = kRetryMin;; wait = std::min(wait * 2, kRetryMax)) {
    Context unstopped(*loop_);
    auto deleted = co_await queues_->Delete(unstopped, queue_arn_, group.handles);
    if (deleted) {
      if (group.processed > 0) on_deleted_(group.processed);
      co_return;
    }
    if (deleted.error().kind != Error::Kind::Fault) co_return;  // the queue is gone, and its messages with it
    if (loop_->Now() >= until || !co_await Sleep(ctx, wait)) {
      co_return log::Error("delete {} processed messages of {}: {}", group.handles.size(), queue_arn_, deleted.error().ToString());
    }
  }
}

Task<> QueueDeletes::Stop() {
  tasks_.Stop();
  co_await tasks_.Join();
}

}  // namespace mayfly::sources
