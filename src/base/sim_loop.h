// SimLoop: a loop on a virtual clock. RunUntilIdle() runs everything that is ready, then jumps to the next timer: a day
// of retries takes milliseconds, and the same seed gives the same run. One thread; PostFromAnyThread is Post.
#pragma once

#include <deque>

#include "base/timer_queue.h"

namespace mayfly {

class SimLoop final : public Loop {
 public:
  // The wall clock starts at `wall_start` (default 2026-01-01T00:00:00Z).
  explicit SimLoop(WallTime wall_start = WallTime(std::chrono::seconds(1767225600)));

  TimePoint Now() const override { return now_; }
  WallTime WallNow() const override { return wall_start_ + now_.time_since_epoch(); }
  void Post(Callback callback) override { ready_.push_back(std::move(callback)); }
  void PostFromAnyThread(Callback callback) override { Post(std::move(callback)); }
  TimerId CallAt(TimePoint when, Callback callback) override { return timers_.Add(when, std::move(callback)); }
  void CancelTimer(TimerId timer) override { timers_.Cancel(timer); }

  // Until nothing is ready and no timer is set; at most `steps_max` callbacks (a bug guard), false when that was reached.
  bool RunUntilIdle(size_t steps_max = 50'000'000);
  // Everything up to and including `until`; the clock then stands at `until`.
  void RunUntil(TimePoint until);
  void RunFor(Duration duration) { RunUntil(now_ + duration); }
  // Runs `task` to its end and gives its value. A task that can never end is a bug.
  template <typename T>
  T Run(Task<T> task) {
    std::optional<T> value;
    auto driver = [](Task<T> inner, std::optional<T>& out) -> Task<> { out.emplace(co_await std::move(inner)); };
    RunVoid(driver(std::move(task), value));
    MF_ASSERT(value.has_value());
    return std::move(*value);
  }
  void RunVoid(Task<> task);
  size_t timers() const { return timers_.size(); }

 private:
  bool Step(TimePoint until);

  WallTime wall_start_;
  TimePoint now_{};
  std::deque<Callback> ready_;
  TimerQueue timers_;
};

}  // namespace mayfly
