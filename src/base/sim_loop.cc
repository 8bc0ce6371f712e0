#include "base/sim_loop.h"

#include "base/task_scope.h"

namespace mayfly {

SimLoop::SimLoop(WallTime wall_start) : wall_start_(wall_start) {}

Loop::TimerId SimLoop::CallAt(TimePoint when, Callback callback) {
  const TimerId id = ++last_timer_;
  timers_.emplace(std::pair(when, id), std::move(callback));
  timer_times_.emplace(id, when);
  return id;
}

void SimLoop::CancelTimer(TimerId timer) {
  const auto found = timer_times_.find(timer);
  if (found == timer_times_.end()) return;
  timers_.erase({found->second, timer});
  timer_times_.erase(found);
}

bool SimLoop::Step(TimePoint until) {
  if (!ready_.empty()) {
    Callback callback = std::move(ready_.front());
    ready_.pop_front();
    callback();
    return true;
  }
  if (timers_.empty() || timers_.begin()->first.first > until) return false;
  auto node = timers_.extract(timers_.begin());
  timer_times_.erase(node.key().second);
  now_ = std::max(now_, node.key().first);
  node.mapped()();
  return true;
}

bool SimLoop::RunUntilIdle(size_t steps_max) {
  for (size_t step = 0; step < steps_max; ++step) {
    if (!Step(TimePoint::max())) return true;
  }
  return false;
}

void SimLoop::RunUntil(TimePoint until) {
  while (Step(until)) {
  }
  now_ = std::max(now_, until);
}

void SimLoop::RunVoid(Task<> task) {
  TaskScope scope(*this);
  scope.Spawn(std::move(task));
  while (scope.size() > 0 && Step(TimePoint::max())) {
  }
  MF_ASSERT(scope.size() == 0);
}

}  // namespace mayfly
