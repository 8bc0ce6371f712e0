#include "base/calendar_loop.h"

namespace mayfly {

Loop::TimerId CalendarLoop::CallAt(TimePoint when, Callback callback) {
  const TimerId id = timers_.Add(when, std::move(callback));
  Arm();
  return id;
}

void CalendarLoop::Advance(Duration by) {
  MF_ASSERT(by >= Duration::zero());
  advanced_ += by;
  alarm_at_ = TimePoint::max();
  Arm();
}

void CalendarLoop::Arm() {
  if (timers_.earliest() >= alarm_at_) return;
  real_->CancelTimer(alarm_);
  alarm_at_ = timers_.earliest();
  alarm_ = real_->CallAt(alarm_at_ - advanced_, [this] {
    alarm_ = 0;
    alarm_at_ = TimePoint::max();
    RunDue();
  });
}

void CalendarLoop::RunDue() {
  const TimePoint now = Now();
  while (Callback callback = timers_.TakeDue(now)) callback();
  Arm();
}

Context InTimeOf(Loop& loop, const Context& ctx) {
  Context child = ctx;
  child.loop = &loop;
  if (ctx.deadline != TimePoint::max()) child.deadline = loop.Now() + (ctx.deadline - ctx.loop->Now());
  return child;
}

}  // namespace mayfly
