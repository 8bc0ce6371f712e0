// TimerQueue: the timers of one loop, by time; those of one instant in the order in which they were set. One strand.
#pragma once

#include <map>
#include <unordered_map>

#include "base/loop.h"

namespace mayfly {

class TimerQueue {
 public:
  // Never 0.
  Loop::TimerId Add(TimePoint when, Loop::Callback callback);
  // Not an error: a timer that was taken, or 0.
  void Cancel(Loop::TimerId timer);
  // When the first timer is due; TimePoint::max() when there is none.
  TimePoint earliest() const { return timers_.empty() ? TimePoint::max() : timers_.begin()->first.first; }
  // Removes the first timer and gives its callback; an empty one when none is due at `now`.
  Loop::Callback TakeDue(TimePoint now);
  size_t size() const { return timers_.size(); }

 private:
  std::map<std::pair<TimePoint, Loop::TimerId>, Loop::Callback> timers_;
  std::unordered_map<Loop::TimerId, TimePoint> times_;
  Loop::TimerId last_ = 0;
};

}  // namespace mayfly
