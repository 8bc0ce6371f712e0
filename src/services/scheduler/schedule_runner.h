// ScheduleRunner: schedules at their times, by the daemon's calendar, and what becomes of what they have sent.
//
// A time that has come is owed first (durable lanes), then noted in the schedule's row: a crash between the two repeats it, and loses none.
// What was due while the daemon did not run is made up for, once, unless it is older than the retry policy lets it become. Within a
// flexible window the moment is drawn anew for each time.
// A schedule that is to be deleted after completion goes when its last delivery has ended; one whose end nobody heard of (a crash) as soon as
// no retry can be left. One per daemon, on the strand of the tables.
#pragma once

#include <map>
#include <string>

#include "base/due_times.h"
#include "base/random.h"
#include "base/task_scope.h"
#include "delivery/delivery_worker.h"
#include "services/scheduler/schedule_plan.h"
#include "services/scheduler/schedule_target.h"

namespace mayfly::scheduler {

class ScheduleRunner final : public delivery::Sender {
 public:
  // All outlive it.
  ScheduleRunner(Loop& loop, ScheduleTables& tables, delivery::DurableLanes& lanes, Random& random);

  void Start();
  Task<> Stop();

  // --- delivery::Sender: by the target's RetryPolicy and DeadLetterConfig, as they are when a delivery fails ---
  void OnDelivered(const delivery::OwedDelivery& owed) override { Complete(owed); }
  void OnGivenUp(const delivery::OwedDelivery& owed) override { Complete(owed); }
  delivery::RetryRule RuleOf(const delivery::OwedDelivery& owed, const delivery::RetryRule& usual) const override;
  std::vector<delivery::LaneItem> InsteadOf(const delivery::OwedDelivery& owed, const delivery::GivenUp& given_up) override;

 private:
  void Follow(const std::string& key, const ScheduleRow* schedule);
  void WhenDue(const std::string& key);
  Task<> Run(std::string key, WallTime scheduled);
  WallTime DoneBy(const ScheduleRow& schedule, WallTime scheduled) const;
  Task<Result<>> Owe(Context& ctx, const ScheduleRow& schedule, WallTime scheduled);
  void Complete(const delivery::OwedDelivery& owed);
  Task<> Delete(std::string key);
  json::Value TargetOf(const delivery::OwedDelivery& owed) const;

  Loop* loop_;
  ScheduleTables* tables_;
  delivery::DurableLanes* lanes_;
  Random* random_;
  bool is_running_ = false;
  // What is planned: the time that a schedule was due, before its window; nullopt: it is to be deleted.
  std::map<std::string, std::optional<WallTime>> planned_;
  DueTimes due_;
  TaskScope tasks_;
};

// Dead letters that no queue took: the log tells of them.
class ScheduleDeadLetterSender final : public delivery::Sender {
 public:
  void OnGivenUp(const delivery::OwedDelivery& owed) override {}
};

}  // namespace mayfly::scheduler
