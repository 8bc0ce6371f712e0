// CreateScheduleGroup, GetScheduleGroup, DeleteScheduleGroup, ListScheduleGroups; TagResource, UntagResource, ListTagsForResource.
#include "resources/edit.h"
#include "resources/tags.h"
#include "services/scheduler/scheduler_api.h"

namespace mayfly::scheduler {
namespace {

const resources::TagRules kGroupTagRules{.count_max = 200,
                                         .reserved = [] { return Invalid("Tag keys must not begin with aws:."); },
                                         .too_many = [](std::string_view) {
                                           return Error::Service("ServiceQuotaExceededException", "You have reached the maximum number of tags.");
                                         }};

resources::StringPairs PairsOf(const std::vector<Tag>& tags) {
  resources::StringPairs pairs;
  for (const Tag& tag : tags) pairs.emplace_back(tag.key, tag.value);
  return pairs;
}

std::optional<WallTime> DateOf(int64_t millis) { return millis == 0 ? std::nullopt : std::optional(WallTime(std::chrono::milliseconds(millis))); }

ScheduleGroupSummary GroupSummary(const GroupRow& row) {
  return {.arn = row.name.Arn(), .name = row.name.name, .state = "ACTIVE", .creation_date = DateOf(row.created_millis),
          .last_modification_date = DateOf(row.modified_millis)};
}

// The default group has no row.
Result<GroupName> TaggedGroup(std::string_view arn) {
  auto group = ParseGroupArn(arn);
  if (!group || group->is_default()) return Fail(NoGroup(group ? group->name : std::string(arn)));
  return std::move(*group);
}

}  // namespace

Task<Result<CreateScheduleGroupResponse>> SchedulerApi::CreateScheduleGroup(Context& ctx, CreateScheduleGroupRequest request) {
  const GroupName name = GroupOf(ctx, request.name);
  if (name.is_default()) co_return Fail(tables_->groups.errors().exists(name.Key()));
  GroupRow row{.name = name, .client_token = request.client_token.value_or(""), .created_millis = NowMillis(), .modified_millis = NowMillis()};
  if (request.tags) row.tags = PairsOf(*request.tags);
  MF_CO_TRY_VOID(resources::CheckTags(row.tags, kGroupTagRules));
  const auto stage = [&](resources::Change& change, const GroupPointer& old) -> Result<> {
    if (old && !row.client_token.empty() && old->client_token == row.client_token && old->tags == row.tags) return {};
    if (!old && tables_->groups.List(name.Place(), "", kGroupsMax).size() >= kGroupsMax) {
      return Fail(Error::Service("ServiceQuotaExceededException", "You have reached the maximum number of schedule groups."));
    }
    return change.Create(tables_->groups, name.Key(), row);
  };
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, tables_->groups, name.Key(), stage));
  co_return CreateScheduleGroupResponse{.schedule_group_arn = name.Arn()};
}

Task<Result<GetScheduleGroupResponse>> SchedulerApi::GetScheduleGroup(Context& ctx, GetScheduleGroupRequest request) {
  MF_CO_TRY(const GroupName name, ExistingGroup(ctx, request.name));
  const GroupPointer row = tables_->groups.Find(name.Key());
  co_return GetScheduleGroupResponse{.arn = name.Arn(), .name = name.name, .state = "ACTIVE", .creation_date = row ? DateOf(row->created_millis) : std::nullopt,
                                     .last_modification_date = row ? DateOf(row->modified_millis) : std::nullopt};
}

Task<Result<DeleteScheduleGroupResponse>> SchedulerApi::DeleteScheduleGroup(Context& ctx, DeleteScheduleGroupRequest request) {
  const GroupName name = GroupOf(ctx, request.name);
  if (name.is_default()) co_return Fail(Invalid("The default schedule group cannot be deleted."));
  MF_CO_TRY_VOID(co_await resources::Remove(ctx, tables_->groups, name.Key()));
  co_return DeleteScheduleGroupResponse();
}

// The default group comes first, where it fits the prefix.
Task<Result<ListScheduleGroupsResponse>> SchedulerApi::ListScheduleGroups(Context& ctx, ListScheduleGroupsRequest request) {
  const GroupName default_group = GroupOf(ctx, std::nullopt);
  const std::string prefix = request.name_prefix.value_or("");
  MF_CO_TRY(auto page, resources::NextPage(tables_->groups, PageOf(default_group.Place() + prefix, request.max_results, request.next_token)));
  ListScheduleGroupsResponse response{.next_token = std::move(page.next_marker), .schedule_groups = {}};
  if (!request.next_token && kDefaultGroup.starts_with(prefix)) response.schedule_groups.push_back(GroupSummary({.name = default_group}));
  for (const auto& row : page.rows) response.schedule_groups.push_back(GroupSummary(*row.value));
  co_return response;
}

Task<Result<TagResourceResponse>> SchedulerApi::TagResource(Context& ctx, TagResourceRequest request) {
  MF_CO_TRY(const GroupName name, TaggedGroup(request.resource_arn));
  const resources::Tags added = PairsOf(request.tags);
  MF_CO_TRY_VOID(co_await resources::Edit(ctx, tables_->groups, name.Key(), [&](GroupRow& row) { return resources::AddTags(row.tags, added, kGroupTagRules); }));
  co_return TagResourceResponse();
}

Task<Result<UntagResourceResponse>> SchedulerApi::UntagResource(Context& ctx, UntagResourceRequest request) {
  MF_CO_TRY(const GroupName name, TaggedGroup(request.resource_arn));
  MF_CO_TRY_VOID(co_await resources::Edit(ctx, tables_->groups, name.Key(), [&](GroupRow& row) -> Result<> {
    resources::RemoveTags(row.tags, request.tag_keys);
    return {};
  }));
  co_return UntagResourceResponse();
}

Task<Result<ListTagsForResourceResponse>> SchedulerApi::ListTagsForResource(Context&, ListTagsForResourceRequest request) {
  MF_CO_TRY(const GroupName name, TaggedGroup(request.resource_arn));
  MF_CO_TRY(const GroupPointer row, tables_->groups.Get(name.Key()));
  ListTagsForResourceResponse response{.tags = std::vector<Tag>()};
  for (const auto& [key, value] : row->tags) response.tags->push_back({.key = key, .value = value});
  co_return response;
}

}  // namespace mayfly::scheduler
