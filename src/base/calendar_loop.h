// CalendarLoop: the loop of what follows the calendar. Its clock can be moved forward (POST /_mayfly/clock), so that a test of a
// day of retries need not wait for a day. It runs on another loop and shares its strand; as long as nobody moves it, both are alike.
//
// The rule that keeps the two times apart: a TimePoint belongs to the loop that gave it, and a Context's deadline to the
// Context's loop. mayflyd decides who gets which loop:
//   moves          events (retries, back-off, age), queues (visibility, delay, retention, waits for messages), pollers of mappings
//                  (windows, ramps, back-off), scaling (periods, cool-downs, schedules), dates that clients see
//   does not move  the kernel's and sockets' time limits, limits of Init, Invoke and Shutdown, freezing and ending idle environments,
//                  functions' own clocks and credentials, signatures' dates, rates of requests, log lines
// A moved clock is not remembered: a daemon that starts again has the machine's time, and what it finds dated later waits for it.
#pragma once

#include "base/context.h"
#include "base/timer_queue.h"

namespace mayfly {

class CalendarLoop final : public Loop {
 public:
  // `real` outlives this loop.
  explicit CalendarLoop(Loop& real) : real_(&real) {}
  ~CalendarLoop() override { real_->CancelTimer(alarm_); }
  CalendarLoop(const CalendarLoop&) = delete;
  CalendarLoop& operator=(const CalendarLoop&) = delete;

  TimePoint Now() const override { return real_->Now() + advanced_; }
  WallTime WallNow() const override { return real_->WallNow() + advanced_; }
  void Post(Callback callback) override { real_->Post(std::move(callback)); }
  void PostFromAnyThread(Callback callback) override { real_->PostFromAnyThread(std::move(callback)); }
  TimerId CallAt(TimePoint when, Callback callback) override;
  void CancelTimer(TimerId timer) override { timers_.Cancel(timer); }

  // Moves the clock forward. Timers that are due then run after what is running now, in the order of their times; each of them
  // sees the new time, so what one of them sets anew waits for another move.
  void Advance(Duration by);
  // How far it has been moved in all.
  Duration advanced() const { return advanced_; }

 private:
  void Arm();
  void RunDue();

  Loop* real_;
  Duration advanced_{};
  TimerQueue timers_;
  // The one timer of `real_`, set to the earliest of ours. A cancelled one lets it ring for nothing.
  TimerId alarm_ = 0;
  TimePoint alarm_at_ = TimePoint::max();
};

// `ctx` for those who measure time by `loop`, of the same strand: its deadline is as far away there.
Context InTimeOf(Loop& loop, const Context& ctx);

}  // namespace mayfly
