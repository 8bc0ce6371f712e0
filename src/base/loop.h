// Loop: the strand on which tasks run. One thread runs a loop; everything below happens on that thread unless a method
// says otherwise. RealLoop (real_loop.h) waits in the kernel, SimLoop (sim_loop.h) jumps on a virtual clock.
#pragma once

#include <coroutine>
#include <cstdint>
#include <functional>

#include "base/clock.h"
#include "base/task.h"

namespace mayfly {

class Loop : public Clock {
 public:
  using Callback = std::move_only_function<void()>;
  // Never 0 for a timer that was set.
  using TimerId = uint64_t;

  // Runs `callback` on the loop's thread, after what is running now, in the order of the calls.
  virtual void Post(Callback callback) = 0;
  // The same, from any thread.
  virtual void PostFromAnyThread(Callback callback) = 0;
  // Runs `callback` at `when` (at once if that has passed). Timers of one instant run in the order in which they were set.
  virtual TimerId CallAt(TimePoint when, Callback callback) = 0;
  // Forgets a timer. Not an error: one that has run, or 0.
  virtual void CancelTimer(TimerId timer) = 0;

  TimerId CallAfter(Duration delay, Callback callback) { return CallAt(Now() + delay, std::move(callback)); }

  // co_await loop.Yield(): lets everything that is ready run first.
  auto Yield() {
    struct Awaiter {
      Loop* loop;
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> handle) const {
        loop->Post([handle] { handle.resume(); });
      }
      void await_resume() const noexcept {}
    };
    return Awaiter{this};
  }
};

}  // namespace mayfly
