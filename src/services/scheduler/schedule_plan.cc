#include "services/scheduler/schedule_plan.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace mayfly::scheduler {
namespace {

constexpr size_t kCronFieldsWithoutYear = 5;

// The year may be left out.
std::string WithYear(std::string_view expression) {
  std::string text(expression);
  const bool is_short = text.starts_with("cron(") && text.ends_with(')') && Split(text, ' ').size() == kCronFieldsWithoutYear;
  if (is_short) text.insert(text.size() - 1, " *");
  return text;
}

std::optional<WallTime> TimeAt(const json::Value& settings, std::string_view name) {
  const json::Value* value = settings.Find(name);
  const auto seconds = value && value->is_number() ? value->AsDouble() : Result<double>(Fail(Error::Fault("no number")));
  if (!seconds) return std::nullopt;
  return WallTime(std::chrono::milliseconds(static_cast<int64_t>(*seconds * 1000)));
}

}  // namespace

Result<SchedulePlan> SchedulePlan::Read(const json::Value& settings) {
  SchedulePlan plan;
  MF_TRY_VOID(plan.ReadTimes(settings));
  MF_TRY_VOID(plan.ReadWindow(settings));
  plan.is_enabled_ = settings.StringOr("State", "ENABLED") == "ENABLED";
  plan.is_deleted_at_end_ = settings.StringOr("ActionAfterCompletion", "NONE") == "DELETE";
  const json::Value* target = settings.Find("Target");
  const json::Value* policy = target ? target->Find("RetryPolicy") : nullptr;
  if (policy) plan.age_max_ = std::chrono::seconds(policy->IntOr("MaximumEventAgeInSeconds", 86'400));
  return plan;
}

Result<> SchedulePlan::ReadTimes(const json::Value& settings) {
  const std::string_view expression = settings.StringOr("ScheduleExpression", "");
  const std::string_view zone_name = settings.StringOr("ScheduleExpressionTimezone", "UTC");
  const auto zone = TimeZone::Find(zone_name);
  if (!zone) return Fail(Invalid(fmt::format("Invalid Schedule Expression Timezone {}.", zone_name)));
  schedule_ = Schedule::Parse(WithYear(expression), *zone);
  if (!schedule_) return Fail(Invalid(fmt::format("Invalid Schedule Expression {}.", expression)));
  kind_ = expression.starts_with("at(") ? Kind::At : expression.starts_with("rate(") ? Kind::Rate : Kind::Cron;
  start_ = TimeAt(settings, "StartDate");
  end_ = TimeAt(settings, "EndDate");
  if (start_ && end_ && *end_ <= *start_) return Fail(Invalid("The StartDate you specify must come before the EndDate."));
  return {};
}

Result<> SchedulePlan::ReadWindow(const json::Value& settings) {
  const json::Value* window = settings.Find("FlexibleTimeWindow");
  const bool is_flexible = window && window->StringOr("Mode", "OFF") == "FLEXIBLE";
  const json::Value* minutes = window ? window->Find("MaximumWindowInMinutes") : nullptr;
  if (is_flexible && !minutes) {
    return Fail(Invalid("A valid MaximumWindowInMinutes must be provided when Flexible Time Window is set to FLEXIBLE mode."));
  }
  if (!is_flexible && minutes) return Fail(Invalid("MaximumWindowInMinutes must not be provided when Flexible Time Window is set to OFF mode."));
  if (is_flexible) window_ = std::chrono::minutes(window->IntOr("MaximumWindowInMinutes", 0));
  return {};
}

std::optional<WallTime> SchedulePlan::Next(WallTime after, WallTime since) const {
  if (kind_ == Kind::At) return schedule_->Next(after, since);
  const WallTime begin = start_ ? std::max(*start_, since) : since;
  const WallTime origin = start_.value_or(since);
  std::optional<WallTime> next;
  if (kind_ == Kind::Rate && after < origin) next = origin;
  else next = schedule_->Next(std::max(after, begin - Duration(1)), origin);
  return next && end_ && *next > *end_ ? std::nullopt : next;
}

}  // namespace mayfly::scheduler
