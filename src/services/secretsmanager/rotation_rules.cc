#include "services/secretsmanager/rotation_rules.h"

#include "base/schedule.h"

namespace mayfly::secretsmanager {
namespace {

constexpr std::chrono::hours kApartMin{4};

WallTime At(int64_t millis) { return WallTime(std::chrono::milliseconds(millis)); }

}  // namespace

Result<> CheckPlan(const RotationPlan& plan) {
  if (plan.schedule.empty()) return {};
  if (plan.after_days > 0) return Fail(BadParameter("You can't specify both AutomaticallyAfterDays and ScheduleExpression in RotationRules."));
  const auto schedule = Schedule::Parse(plan.schedule);
  const auto first = schedule && !plan.schedule.starts_with("at(") ? schedule->Next(At(plan.since_millis), At(plan.since_millis)) : std::nullopt;
  const auto second = first ? schedule->Next(*first, At(plan.since_millis)) : std::nullopt;
  if (!second) return Fail(BadParameter("The schedule expression is not valid: " + plan.schedule));
  if (*second - *first < kApartMin) return Fail(BadParameter("A secret rotates every four hours at most."));
  return {};
}

std::optional<WallTime> NextRotation(const RotationPlan& plan, WallTime now) {
  if (!plan.is_enabled) return std::nullopt;
  if (plan.after_days > 0) return now + std::chrono::days(plan.after_days);
  const auto schedule = plan.schedule.empty() ? std::nullopt : Schedule::Parse(plan.schedule);
  return schedule ? schedule->Next(now, At(plan.since_millis)) : std::nullopt;
}

}  // namespace mayfly::secretsmanager
