// Amazon EventBridge Scheduler's API: the operations of model/scheduler.model. One method per operation, named as it is.
//
// One per daemon, on its strand. Requests have been authenticated, decoded and validated by the model.
#pragma once

#include "model/scheduler.h"
#include "resources/paging.h"
#include "services/scheduler/schedule_plan.h"
#include "services/scheduler/schedule_tables.h"

namespace mayfly::scheduler {

class SchedulerApi final : public SchedulesHandler, public GroupsHandler, public TagsHandler {
 public:
  // Both outlive it.
  SchedulerApi(const Clock& clock, ScheduleTables& tables) : clock_(&clock), tables_(&tables) {}
  Handlers handlers() { return {{}, *this, *this, *this}; }

  // --- schedules (api_schedules.cc) ---
  Task<Result<CreateScheduleResponse>> CreateSchedule(Context& ctx, CreateScheduleRequest request) override;
  Task<Result<UpdateScheduleResponse>> UpdateSchedule(Context& ctx, UpdateScheduleRequest request) override;
  Task<Result<GetScheduleResponse>> GetSchedule(Context& ctx, GetScheduleRequest request) override;
  Task<Result<DeleteScheduleResponse>> DeleteSchedule(Context& ctx, DeleteScheduleRequest request) override;
  Task<Result<ListSchedulesResponse>> ListSchedules(Context& ctx, ListSchedulesRequest request) override;

  // --- groups and their tags (api_groups.cc) ---
  Task<Result<CreateScheduleGroupResponse>> CreateScheduleGroup(Context& ctx, CreateScheduleGroupRequest request) override;
  Task<Result<GetScheduleGroupResponse>> GetScheduleGroup(Context& ctx, GetScheduleGroupRequest request) override;
  Task<Result<DeleteScheduleGroupResponse>> DeleteScheduleGroup(Context& ctx, DeleteScheduleGroupRequest request) override;
  Task<Result<ListScheduleGroupsResponse>> ListScheduleGroups(Context& ctx, ListScheduleGroupsRequest request) override;
  Task<Result<TagResourceResponse>> TagResource(Context& ctx, TagResourceRequest request) override;
  Task<Result<UntagResourceResponse>> UntagResource(Context& ctx, UntagResourceRequest request) override;
  Task<Result<ListTagsForResourceResponse>> ListTagsForResource(Context& ctx, ListTagsForResourceRequest request) override;

 private:
  using SchedulePointer = resources::ResourceTable<ScheduleRow>::Pointer;
  using GroupPointer = resources::ResourceTable<GroupRow>::Pointer;

  int64_t NowMillis() const { return ToEpochMillis(clock_->WallNow()); }
  // Error: ResourceNotFoundException.
  Result<GroupName> ExistingGroup(const Context& ctx, const std::optional<std::string>& name) const;

  const Clock* clock_;
  ScheduleTables* tables_;
};

// Rows by pages. Error: ValidationException for a token of others when the page is read.
resources::PageRequest PageOf(std::string prefix, const std::optional<int32_t>& limit, const std::optional<std::string>& token);

}  // namespace mayfly::scheduler
