// SchedulePlan: a schedule's settings as it is run by: its times, its window, what it does. Read from what the client said; pure functions.
// Source: AWS "Schedule types on EventBridge Scheduler", "Managing the state of a schedule".
//
//   at    once; times before the schedule was made are passed over
//   rate  from StartDate, or when it was made, on
//   cron  on the clocks of its time zone; what they skip is skipped, what they show twice happens the first time
// StartDate and EndDate bound rate and cron.
#pragma once

#include <optional>
#include <string_view>

#include "base/json.h"
#include "base/schedule.h"
#include "services/scheduler/schedule_tables.h"

namespace mayfly::scheduler {

class SchedulePlan {
 public:
  // Errors: ValidationException, in AWS's words where they are known.
  static Result<SchedulePlan> Read(const json::Value& settings);

  // The first time after `after` (inclusively `since`, for a rate that begins). nullopt: never again.
  std::optional<WallTime> Next(WallTime after, WallTime since) const;

  bool is_enabled() const { return is_enabled_; }
  bool is_deleted_at_end() const { return is_deleted_at_end_; }
  // OFF: zero.
  Duration window() const { return window_; }
  // How long after its time something is still tried.
  Duration age_max() const { return age_max_; }

 private:
  Result<> ReadTimes(const json::Value& settings);
  Result<> ReadWindow(const json::Value& settings);

  enum class Kind : unsigned char { At, Rate, Cron };
  Kind kind_ = Kind::At;
  std::optional<Schedule> schedule_;
  std::optional<WallTime> start_;
  std::optional<WallTime> end_;
  Duration window_{};
  Duration age_max_ = std::chrono::hours(24);
  bool is_enabled_ = true;
  bool is_deleted_at_end_ = false;
};

}  // namespace mayfly::scheduler
