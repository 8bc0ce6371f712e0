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

StartQueue::Place::Place(StartQueue& queue) : queue_(&queue) {
  timer_ = queue.loop_->CallAfter(queue.options_.hold_max, [this] {
    timer_ = 0;
    Leave();
  });
}

StartQueue::Place::~Place() { Leave(); }

void StartQueue::Place::Leave() {
  if (!queue_) return;
  StartQueue* queue = std::exchange(queue_, nullptr);
  queue->loop_->CancelTimer(timer_);
  queue->Free();
}

Task<Result<std::unique_ptr<StartQueue::Place>>> StartQueue::Take(Context& ctx, const std::string& function) {
  if (free_ == 0) {
    Waiter waiter(*this, function);
    Line& line = lines_[function];
    if (line.empty()) turns_.push_back(function);
    line.push_back(&waiter);
    ++waiting_;
    auto granted = co_await waiter.granted.Wait(ctx);
    if (!waiter.has_place) co_return Fail(std::move(granted).error());
    waiter.has_place = false;
  } else {
    --free_;
  }
  co_return std::make_unique<Place>(*this);
}

// The place goes to the next function that waits, if there is one.
void StartQueue::Free() {
  if (turns_.empty()) {
    ++free_;
    return;
  }
  const std::string function = std::move(turns_.front());
  turns_.pop_front();
  const auto line = lines_.find(function);
  Waiter* waiter = line->second.front();
  line->second.pop_front();
  if (line->second.empty()) lines_.erase(line);
  else turns_.push_back(function);
  --waiting_;
  waiter->waits = false;
  waiter->has_place = true;
  waiter->granted.Set();
}

void StartQueue::Leave(Waiter& waiter) {
  if (waiter.has_place) return Free();
  if (!waiter.waits) return;
  --waiting_;
  const auto line = lines_.find(waiter.function);
  line->second.remove(&waiter);
  if (!line->second.empty()) return;
  lines_.erase(line);
  turns_.remove(waiter.function);
}

}  // namespace mayfly::runtime
