#include "base/due_times.h"

#include <algorithm>

namespace mayfly {
namespace {

constexpr std::chrono::hours kLookMax{1};  // the wall clock may be set anew: nobody sleeps through it

}  // namespace

void DueTimes::Start() {
  is_running_ = true;
  Arm();
}

void DueTimes::Stop() {
  is_running_ = false;
  loop_->CancelTimer(std::exchange(timer_, 0));
  due_of_.clear();
  in_order_.clear();
}

void DueTimes::Plan(const std::string& name, WallTime due) {
  Forget(name);
  due_of_.emplace(name, due);
  in_order_.emplace(due, name);
  if (in_order_.begin()->second == name) Arm();
}

void DueTimes::Forget(const std::string& name) {
  const auto due = due_of_.find(name);
  if (due == due_of_.end()) return;
  in_order_.erase({due->second, name});
  due_of_.erase(due);
}

void DueTimes::Arm() {
  loop_->CancelTimer(std::exchange(timer_, 0));
  if (!is_running_ || in_order_.empty()) return;
  const Duration wait = std::clamp<Duration>(in_order_.begin()->first - loop_->WallNow(), Duration::zero(), kLookMax);
  timer_ = loop_->CallAfter(wait, [this] {
    timer_ = 0;
    TellDue();
    Arm();
  });
}

void DueTimes::TellDue() {
  const WallTime now = loop_->WallNow();
  while (is_running_ && !in_order_.empty() && in_order_.begin()->first <= now) {
    const auto [due, name] = *in_order_.begin();
    Forget(name);
    when_due_(name, due);
  }
}

}  // namespace mayfly
