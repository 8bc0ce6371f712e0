// DueTimes: named things that are due at times of the calendar, and are told one by one. What schedules stand on.
//
// One strand. The loop's wall clock counts: what it has jumped over is due at once. Memory follows what is planned.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/loop.h"

namespace mayfly {

class DueTimes {
 public:
  // `when_due` is told of each name at its time, when it is planned no more; it may plan it again. `loop` outlives it.
  using WhenDue = std::function<void(const std::string& name, WallTime due)>;
  DueTimes(Loop& loop, WhenDue when_due) : loop_(&loop), when_due_(std::move(when_due)) {}
  ~DueTimes() { loop_->CancelTimer(timer_); }
  DueTimes(const DueTimes&) = delete;
  DueTimes& operator=(const DueTimes&) = delete;

  // Nothing is told before.
  void Start();
  // Forgets everything, and tells nothing more.
  void Stop();
  // Plans `name`, instead of when it was planned for before.
  void Plan(const std::string& name, WallTime due);
  // Not an error: it is not planned.
  void Forget(const std::string& name);
  size_t size() const { return due_of_.size(); }

 private:
  void Arm();
  void TellDue();

  Loop* loop_;
  WhenDue when_due_;
  bool is_running_ = false;
  std::map<std::string, WallTime> due_of_;
  std::set<std::pair<WallTime, std::string>> in_order_;  // the same
  Loop::TimerId timer_ = 0;
};

}  // namespace mayfly
