// RuleSchedules: rules with a ScheduleExpression, at their times, by the daemon's calendar. What was due while the daemon did not run, or
// in a moment that the calendar has jumped over, is not made up for but once. One per daemon, on the strand of the tables.
#pragma once

#include <optional>
#include <string>

#include "base/due_times.h"
#include "base/schedule.h"
#include "base/task_scope.h"
#include "services/events/publisher.h"

namespace mayfly::events {

// A rule's schedule: stricter than others' (rate(1 minute), rate(2 minutes)), never at(). nullopt: it is none.
std::optional<Schedule> ParseRuleSchedule(std::string_view text);

class RuleSchedules {
 public:
  // All outlive it.
  RuleSchedules(Loop& loop, EventTables& tables, Publisher& publisher);

  void Start();
  Task<> Stop();

 private:
  void Follow(const std::string& key, const RuleRow* rule);
  Task<> Run(std::string key, WallTime due);

  Loop* loop_;
  EventTables* tables_;
  Publisher* publisher_;
  DueTimes due_;  // by the rule's key
  bool is_running_ = false;
  TaskScope tasks_;
};

}  // namespace mayfly::events
