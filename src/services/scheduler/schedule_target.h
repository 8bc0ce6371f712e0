// What a schedule does when its time comes: the delivery that it owes. Pure functions. Source: AWS "Managing targets in EventBridge
// Scheduler", "Using universal targets", "Adding context attributes".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "delivery/owed_delivery.h"
#include "services/scheduler/schedule_tables.h"

namespace mayfly::scheduler {

// The names of the senders. They stand in stored deliveries.
inline constexpr std::string_view kScheduleSender = "scheduler";
inline constexpr std::string_view kScheduleDeadLetterSender = "scheduler-dead-letter";

// An operation of a service: arn:aws:scheduler:::aws-sdk:SERVICE:apiAction.
struct UniversalTarget {
  std::string service;
  std::string operation;  // as its model has it: SendMessage
};
std::optional<UniversalTarget> ParseUniversalTarget(std::string_view arn);

// What a target must be. Errors: ValidationException.
Result<> CheckTarget(const json::Value& target);

// `id`: of the execution, unique; `scheduled`: the time that it was due; `accepted_at` by DurableLanes::Time.
delivery::OwedDelivery OwedBy(const ScheduleRow& schedule, const json::Value& settings, WallTime scheduled, std::string id, WallTime accepted_at);

// Whose a delivery is, and of which time: SCHEDULE-ARN#MILLISECONDS.
struct OwnerParts {
  ScheduleName schedule;
  WallTime scheduled;
};
std::optional<OwnerParts> ParseOwner(std::string_view owner);

// "2026-11-30T04:51:09Z"
std::string SecondsText(WallTime time);

}  // namespace mayfly::scheduler
