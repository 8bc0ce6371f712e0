#include "base/sim_loop.h"

#include "base/task_scope.h"

namespace mayfly {

SimLoop::SimLoop(WallTime wall_start) : wall_start_(wall_start) {}

bool SimLoop::Step(TimePoint until) {
  if (!ready_.empty()) {
    Callback callback = std::move(ready_.front());
    ready_.pop_front();
    callback();
    return true;
  }
  if (timers_.size() == 0 || timers_.earliest() > until) return false;
  now_ = std::max(now_, timers_.earliest());
  timers_.TakeDue(now_)();
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
