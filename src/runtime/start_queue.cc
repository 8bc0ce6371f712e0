#include "runtime/start_queue.h"

namespace mayfly::runtime {

struct StartQueue::Waiter {
  Waiter(StartQueue& queue, std::string function) : queue(&queue), function(std::move(function)), granted(*queue.loop_) {}
  ~Waiter() { queue->Leave(*this); }
  StartQueue* queue;
  std::string function;
  Event granted;
  bool waits = true;
  bool has_place = false;
};

StartQueue::Place::Place(StartQueue& queue) : queue_(&queue) { Wait(); }

void StartQueue::Place::Wait() {
  timer_ = queue_->loop_->CallAfter(queue_->options_.look_every, [this] {
    timer_ = 0;
    Check();
  });
}

// With all places at work a start gets its share of the processors, which is far above this one. Several looks, because the kernel may
// not count for it from the first moment (on cgroup v1 its process joins the group a little later).
void StartQueue::Place::Check() {
  constexpr int kIdleShare = 50, kIdleLooksMax = 4;
  const Duration used = meter_ ? meter_() : Duration();
  const bool works = used - std::exchange(used_, used) >= queue_->options_.look_every / kIdleShare;
  idle_looks_ = works || !meter_ ? 0 : idle_looks_ + 1;
  if (idle_looks_ == kIdleLooksMax) return Leave();
  Wait();
}

StartQueue::Place::~Place() { Leave(); }

void StartQueue::Place::Leave() {
  if (!queue_) return;
  StartQueue* queue = std::exchange(queue_, nullptr);
  if (timer_) queue->loop_->CancelTimer(timer_);
  queue->Free();
}

Task<Result<std::unique_ptr<StartQueue::Place>>> StartQueue::Take(Context& ctx, const std::string& function) {
  strand_.Check();
  if (free_ == 0) {
    Waiter waiter(*this, function);
    Line& line = lines_[function];
    if (line.empty()) turns_.push_back(function);
    line.push_back(&waiter);
    ++waiting_;
    auto granted = co_await waiter.granted.Wait(ctx);
    MF_ASSERT(!waiter.has_place || waiter.granted.IsSet());
    if (!waiter.has_place) co_return Fail(std::move(granted).error());
    waiter.has_place = false;
  } else {
    --free_;
  }
  co_return std::make_unique<Place>(*this);
}

// The place goes to the next function that waits, if there is one.
void StartQueue::Free() {
  strand_.Check();
  if (turns_.empty()) {
    ++free_;
    return;
  }
  const std::string function = std::move(turns_.front());
  turns_.pop_front();
  const auto line = lines_.find(function);
  MF_ASSERT(line != lines_.end() && !line->second.empty());
  Waiter* waiter = line->second.front();
  line->second.pop_front();
  if (line->second.empty()) lines_.erase(line);
  else turns_.push_back(function);
  MF_ASSERT(waiting_ > 0 && waiter->waits && !waiter->has_place);
  --waiting_;
  waiter->waits = false;
  waiter->has_place = true;
  waiter->granted.Set();
}

void StartQueue::Leave(Waiter& waiter) {
  if (waiter.has_place) return Free();
  if (!waiter.waits) return;
  MF_ASSERT(waiting_ > 0);
  --waiting_;
  const auto line = lines_.find(waiter.function);
  MF_ASSERT(line != lines_.end());
  line->second.remove(&waiter);
  if (!line->second.empty()) return;
  lines_.erase(line);
  turns_.remove(waiter.function);
}

}  // namespace mayfly::runtime
