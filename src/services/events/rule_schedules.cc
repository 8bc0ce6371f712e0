#include "services/events/rule_schedules.h"

#include "base/log.h"
#include "base/text.h"

namespace mayfly::events {
namespace {

// The unit of "rate(N unit)" is singular for 1 and plural for others.
bool HasRightUnit(std::string_view text) {
  if (!text.starts_with("rate(")) return true;
  const bool is_one = Split(text.substr(5), ' ').front() == "1";
  return is_one != text.ends_with("s)");
}

}  // namespace

std::optional<Schedule> ParseRuleSchedule(std::string_view text) {
  if (text.starts_with("at(") || !HasRightUnit(text)) return std::nullopt;
  return Schedule::Parse(text);
}

RuleSchedules::RuleSchedules(Loop& loop, EventTables& tables, Publisher& publisher)
    : loop_(&loop), tables_(&tables), publisher_(&publisher), due_(loop, [this](const std::string& key, WallTime due) {
        const auto rule = tables_->rules.Find(key);
        Follow(key, rule.get());
        tasks_.Spawn(Run(key, due));
      }), tasks_(loop) {
  tables.rules.OnChange([this](const std::string& key, const auto&, const auto& rule) { Follow(key, rule.get()); });
}

void RuleSchedules::Start() {
  is_running_ = true;
  for (const auto& row : tables_->rules.List("", "", SIZE_MAX)) Follow(row.key, row.value.get());
  due_.Start();
}

Task<> RuleSchedules::Stop() {
  is_running_ = false;
  due_.Stop();
  tasks_.Stop();
  co_await tasks_.Join();
}

void RuleSchedules::Follow(const std::string& key, const RuleRow* rule) {
  const auto schedule = is_running_ && rule && rule->is_enabled() && !rule->schedule.empty() ? ParseRuleSchedule(rule->schedule) : std::nullopt;
  const auto next = schedule ? schedule->Next(loop_->WallNow(), WallTime(std::chrono::milliseconds(rule->scheduled_millis))) : std::nullopt;
  if (next) due_.Plan(key, *next);
  else due_.Forget(key);
}

Task<> RuleSchedules::Run(std::string key, WallTime due) {
  const auto rule = tables_->rules.Find(key);
  if (!rule) co_return;
  Context ctx(*loop_);
  ctx.stop = tasks_.stop_token();
  const auto published = co_await publisher_->PublishScheduled(ctx, *rule, due);
  if (!published) log::Error("the schedule of {} has been missed: {}", rule->name.Arn(), published.error().ToString());
}

}  // namespace mayfly::events
