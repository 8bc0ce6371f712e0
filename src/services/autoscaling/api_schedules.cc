// PutScheduledAction, DeleteScheduledAction, DescribeScheduledActions, DescribeScalingActivities.
#include <algorithm>

#include <fmt/format.h>

#include "base/schedule.h"
#include "resources/edit.h"
#include "services/autoscaling/autoscaling_api.h"

namespace mayfly::autoscaling {
namespace {

constexpr size_t kActionsMax = 200;  // of one target

Result<> ReadSchedule(const PutScheduledActionRequest& request, Action& action) {
  if (request.timezone && !TimeZone::Find(*request.timezone)) return Fail(Invalid(fmt::format("Unsupported timezone {}", *request.timezone)));
  if (request.timezone) action.timezone = *request.timezone;
  if (request.schedule) action.schedule = *request.schedule;
  if (action.schedule.empty()) return Fail(Invalid("A new scheduled action needs a schedule"));
  if (Schedule::Parse(action.schedule)) return {};
  return Fail(Invalid(fmt::format("Invalid schedule expression: {}. Schedule expressions are at(yyyy-mm-ddThh:mm:ss), rate(value unit) or cron(fields).",
                                  action.schedule)));
}

Result<> ReadAction(const PutScheduledActionRequest& request, Action& action) {
  MF_TRY_VOID(ReadSchedule(request, action));
  if (request.start_time) action.start_millis = ToEpochMillis(*request.start_time);
  if (request.end_time) action.end_millis = ToEpochMillis(*request.end_time);
  if (action.start_millis && action.end_millis && *action.end_millis < *action.start_millis) return Fail(Invalid("The end time is before the start time"));
  if (request.scalable_target_action) {
    action.capacity_min = request.scalable_target_action->min_capacity;
    action.capacity_max = request.scalable_target_action->max_capacity;
  }
  if (!action.capacity_min && !action.capacity_max) return Fail(Invalid("A scheduled action needs a minimum or a maximum capacity"));
  if (action.capacity_min.value_or(0) < 0 || action.capacity_max.value_or(0) < 0) return Fail(Invalid("Minimum and maximum capacity must not be negative"));
  if (action.capacity_min && action.capacity_max && *action.capacity_min > *action.capacity_max) {
    return Fail(Invalid("Maximum capacity cannot be less than minimum capacity"));
  }
  return {};
}

ScheduledAction Describe(const Action& action) {
  ScheduledAction shown{.scheduled_action_name = action.name, .scheduled_action_arn = action.Arn(), .service_namespace = std::string(kNamespace),
                        .schedule = action.schedule, .resource_id = action.target.resource_id, .scalable_dimension = std::string(kDimension),
                        .scalable_target_action = ScalableTargetAction{.min_capacity = action.capacity_min, .max_capacity = action.capacity_max},
                        .creation_time = TimeOf(action.created_millis)};
  if (!action.timezone.empty()) shown.timezone = action.timezone;
  if (action.start_millis) shown.start_time = TimeOf(*action.start_millis);
  if (action.end_millis) shown.end_time = TimeOf(*action.end_millis);
  return shown;
}

}  // namespace

Result<Action> AutoscalingApi::ActionOf(const PutScheduledActionRequest& request, const TargetName& target, const std::shared_ptr<const Action>& old) {
  Action next = old ? *old : Action{.target = target, .name = request.scheduled_action_name, .id = parts_.random->Uuid()};
  next.created_millis = ToEpochMillis(parts_.loop->WallNow());  // what was due before is over
  next.done_millis = 0;
  MF_TRY_VOID(ReadAction(request, next));
  if (!old && parts_.tables->actions.List(target.Key() + '/', "", kActionsMax).size() >= kActionsMax) {
    return Fail(Error::Service("LimitExceededException", fmt::format("A scalable target can have {} scheduled actions", kActionsMax)));
  }
  return next;
}

Task<Result<>> AutoscalingApi::PutScheduledAction(Context& ctx, PutScheduledActionRequest request) {
  MF_CO_TRY(const TargetPointer target, FindTarget(ctx, request.service_namespace, request.resource_id, request.scalable_dimension));
  if (request.scheduled_action_name.find_first_of("/:|") != std::string::npos) co_return Fail(Invalid("A scheduled action's name must not contain :, / or |"));
  const std::string key = Action{.target = target->name, .name = request.scheduled_action_name}.Key();
  const auto put = [&](resources::Change& change, const std::shared_ptr<const Action>& old) -> Result<> {
    MF_TRY(Action next, ActionOf(request, target->name, old));
    return change.Put(parts_.tables->actions, key, std::move(next));
  };
  co_return co_await resources::EditWith(ctx, parts_.tables->actions, key, put);
}

Task<Result<>> AutoscalingApi::DeleteScheduledAction(Context& ctx, DeleteScheduledActionRequest request) {
  MF_CO_TRY(TargetName name, NameOf(ctx, request.service_namespace, request.resource_id, request.scalable_dimension));
  co_return co_await resources::Remove(ctx, parts_.tables->actions, Action{.target = std::move(name), .name = request.scheduled_action_name}.Key());
}

Task<Result<DescribeScheduledActionsResponse>> AutoscalingApi::DescribeScheduledActions(Context& ctx, DescribeScheduledActionsRequest request) {
  DescribeScheduledActionsResponse response;
  response.scheduled_actions.emplace();
  if (request.service_namespace != kNamespace || (request.scalable_dimension && *request.scalable_dimension != kDimension)) co_return response;
  MF_CO_TRY(const auto wanted, PageOf(AccountPrefix(ctx), request.max_results, request.next_token));
  MF_CO_TRY(auto page, resources::NextPageIf(parts_.tables->actions, wanted, [&](const auto& row) {
    return (!request.resource_id || row.value->target.resource_id == *request.resource_id) &&
           (!request.scheduled_action_names || std::ranges::find(*request.scheduled_action_names, row.value->name) != request.scheduled_action_names->end());
  }));
  response.next_token = std::move(page.next_marker);
  for (const auto& row : page.rows) response.scheduled_actions->push_back(Describe(*row.value));
  co_return response;
}

Task<Result<DescribeScalingActivitiesResponse>> AutoscalingApi::DescribeScalingActivities(Context& ctx, DescribeScalingActivitiesRequest request) {
  DescribeScalingActivitiesResponse response;
  response.scaling_activities.emplace();
  if (request.service_namespace != kNamespace || (request.scalable_dimension && *request.scalable_dimension != kDimension)) co_return response;
  MF_CO_TRY(const auto page, PageOf("", request.max_results, request.next_token));
  // A token names the activity that was shown last.
  const auto last_shown = page.marker ? resources::ReadMarker(*page.marker) : std::string();
  if (!last_shown) co_return Fail(page.bad_marker());
  bool begun = last_shown->empty();
  for (const Activity& activity : parts_.scaler->activities()) {
    if (activity.target.account_id != ctx.principal.account_id || activity.target.region != ctx.principal.region) continue;
    if (request.resource_id && activity.target.resource_id != *request.resource_id) continue;
    if (!begun) {
      begun = activity.id == *last_shown;
      continue;
    }
    if (response.scaling_activities->size() == page.limit) {
      response.next_token = resources::WriteMarker(response.scaling_activities->back().activity_id);
      break;
    }
    response.scaling_activities->push_back({.activity_id = activity.id, .service_namespace = std::string(kNamespace), .resource_id = activity.target.resource_id,
                                            .scalable_dimension = std::string(kDimension), .description = activity.description, .cause = activity.cause,
                                            .start_time = activity.start, .end_time = activity.end, .status_code = activity.status,
                                            .status_message = activity.message});
  }
  co_return response;
}

}  // namespace mayfly::autoscaling
