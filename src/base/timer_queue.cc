#include "base/timer_queue.h"

namespace mayfly {

Loop::TimerId TimerQueue::Add(TimePoint when, Loop::Callback callback) {
  MF_ASSERT(callback);
  const Loop::TimerId id = ++last_;
  timers_.emplace(std::pair(when, id), std::move(callback));
  times_.emplace(id, when);
  return id;
}

void TimerQueue::Cancel(Loop::TimerId timer) {
  const auto found = times_.find(timer);
  if (found == times_.end()) return;
  timers_.erase({found->second, timer});
  times_.erase(found);
}

Loop::Callback TimerQueue::TakeDue(TimePoint now) {
  if (timers_.empty() || earliest() > now) return {};
  auto node = timers_.extract(timers_.begin());
  times_.erase(node.key().second);
  MF_ASSERT(node.mapped() && times_.size() == timers_.size());
  return std::move(node.mapped());
}

}  // namespace mayfly
