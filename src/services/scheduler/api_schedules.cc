// CreateSchedule, UpdateSchedule, GetSchedule, DeleteSchedule, ListSchedules.
#include "resources/edit.h"
#include "services/scheduler/schedule_target.h"
#include "services/scheduler/scheduler_api.h"
#include "wire/struct_text.h"

namespace mayfly::scheduler {
namespace {

constexpr size_t kListPageMax = 100;

// What the client said of a schedule, but for its names and its token.
template <typename Request>
Result<json::Value> SettingsOf(const wire::Operation& operation, Request request) {
  request.client_token.reset();
  auto settings = json::Parse(wire::WriteStruct(*operation.input, &request));
  MF_ASSERT(settings.has_value());  // we have just written it
  std::erase_if(settings->object(), [](const json::Member& member) { return member.first == "Name" || member.first == "GroupName"; });
  if (!settings->Find("State")) settings->Set("State", "ENABLED");
  if (!settings->Find("ActionAfterCompletion")) settings->Set("ActionAfterCompletion", "NONE");
  if (!settings->Find("ScheduleExpressionTimezone")) settings->Set("ScheduleExpressionTimezone", "UTC");
  return std::move(*settings);
}

Result<std::string> CheckSettings(json::Value settings) {
  MF_TRY_VOID(SchedulePlan::Read(settings));
  json::Value* target = settings.Find("Target");
  MF_TRY_VOID(CheckTarget(*target));
  if (!target->Find("RetryPolicy")) target->Set("RetryPolicy", json::Object());
  json::Value& policy = *target->Find("RetryPolicy");
  if (!policy.Find("MaximumEventAgeInSeconds")) policy.Set("MaximumEventAgeInSeconds", 86'400);
  if (!policy.Find("MaximumRetryAttempts")) policy.Set("MaximumRetryAttempts", 185);
  return json::Write(settings);
}

// Whether the two say the same of when it runs.
bool SameTimes(const std::string& old_settings, const std::string& new_settings) {
  const json::Value old_value = json::Parse(old_settings).value_or(json::Value()), new_value = json::Parse(new_settings).value_or(json::Value());
  for (const char* name : {"ScheduleExpression", "ScheduleExpressionTimezone", "StartDate", "EndDate", "State"}) {
    const json::Value* before = old_value.Find(name);
    const json::Value* after = new_value.Find(name);
    if ((before == nullptr) != (after == nullptr) || (before && *before != *after)) return false;
  }
  return true;
}

WallTime ShownTime(int64_t millis) { return WallTime(std::chrono::milliseconds(millis)); }

ScheduleSummary SummaryOf(const ScheduleRow& row) {
  const json::Value settings = json::Parse(row.settings).value_or(json::Value());
  ScheduleSummary summary{.arn = row.name.Arn(), .name = row.name.name, .group_name = row.name.group.name,
                          .state = std::string(settings.StringOr("State", "ENABLED")), .creation_date = ShownTime(row.created_millis),
                          .last_modification_date = ShownTime(row.modified_millis)};
  if (const json::Value* target = settings.Find("Target")) summary.target = TargetSummary{.arn = std::string(target->StringOr("Arn", ""))};
  return summary;
}

}  // namespace

resources::PageRequest PageOf(std::string prefix, const std::optional<int32_t>& limit, const std::optional<std::string>& token) {
  return {.prefix = std::move(prefix), .marker = token, .limit = resources::PageLimit(limit, kListPageMax),
          .bad_marker = [] { return Invalid("Invalid NextToken."); }};
}

Result<GroupName> SchedulerApi::ExistingGroup(const Context& ctx, const std::optional<std::string>& name) const {
  GroupName group = GroupOf(ctx, name);
  if (!group.is_default() && !tables_->groups.Find(group.Key())) return Fail(NoGroup(group.name));
  return group;
}

Task<Result<CreateScheduleResponse>> SchedulerApi::CreateSchedule(Context& ctx, CreateScheduleRequest request) {
  MF_CO_TRY(GroupName group, ExistingGroup(ctx, request.group_name));
  const ScheduleName name{std::move(group), request.name};
  MF_CO_TRY(json::Value given, SettingsOf(calls::kCreateSchedule.operation(), request));
  MF_CO_TRY(const std::string settings, CheckSettings(std::move(given)));
  const std::string token = request.client_token.value_or("");
  const auto stage = [&](resources::Change& change, const SchedulePointer& old) -> Result<> {
    if (old && !token.empty() && old->client_token == token && old->settings == settings) return {};
    if (!old && tables_->schedules.size() >= kSchedulesMax) {
      return Fail(Error::Service("ServiceQuotaExceededException", "You have reached the maximum number of schedules."));
    }
    const int64_t now = NowMillis();
    return change.Create(tables_->schedules, name.Key(), ScheduleRow{.name = name, .settings = settings, .client_token = token, .created_millis = now,
                                                                     .modified_millis = now, .since_millis = now});
  };
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, tables_->schedules, name.Key(), stage));
  co_return CreateScheduleResponse{.schedule_arn = name.Arn()};
}

