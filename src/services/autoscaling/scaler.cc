#include "services/autoscaling/scaler.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/event.h"
#include "base/log.h"
#include "base/schedule.h"

namespace mayfly::autoscaling {
namespace {

constexpr double kInBelow = 0.9;  // of the target value

WallTime FromMillis(int64_t millis) { return WallTime(std::chrono::milliseconds(millis)); }

bool IsPast(const std::optional<TimePoint>& at, const std::optional<int>& cooldown_seconds, TimePoint now) {
  return !at || *at + std::chrono::seconds(cooldown_seconds.value_or(0)) <= now;
}

}  // namespace

Scaler::Scaler(Loop& loop, ScalingTables& tables, Capacity& capacity, Random& random, ScalerOptions options)
    : loop_(&loop), tables_(&tables), capacity_(&capacity), random_(&random), options_(options), tasks_(loop) {
  tables.policies.OnChange([this](const std::string& key, const auto&, const auto&) { watches_.erase(key); });
}

void Scaler::Start() { tasks_.Spawn(Run()); }

Task<> Scaler::Stop() {
  tasks_.Stop();
  co_await tasks_.Join();
}

void Scaler::LookSoon(const TargetName& target) {
  if (!tasks_.stop_token().stop_requested()) tasks_.Spawn(Look(target, Policies::Leave));
}

Task<> Scaler::Run() {
  Context ctx(*loop_);
  ctx.stop = tasks_.stop_token();
  while (co_await Sleep(ctx, options_.period)) co_await LookAtAll();
}

Task<> Scaler::LookAtAll() {
  std::vector<TargetName> names;
  tables_->targets.ListIf("", "", SIZE_MAX, [&](const auto& row) {
    names.push_back(row.value->name);
    return false;  // looked at, not kept
  });
  for (const TargetName& name : names) {
    co_await RunActions(name);
    co_await Look(name, Policies::Follow);
    if (tasks_.stop_token().stop_requested()) co_return;
  }
}

// Bounds first: what is outside of them is no policy's business.
Task<> Scaler::Look(TargetName name, Policies policies) {
  const auto target = tables_->targets.Find(name.Key());
  if (!target) co_return;
  const int present = capacity_->Find(name);
  const std::optional<int> wish = policies == Policies::Follow ? Wish(*target, present) : std::nullopt;
  const int wanted = std::clamp(wish.value_or(present), target->capacity_min, target->capacity_max);
  if (wanted == present) co_return;
  if (wanted > present ? target->out_suspended : target->in_suspended) co_return;
  std::string cause = wish && *wish != present ? cause_ : fmt::format("the capacity {} was outside of the range {} to {}", present, target->capacity_min, target->capacity_max);
  co_await SetCapacity(std::move(name), present, wanted, std::move(cause));
}

// What the target's policies want now; nothing: as it is.
std::optional<int> Scaler::Wish(const ScalingTarget& target, int present) {
  const double utilization = capacity_->TakeUtilization(target.name);
  const TimePoint now = loop_->Now();
  std::optional<int> out, in;
  bool all_agree = true;
  std::vector<Watch*> of_out, of_in;
  std::string out_cause, in_cause;
  for (const auto& row : tables_->policies.List(target.name.Key() + '/', "", SIZE_MAX)) {
    const Policy& policy = *row.value;
    if (!policy.is_tracking() || present == 0) continue;
    Watch& watch = watches_[row.key];
    watch.above = utilization > policy.target_value ? watch.above + 1 : 0;
    watch.below = utilization < policy.target_value * kInBelow ? watch.below + 1 : 0;
    const int fitting = static_cast<int>(std::ceil(present * utilization / policy.target_value - 1e-9));
    if (watch.above >= options_.out_periods && IsPast(watch.out_at, policy.out_cooldown_seconds, now)) {
      if (!out || fitting > *out) out_cause = fmt::format("monitor alarm TargetTracking-{}-AlarmHigh-{} in state ALARM triggered policy {}", target.name.resource_id, policy.id, policy.name);
      out = std::max(out.value_or(0), std::max(fitting, present + 1));
      of_out.push_back(&watch);
    }
    const bool may_in = !policy.in_disabled && watch.below >= options_.in_periods && IsPast(watch.in_at, policy.in_cooldown_seconds, now);
    all_agree = all_agree && may_in;
    if (!may_in) continue;
    in_cause = fmt::format("monitor alarm TargetTracking-{}-AlarmLow-{} in state ALARM triggered policy {}", target.name.resource_id, policy.id, policy.name);
    in = std::max(in.value_or(0), fitting);
    of_in.push_back(&watch);
  }
  if (out) {
    for (Watch* watch : of_out) watch->out_at = now, watch->above = 0;
    cause_ = std::move(out_cause);
    return out;
  }
  if (!in || !all_agree || *in >= present) return std::nullopt;
  for (Watch* watch : of_in) watch->in_at = now, watch->below = 0;
  cause_ = std::move(in_cause);
  return in;
}

Task<> Scaler::SetCapacity(TargetName name, int present, int wanted, std::string cause) {
  Context ctx(*loop_);
  ctx.principal.account_id = name.account_id;
  ctx.principal.region = name.region;
  ctx.principal.arn = fmt::format("arn:aws:iam::{}:root", name.account_id);
  Activity activity{.id = random_->Uuid(), .target = name, .description = fmt::format("Setting desired capacity to {}.", wanted), .cause = std::move(cause),
                    .start = loop_->WallNow()};
  auto set = co_await capacity_->Set(ctx, name, wanted);
  activity.end = loop_->WallNow();
  activity.status = set ? "Successful" : "Failed";
  activity.message = set ? fmt::format("Successfully set desired capacity to {}. Change successfully fulfilled by lambda.", wanted)
                         : fmt::format("Failed to set desired capacity to {}. Reason: {}", wanted, set.error().message);
  // A failure that repeats itself is told once.
  if (!set && !activities_.empty() && activities_.front().message == activity.message && activities_.front().target.Key() == name.Key()) co_return;
  if (!set) log::Info("scale {} from {} to {}: {}", name.resource_id, present, wanted, set.error().ToString());
  activities_.push_front(std::move(activity));
  if (activities_.size() > options_.activities_max) activities_.pop_back();
}

// --- scheduled actions -------------------------------------------------------------------------------------------------------

Task<> Scaler::RunActions(const TargetName& name) {
  const WallTime now = loop_->WallNow();
  const auto target = tables_->targets.Find(name.Key());
  if (!target || target->schedule_suspended) co_return;
  for (const auto& row : tables_->actions.List(name.Key() + '/', "", SIZE_MAX)) {
    const Action& action = *row.value;
    const std::optional<TimeZone> zone = action.timezone.empty() ? TimeZone() : TimeZone::Find(action.timezone);
    const std::optional<Schedule> schedule = Schedule::Parse(action.schedule, zone.value_or(TimeZone()));
    if (!zone || !schedule) continue;
    const WallTime created = FromMillis(action.created_millis);
    const WallTime origin = action.start_millis ? FromMillis(*action.start_millis) : created;
    WallTime after = std::max(created, FromMillis(action.done_millis));
    if (action.start_millis) after = std::max(after, origin - std::chrono::milliseconds(1));
    const std::optional<WallTime> due = schedule->Next(after, origin);
    if (!due || *due > now || (action.end_millis && *due > FromMillis(*action.end_millis))) continue;
    co_await Carry(action, now);
  }
}

Task<> Scaler::Carry(Action action, WallTime now) {
  Context ctx(*loop_);
  const auto target = tables_->targets.Find(action.target.Key());
  const auto row = tables_->actions.Find(action.Key());
  if (!target || !row) co_return;
  ScalingTarget next = *target;
  next.capacity_min = action.capacity_min.value_or(next.capacity_min);
  next.capacity_max = action.capacity_max.value_or(next.capacity_max);
  // One bound that passes the other takes it along.
  if (next.capacity_min > next.capacity_max) (action.capacity_min ? next.capacity_max : next.capacity_min) = action.capacity_min ? next.capacity_min : next.capacity_max;
  action.done_millis = ToEpochMillis(now);
  resources::Change change(tables_->all);
  Result<> staged = change.Replace(tables_->targets, target->name.Key(), target, std::move(next));
  if (staged) staged = change.Replace(tables_->actions, action.Key(), row, action);
  if (staged) staged = co_await change.Commit(ctx);
  if (!staged) log::Warning("scheduled action {}: {}", action.name, staged.error().ToString());  // the next look tries again
}

}  // namespace mayfly::autoscaling
