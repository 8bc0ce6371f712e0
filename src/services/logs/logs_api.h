// CloudWatch Logs' API: the operations of model/logs.model that work. One method per operation, named as it is.
//
// One per daemon, on its strand. Requests have been authenticated, decoded and validated by the model; what the service has words of its
// own for is checked here.
#pragma once

#include "model/logs.h"
#include "resources/paging.h"
#include "resources/tags.h"
#include "services/logs/group_policies.h"
#include "services/logs/log_groups.h"
#include "services/logs/subscriptions.h"

namespace mayfly::logs {

class LogsApi final : public GroupsHandler, public StreamsHandler, public EventsHandler, public TagsHandler, public SubscriptionsHandler, public PoliciesHandler {
 public:
  // All outlive it.
  LogsApi(LogGroups& groups, GroupPolicies& policies, Subscriptions& subscriptions, const Clock& clock, Random& random)
      : groups_(&groups), policies_(&policies), subscriptions_(&subscriptions), clock_(&clock), random_(&random) {}
  Handlers handlers() { return {{}, *this, *this, *this, *this, *this, *this}; }

  // --- groups (api_groups.cc) ---
  Task<Result<CreateLogGroupResponse>> CreateLogGroup(Context& ctx, CreateLogGroupRequest request) override;
  Task<Result<DeleteLogGroupResponse>> DeleteLogGroup(Context& ctx, DeleteLogGroupRequest request) override;
  Task<Result<DescribeLogGroupsResponse>> DescribeLogGroups(Context& ctx, DescribeLogGroupsRequest request) override;
  Task<Result<ListLogGroupsResponse>> ListLogGroups(Context& ctx, ListLogGroupsRequest request) override;
  Task<Result<PutRetentionPolicyResponse>> PutRetentionPolicy(Context& ctx, PutRetentionPolicyRequest request) override;
  Task<Result<DeleteRetentionPolicyResponse>> DeleteRetentionPolicy(Context& ctx, DeleteRetentionPolicyRequest request) override;
  Task<Result<PutLogGroupDeletionProtectionResponse>> PutLogGroupDeletionProtection(Context& ctx, PutLogGroupDeletionProtectionRequest request) override;
  Task<Result<AssociateKmsKeyResponse>> AssociateKmsKey(Context& ctx, AssociateKmsKeyRequest request) override;
  Task<Result<DisassociateKmsKeyResponse>> DisassociateKmsKey(Context& ctx, DisassociateKmsKeyRequest request) override;

  // --- streams (api_streams.cc) ---
  Task<Result<CreateLogStreamResponse>> CreateLogStream(Context& ctx, CreateLogStreamRequest request) override;
  Task<Result<DeleteLogStreamResponse>> DeleteLogStream(Context& ctx, DeleteLogStreamRequest request) override;
  Task<Result<DescribeLogStreamsResponse>> DescribeLogStreams(Context& ctx, DescribeLogStreamsRequest request) override;

  // --- events (api_put_events.cc, api_events.cc) ---
  Task<Result<PutLogEventsResponse>> PutLogEvents(Context& ctx, PutLogEventsRequest request) override;
  Task<Result<GetLogEventsResponse>> GetLogEvents(Context& ctx, GetLogEventsRequest request) override;
  Task<Result<FilterLogEventsResponse>> FilterLogEvents(Context& ctx, FilterLogEventsRequest request) override;
  Task<Result<TestMetricFilterResponse>> TestMetricFilter(Context& ctx, TestMetricFilterRequest request) override;

  // --- tags (api_tags.cc) ---
  Task<Result<TagResourceResponse>> TagResource(Context& ctx, TagResourceRequest request) override;
  Task<Result<UntagResourceResponse>> UntagResource(Context& ctx, UntagResourceRequest request) override;
  Task<Result<ListTagsForResourceResponse>> ListTagsForResource(Context& ctx, ListTagsForResourceRequest request) override;
  Task<Result<TagLogGroupResponse>> TagLogGroup(Context& ctx, TagLogGroupRequest request) override;
  Task<Result<UntagLogGroupResponse>> UntagLogGroup(Context& ctx, UntagLogGroupRequest request) override;
  Task<Result<ListTagsLogGroupResponse>> ListTagsLogGroup(Context& ctx, ListTagsLogGroupRequest request) override;

  // --- subscriptions (api_subscriptions.cc) ---
  Task<Result<PutSubscriptionFilterResponse>> PutSubscriptionFilter(Context& ctx, PutSubscriptionFilterRequest request) override;
  Task<Result<DescribeSubscriptionFiltersResponse>> DescribeSubscriptionFilters(Context& ctx, DescribeSubscriptionFiltersRequest request) override;
  Task<Result<DeleteSubscriptionFilterResponse>> DeleteSubscriptionFilter(Context& ctx, DeleteSubscriptionFilterRequest request) override;

  // --- policies (api_policies.cc) ---
  Task<Result<PutResourcePolicyResponse>> PutResourcePolicy(Context& ctx, PutResourcePolicyRequest request) override;
  Task<Result<DescribeResourcePoliciesResponse>> DescribeResourcePolicies(Context& ctx, DescribeResourcePoliciesRequest request) override;
  Task<Result<DeleteResourcePolicyResponse>> DeleteResourcePolicy(Context& ctx, DeleteResourcePolicyRequest request) override;

 private:
  using MaybeText = std::optional<std::string>;
  // The group that a request names in one of two ways. Error: InvalidParameterException.
  static Result<GroupKey> KeyOf(const Context& ctx, const MaybeText& name, const MaybeText& identifier);
  Task<Result<>> SetKey(Context& ctx, MaybeText name, MaybeText identifier, std::string key_id);
  Task<Result<>> AddTags(Context& ctx, Result<GroupKey> key, const resources::Tags& tags);
  Task<Result<>> RemoveTags(Context& ctx, Result<GroupKey> key, const std::vector<std::string>& keys);
  Task<Result<resources::Tags>> TagsOf(Context& ctx, Result<GroupKey> key);

  LogGroups* groups_;
  GroupPolicies* policies_;
  Subscriptions* subscriptions_;
  const Clock* clock_;
  Random* random_;
};

Error InvalidParameter(std::string message);
Error BadToken();

// A place among a group's events as clients see it: 56 digits, an event's id.
std::string WritePosition(const store::LogPosition& position);
std::optional<store::LogPosition> ReadPosition(std::string_view text);

}  // namespace mayfly::logs