Task<Result<UpdateScheduleResponse>> SchedulerApi::UpdateSchedule(Context& ctx, UpdateScheduleRequest request) {
  MF_CO_TRY(GroupName group, ExistingGroup(ctx, request.group_name));
  const ScheduleName name{std::move(group), request.name};
  MF_CO_TRY(json::Value given, SettingsOf(calls::kUpdateSchedule.operation(), request));
  MF_CO_TRY(const std::string settings, CheckSettings(std::move(given)));
  MF_CO_TRY_VOID(co_await resources::Edit(ctx, tables_->schedules, name.Key(), [&](ScheduleRow& row) -> Result<> {
    row.modified_millis = NowMillis();
    if (!SameTimes(row.settings, settings)) {
      row.since_millis = row.modified_millis;
      row.done_millis = 0;
    }
    row.settings = settings;
    return {};
  }));
  co_return UpdateScheduleResponse{.schedule_arn = name.Arn()};
}

Task<Result<GetScheduleResponse>> SchedulerApi::GetSchedule(Context& ctx, GetScheduleRequest request) {
  MF_CO_TRY(GroupName group, ExistingGroup(ctx, request.group_name));
  MF_CO_TRY(const SchedulePointer row, tables_->schedules.Get(ScheduleName{std::move(group), request.name}.Key()));
  MF_CO_TRY(json::Value settings, json::Parse(row->settings));
  GetScheduleResponse response;
  MF_CO_TRY_VOID(wire::ReadStruct(*calls::kGetSchedule.operation().output, settings, &response));
  response.arn = row->name.Arn();
  response.name = row->name.name;
  response.group_name = row->name.group.name;
  response.creation_date = ShownTime(row->created_millis);
  response.last_modification_date = ShownTime(row->modified_millis);
  co_return response;
}

Task<Result<DeleteScheduleResponse>> SchedulerApi::DeleteSchedule(Context& ctx, DeleteScheduleRequest request) {
  MF_CO_TRY(GroupName group, ExistingGroup(ctx, request.group_name));
  MF_CO_TRY_VOID(co_await resources::Remove(ctx, tables_->schedules, ScheduleName{std::move(group), request.name}.Key()));
  co_return DeleteScheduleResponse();
}

Task<Result<ListSchedulesResponse>> SchedulerApi::ListSchedules(Context& ctx, ListSchedulesRequest request) {
  std::string prefix = GroupOf(ctx, std::nullopt).Place();
  if (request.group_name) {
    MF_CO_TRY(const GroupName group, ExistingGroup(ctx, request.group_name));
    prefix = group.Key() + '/';
  }
  const auto is_wanted = [&](const auto& row) {
    if (request.name_prefix && !row.value->name.name.starts_with(*request.name_prefix)) return false;
    return !request.state || json::Parse(row.value->settings).value_or(json::Value()).StringOr("State", "") == *request.state;
  };
  MF_CO_TRY(auto page, resources::NextPageIf(tables_->schedules, PageOf(std::move(prefix), request.max_results, request.next_token), is_wanted));
  ListSchedulesResponse response{.next_token = std::move(page.next_marker), .schedules = {}};
  for (const auto& row : page.rows) response.schedules.push_back(SummaryOf(*row.value));
  co_return response;
}

}  // namespace mayfly::scheduler
