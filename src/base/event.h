// Ways for tasks of one strand to wait for each other.
#pragma once

#include <deque>
#include <list>
#include <optional>

#include "base/context.h"
#include "base/loop.h"
#include "base/task.h"

namespace mayfly {

// A flag that tasks wait for. Set() wakes all of them (through Loop::Post, never inside Set). Must outlive its waiters.
class Event {
 public:
  explicit Event(Loop& loop) : loop_(&loop) {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  bool IsSet() const { return set_; }
  void Set();
  void Reset() { set_ = false; }
  // Wakes those who wait now; the flag stays down.
  void Pulse();

  // Waits without a bound.
  Task<> Wait();
  // Error: DeadlineExceeded at ctx.deadline, Cancelled when ctx.stop is requested.
  Task<Result<>> Wait(Context& ctx);
  // true: set; false: `until` came first.
  Task<bool> WaitUntil(TimePoint until);

 private:
  enum class Wake : unsigned char { None, Set, Deadline, Stop };
  struct Waiter;
  Task<Wake> WaitFor(TimePoint until, const std::stop_token* stop);
  void WakeAll();

  Loop* loop_;
  bool set_ = false;
  std::list<Waiter*> waiters_;
};

// A value that is set once and taken by one waiter.
template <typename T>
class OneShot {
 public:
  explicit OneShot(Loop& loop) : event_(loop) {}
  bool IsSet() const { return value_.has_value(); }
  // Not an error: a second call; the first value stays.
  void Set(T value) {
    if (value_) return;
    value_.emplace(std::move(value));
    event_.Set();
  }
  Task<T> Take() {
    co_await event_.Wait();
    co_return std::move(*value_);
  }
  // nullopt: `until` came first.
  Task<std::optional<T>> TakeUntil(TimePoint until) {
    if (!co_await event_.WaitUntil(until)) co_return std::nullopt;
    co_return std::move(value_);
  }
  Event& event() { return event_; }

 private:
  Event event_;
  std::optional<T> value_;
};

// Errors: DeadlineExceeded, Cancelled. Success after `duration`.
Task<Result<>> Sleep(Context& ctx, Duration duration);

}  // namespace mayfly
