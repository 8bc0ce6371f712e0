#include "services/scheduler/schedule_runner.h"

#include <algorithm>

#include "base/log.h"
#include "resources/edit.h"

namespace mayfly::scheduler {
namespace {

constexpr int kRetriesMax = 185;
constexpr int64_t kAgeSecondsMax = 86'400;
constexpr std::chrono::minutes kBackoffMax{8};  // so that 185 retries take about a day
constexpr std::chrono::minutes kRunAgain{1};    // after a fault of the store
constexpr std::chrono::minutes kLateMax{1};     // AWS's precision; what comes later has been missed
constexpr size_t kErrorMessageBytesMax = 1024;

WallTime TimeOf(int64_t millis) { return WallTime(std::chrono::milliseconds(millis)); }

void AddAttribute(delivery::Delivery& delivery, std::string_view name, std::string value) {
  if (value.empty()) return;  // a queue takes no empty attribute
  delivery::DeliveryAttribute& attribute = delivery.attributes.emplace_back();
  attribute.name = name;
  attribute.value = std::move(value);
}

std::string_view ConditionOf(delivery::GivenUp::Why why) {
  switch (why) {
    case delivery::GivenUp::Why::Attempts: return "MaximumRetryAttempts";
    case delivery::GivenUp::Why::Age: return "MaximumEventAgeInSeconds";
    case delivery::GivenUp::Why::Refused: break;
  }
  return "";
}

std::string CodeOf(const Error& error) {
  if (error.kind == Error::Kind::Cancelled) return "TIMEOUT";
  return error.kind == Error::Kind::Fault ? "INTERNAL_ERROR" : error.code;
}

}  // namespace

ScheduleRunner::ScheduleRunner(Loop& loop, ScheduleTables& tables, delivery::DurableLanes& lanes, Random& random)
    : loop_(&loop), tables_(&tables), lanes_(&lanes), random_(&random), due_(loop, [this](const std::string& key, WallTime) { WhenDue(key); }),
      tasks_(loop) {
  tables.schedules.OnChange([this](const std::string& key, const auto&, const auto& schedule) { Follow(key, schedule.get()); });
}

void ScheduleRunner::Start() {
  is_running_ = true;
  for (const auto& row : tables_->schedules.List("", "", SIZE_MAX)) Follow(row.key, row.value.get());
  due_.Start();
}

Task<> ScheduleRunner::Stop() {
  is_running_ = false;
  due_.Stop();
  tasks_.Stop();
  co_await tasks_.Join();
}

// Plans what comes next. Times that have been missed and are too old are passed over.
void ScheduleRunner::Follow(const std::string& key, const ScheduleRow* schedule) {
  due_.Forget(key);
  planned_.erase(key);
  const auto settings = is_running_ && schedule ? json::Parse(schedule->settings) : Result<json::Value>(json::Value());
  const auto plan = settings && settings->is_object() ? SchedulePlan::Read(*settings) : Result<SchedulePlan>(Fail(Error::Fault("nothing to plan")));
  if (!plan || !plan->is_enabled()) return;
  const WallTime since = TimeOf(schedule->since_millis), now = loop_->WallNow();
  const WallTime done = schedule->done_millis == 0 ? since - Duration(1) : TimeOf(schedule->done_millis);
  std::optional<WallTime> next = plan->Next(done, since);
  if (next && *next < now - plan->age_max()) next = plan->Next(now - plan->age_max(), since);
  if (!next && (!plan->is_deleted_at_end() || schedule->done_millis == 0)) return;
  planned_[key] = next;
  const auto window = static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(plan->window()).count());
  const Duration delay = window == 0 ? Duration::zero() : Duration(std::chrono::seconds(random_->Below(window)));
  due_.Plan(key, next ? *next + delay : done + plan->age_max());
}

void ScheduleRunner::WhenDue(const std::string& key) {
  const auto planned = planned_.extract(key);
  MF_ASSERT(!planned.empty());
  tasks_.Spawn(planned.mapped() ? Run(key, *planned.mapped()) : Delete(key));
}

Task<Result<>> ScheduleRunner::Owe(Context& ctx, const ScheduleRow& schedule, WallTime scheduled) {
  MF_CO_TRY(const json::Value settings, json::Parse(schedule.settings));
  co_return co_await lanes_->Append(ctx, delivery::ItemOf(OwedBy(schedule, settings, scheduled, random_->Uuid(), lanes_->Time())));
}

// What was missed (the daemon did not run, the calendar has jumped) has been made up for by this run, and is over.
WallTime ScheduleRunner::DoneBy(const ScheduleRow& schedule, WallTime scheduled) const {
  const auto settings = json::Parse(schedule.settings);
  const auto plan = settings ? SchedulePlan::Read(*settings) : Result<SchedulePlan>(Fail(Error::Fault("no settings")));
  const Duration late = loop_->WallNow() - scheduled;
  return plan && late > plan->window() + kLateMax ? loop_->WallNow() : scheduled;
}

