#include "base/event.h"

#include <functional>

namespace mayfly {

// Lives in the frame of the waiting task. `this` may be destroyed with the frame at any time, so everything that could
// still call it (list entry, timer, stop callback, posted resume) is undone by the destructor.
struct Event::Waiter {
  // `until` is a time of `clock`: a caller's deadline is one of the caller's loop.
  Waiter(Event& event, Loop& clock, TimePoint until, const std::stop_token* stop) : event(event), clock(clock), until(until), stop(stop) {}
  ~Waiter() { Detach(); }

  bool await_ready() {
    if (event.set_) return wake = Wake::Set, true;
    if (stop && stop->stop_requested()) return wake = Wake::Stop, true;
    if (until <= clock.Now()) return wake = Wake::Deadline, true;
    return false;
  }
  void await_suspend(std::coroutine_handle<> awaiting) {
    MF_ASSERT(awaiting && !listed && wake == Wake::None);
    handle = awaiting;
    position = event.waiters_.insert(event.waiters_.end(), this);
    listed = true;
    if (until != TimePoint::max()) {
      timer = clock.CallAt(until, [this] {
        timer = 0;
        Fire(Wake::Deadline);
      });
    }
    if (stop && stop->stop_possible()) stop_callback.emplace(*stop, [this] { Fire(Wake::Stop); });
  }
  Wake await_resume() const { return wake; }

  void Fire(Wake reason) {
    if (wake != Wake::None) return;
    wake = reason;
    Unlist();
    alive = std::make_shared<bool>(true);
    event.loop_->Post([this, alive = std::weak_ptr<bool>(alive)] {
      if (alive.expired()) return;
      MF_ASSERT(handle && !listed);
      Detach();
      handle.resume();
    });
  }
  void Unlist() {
    if (listed) event.waiters_.erase(position);
    listed = false;
  }
  void Detach() {
    Unlist();
    if (timer) clock.CancelTimer(timer);
    timer = 0;
    stop_callback.reset();
    alive.reset();
  }

  Event& event;
  Loop& clock;
  TimePoint until;
  const std::stop_token* stop;
  std::coroutine_handle<> handle;
  std::list<Waiter*>::iterator position;
  bool listed = false;
  Wake wake = Wake::None;
  Loop::TimerId timer = 0;
  std::optional<std::stop_callback<std::function<void()>>> stop_callback;
  std::shared_ptr<bool> alive;
};

void Event::Set() {
  set_ = true;
  WakeAll();
}

void Event::Pulse() { WakeAll(); }

void Event::WakeAll() {
  while (!waiters_.empty()) waiters_.front()->Fire(Wake::Set);
}

Task<Event::Wake> Event::WaitFor(TimePoint until, const std::stop_token* stop) {
  Waiter waiter(*this, *loop_, until, stop);
  co_return co_await waiter;
}

Task<> Event::Wait() { co_await WaitFor(TimePoint::max(), nullptr); }

Task<Result<>> Event::Wait(Context& ctx) {
  Waiter waiter(*this, *ctx.loop, ctx.deadline, &ctx.stop);
  switch (co_await waiter) {
    case Wake::Deadline: co_return Fail(Error::Cancelled("DeadlineExceeded"));
    case Wake::Stop: co_return Fail(Error::Cancelled());
    default: co_return Result<>();
  }
}

Task<bool> Event::WaitUntil(TimePoint until) { co_return co_await WaitFor(until, nullptr) == Wake::Set; }

Task<Result<>> Sleep(Context& ctx, Duration duration) {
  Event never(*ctx.loop);
  const TimePoint wake_at = ctx.loop->Now() + duration;
  Context bounded = ctx.WithDeadline(wake_at);
  auto waited = co_await never.Wait(bounded);
  if (ctx.stop.stop_requested()) co_return Fail(Error::Cancelled());
  if (ctx.loop->Now() >= ctx.deadline && ctx.deadline < wake_at) co_return Fail(Error::Cancelled("DeadlineExceeded"));
  co_return Result<>();
}

}  // namespace mayfly