Task<> ScheduleRunner::Run(std::string key, WallTime scheduled) {
  const auto schedule = tables_->schedules.Find(key);
  if (!schedule) co_return;
  Context ctx(*loop_);
  ctx.stop = tasks_.stop_token();
  auto done = co_await Owe(ctx, *schedule, scheduled);
  const int64_t done_millis = ToEpochMillis(DoneBy(*schedule, scheduled));
  if (done) {
    done = co_await resources::Edit(ctx, tables_->schedules, key, [&](ScheduleRow& row) -> Result<> {
      row.done_millis = std::max(row.done_millis, done_millis);
      return {};
    });
  }
  if (done || !is_running_ || !tables_->schedules.Find(key)) co_return;
  log::Error("schedule {} has not run for its time and will be tried again: {}", schedule->name.Arn(), done.error().ToString());
  planned_[key] = scheduled;
  due_.Plan(key, loop_->WallNow() + kRunAgain);
}

void ScheduleRunner::Complete(const delivery::OwedDelivery& owed) {
  const auto owner = ParseOwner(owed.owner_arn);
  const auto schedule = owner ? tables_->schedules.Find(owner->schedule.Key()) : nullptr;
  const auto settings = schedule ? json::Parse(schedule->settings) : Result<json::Value>(json::Value());
  const auto plan = settings && settings->is_object() ? SchedulePlan::Read(*settings) : Result<SchedulePlan>(Fail(Error::Fault("no schedule")));
  if (!plan || !plan->is_deleted_at_end() || !is_running_) return;
  const WallTime last = std::max(owner->scheduled, TimeOf(schedule->done_millis));
  if (!plan->Next(last, TimeOf(schedule->since_millis))) tasks_.Spawn(Delete(owner->schedule.Key()));
}

Task<> ScheduleRunner::Delete(std::string key) {
  Context ctx(*loop_);
  ctx.stop = tasks_.stop_token();
  const auto deleted = co_await resources::Remove(ctx, tables_->schedules, key);
  if (!deleted && tables_->schedules.Find(key)) log::Warning("schedule {} has ended and cannot be deleted: {}", key, deleted.error().ToString());
}

json::Value ScheduleRunner::TargetOf(const delivery::OwedDelivery& owed) const {
  const auto owner = ParseOwner(owed.owner_arn);
  const auto schedule = owner ? tables_->schedules.Find(owner->schedule.Key()) : nullptr;
  const auto settings = schedule ? json::Parse(schedule->settings) : Result<json::Value>(json::Value());
  const json::Value* target = settings ? settings->Find("Target") : nullptr;
  return target ? *target : json::Value();
}

delivery::RetryRule ScheduleRunner::RuleOf(const delivery::OwedDelivery& owed, const delivery::RetryRule& usual) const {
  const json::Value target = TargetOf(owed);
  const json::Value* policy = target.Find("RetryPolicy");
  const int64_t retries = policy ? policy->IntOr("MaximumRetryAttempts", kRetriesMax) : kRetriesMax;
  const std::chrono::seconds age(policy ? policy->IntOr("MaximumEventAgeInSeconds", kAgeSecondsMax) : kAgeSecondsMax);
  return {.attempts_max = static_cast<int>(retries) + 1, .age_left = age - (lanes_->Time() - owed.accepted_at), .backoff_min = usual.backoff_min,
          .backoff_max = std::max<Duration>(usual.backoff_min, std::min<Duration>(kBackoffMax, 2 * usual.backoff_max))};
}

std::vector<delivery::LaneItem> ScheduleRunner::InsteadOf(const delivery::OwedDelivery& owed, const delivery::GivenUp& given_up) {
  const json::Value target = TargetOf(owed);
  const json::Value* config = target.Find("DeadLetterConfig");
  const std::string_view queue = config ? config->StringOr("Arn", "") : std::string_view();
  if (queue.empty()) return {};
  delivery::OwedDelivery letter{.sender = std::string(kScheduleDeadLetterSender), .owner_arn = owed.owner_arn, .delivery = {}, .accepted_at = lanes_->Time()};
  delivery::Delivery& delivery = letter.delivery;
  delivery.id = random_->Uuid();
  delivery.target_arn = queue;
  delivery.body = owed.delivery.body;
  delivery.source_arn = owed.delivery.source_arn;
  delivery.principal = owed.delivery.principal;
  AddAttribute(delivery, "ERROR_CODE", CodeOf(given_up.error));
  AddAttribute(delivery, "ERROR_MESSAGE", given_up.error.message.substr(0, kErrorMessageBytesMax));
  AddAttribute(delivery, "EXECUTION_ID", owed.delivery.id);
  AddAttribute(delivery, "EXHAUSTED_RETRY_CONDITION", std::string(ConditionOf(given_up.why)));
  AddAttribute(delivery, "IS_PAYLOAD_TRUNCATED", "false");
  AddAttribute(delivery, "RETRY_ATTEMPTS", std::to_string(std::max(0, owed.attempts - 1)));
  AddAttribute(delivery, "SCHEDULED_TIME", SecondsText(ParseOwner(owed.owner_arn)->scheduled));
  AddAttribute(delivery, "SCHEDULE_ARN", owed.delivery.source_arn);
  AddAttribute(delivery, "TARGET_ARN", std::string(target.StringOr("Arn", "")));
  return {delivery::ItemOf(letter)};
}

}  // namespace mayfly::scheduler
