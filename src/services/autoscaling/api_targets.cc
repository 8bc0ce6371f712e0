// RegisterScalableTarget, DeregisterScalableTarget, DescribeScalableTargets; tags.
#include <algorithm>

#include <fmt/format.h>

#include "base/encoding.h"
#include "identity/arn.h"
#include "services/autoscaling/autoscaling_api.h"

namespace mayfly::autoscaling {
namespace {

constexpr int kResultsMax = 50;
constexpr size_t kTagsMax = 50;

std::string AccountPrefix(const Context& ctx) { return ctx.principal.account_id + '/' + ctx.principal.region + '/'; }


}  // namespace

Error Invalid(std::string message) { return Error::Service("ValidationException", std::move(message)); }
Error ObjectNotFound(std::string message) { return Error::Service("ObjectNotFoundException", std::move(message)); }

Error Concurrent(Error error) {
  if (!error.IsService("ResourceConflictException")) return error;
  return Error::Service("ConcurrentUpdateException", "Another update of this resource is in progress. Try again.");
}

WallTime TimeOf(int64_t millis) { return WallTime(std::chrono::milliseconds(millis)); }

Result<PageStart> ParsePage(std::string_view prefix, const std::optional<int32_t>& results_max, const std::optional<std::string>& token) {
  if (results_max && (*results_max < 1 || *results_max > kResultsMax)) return Fail(Invalid(fmt::format("MaxResults must be between 1 and {}", kResultsMax)));
  PageStart page{.limit = static_cast<size_t>(results_max.value_or(kResultsMax))};
  if (!token) return page;
  auto rest = Base64Decode(*token);
  if (!rest || rest->empty()) return Fail(Error::Service("InvalidNextTokenException", "The next token is not one of this service."));
  page.after = std::string(prefix) + *rest;
  return page;
}

std::string EncodeToken(std::string_view prefix, std::string_view key) { return Base64Encode(key.substr(prefix.size())); }

Result<TargetName> AutoscalingApi::NameOf(const Context& ctx, std::string_view service_namespace, std::string_view resource_id,
                                          std::string_view dimension) const {
  if (service_namespace != kNamespace || dimension != kDimension) {
    return Fail(Invalid(fmt::format("Unsupported service namespace, resource type or scalable dimension: only {} of {} scales here", kDimension, kNamespace)));
  }
  return TargetName::Parse(ctx.principal.account_id, ctx.principal.region, resource_id);
}

Result<AutoscalingApi::TargetPointer> AutoscalingApi::FindTarget(const Context& ctx, std::string_view service_namespace, std::string_view resource_id,
                                                                 std::string_view dimension) const {
  MF_TRY(const TargetName name, NameOf(ctx, service_namespace, resource_id, dimension));
  if (auto target = parts_.tables->targets.Find(name.Key())) return target;
  return Fail(ObjectNotFound(fmt::format("No scalable target registered for service namespace: {}, resource ID: {}, scalable dimension: {}", service_namespace,
                                         resource_id, dimension)));
}

Task<Result<RegisterScalableTargetResponse>> AutoscalingApi::RegisterScalableTarget(Context& ctx, RegisterScalableTargetRequest request) {
  MF_CO_TRY(const TargetName name, NameOf(ctx, request.service_namespace, request.resource_id, request.scalable_dimension));
  const TargetPointer old = parts_.tables->targets.Find(name.Key());
  if (!old && (!request.min_capacity || !request.max_capacity)) {
    co_return Fail(Invalid("Both MinCapacity and MaxCapacity must be given when a new scalable target is registered."));
  }
  ScalingTarget next = old ? *old : ScalingTarget{.name = name, .id = parts_.random->Hex(18)};
  next.capacity_min = request.min_capacity.value_or(next.capacity_min);
  next.capacity_max = request.max_capacity.value_or(next.capacity_max);
  if (next.capacity_min < 0 || next.capacity_max < 0) co_return Fail(Invalid("Minimum and maximum capacity must not be negative"));
  if (next.capacity_min > next.capacity_max) co_return Fail(Invalid("Maximum capacity cannot be less than minimum capacity"));
  if (!old) MF_CO_TRY_VOID(parts_.check_resource(name));
  if (!old) next.created_millis = ToEpochMillis(parts_.loop->WallNow());
  next.role_arn = fmt::format("arn:{}:iam::{}:role/aws-service-role/lambda.application-autoscaling.amazonaws.com/"
                              "AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency", identity::PartitionOf(name.region), name.account_id);
  if (request.suspended_state) {
    next.in_suspended = request.suspended_state->dynamic_scaling_in_suspended.value_or(next.in_suspended);
    next.out_suspended = request.suspended_state->dynamic_scaling_out_suspended.value_or(next.out_suspended);
    next.schedule_suspended = request.suspended_state->scheduled_scaling_suspended.value_or(next.schedule_suspended);
  }
  if (request.tags) {
    if (old) co_return Fail(Invalid("Tags can only be given when a scalable target is registered first; use TagResource"));
    if (request.tags->size() > kTagsMax) co_return Fail(Invalid(fmt::format("At most {} tags", kTagsMax)));
    next.tags.assign(request.tags->begin(), request.tags->end());
  }
  RegisterScalableTargetResponse response{.scalable_target_arn = next.Arn()};
  resources::Change change(parts_.tables->all);
  Result<> done = old ? change.Replace(parts_.tables->targets, name.Key(), old, std::move(next)) : change.Create(parts_.tables->targets, name.Key(), std::move(next));
  if (done) done = co_await change.Commit(ctx);
  if (!done) co_return Fail(Concurrent(std::move(done).error()));
  parts_.scaler->LookSoon(name);
  co_return response;
}

Task<Result<>> AutoscalingApi::DeregisterScalableTarget(Context& ctx, DeregisterScalableTargetRequest request) {
  MF_CO_TRY(const TargetPointer target, FindTarget(ctx, request.service_namespace, request.resource_id, request.scalable_dimension));
  resources::Change change(parts_.tables->all);
  const std::string key = target->name.Key();
  Result<> done = change.Delete(parts_.tables->targets, key, target);
  for (const auto& row : parts_.tables->policies.List(key + '/', "", SIZE_MAX)) {
    if (done) done = change.Delete(parts_.tables->policies, row.key, row.value);
  }
  for (const auto& row : parts_.tables->actions.List(key + '/', "", SIZE_MAX)) {
    if (done) done = change.Delete(parts_.tables->actions, row.key, row.value);
  }
  if (done) done = co_await change.Commit(ctx);
  if (!done) co_return Fail(Concurrent(std::move(done).error()));
  co_return Result<>();
}

Task<Result<DescribeScalableTargetsResponse>> AutoscalingApi::DescribeScalableTargets(Context& ctx, DescribeScalableTargetsRequest request) {
  DescribeScalableTargetsResponse response;
  response.scalable_targets.emplace();
  if (request.service_namespace != kNamespace || (request.scalable_dimension && *request.scalable_dimension != kDimension)) co_return response;
  const std::string prefix = AccountPrefix(ctx);
  MF_CO_TRY(const PageStart page, ParsePage(prefix, request.max_results, request.next_token));
  auto rows = parts_.tables->targets.ListIf(prefix, page.after, page.limit + 1, [&](const auto& row) {
    return !request.resource_ids || std::ranges::find(*request.resource_ids, row.value->name.resource_id) != request.resource_ids->end();
  });
  if (rows.size() > page.limit) {
    rows.pop_back();
    response.next_token = EncodeToken(prefix, rows.back().key);
  }
  for (const auto& row : rows) {
    const ScalingTarget& target = *row.value;
    response.scalable_targets->push_back({.service_namespace = std::string(kNamespace), .resource_id = target.name.resource_id,
                                          .scalable_dimension = std::string(kDimension), .min_capacity = target.capacity_min,
                                          .max_capacity = target.capacity_max, .role_arn = target.role_arn, .creation_time = TimeOf(target.created_millis),
                                          .suspended_state = SuspendedState{.dynamic_scaling_in_suspended = target.in_suspended,
                                                                            .dynamic_scaling_out_suspended = target.out_suspended,
                                                                            .scheduled_scaling_suspended = target.schedule_suspended},
                                          .scalable_target_arn = target.Arn()});
  }
  co_return response;
}

// --- tags ----------------------------------------------------------------------------------------------------------------

Result<AutoscalingApi::TargetPointer> AutoscalingApi::FindByArn(const Context& ctx, std::string_view arn) const {
  const auto rows = parts_.tables->targets.ListIf(AccountPrefix(ctx), "", 1, [&](const auto& row) { return row.value->Arn() == arn; });
  if (!rows.empty()) return rows.front().value;
  return Fail(Error::Service("ResourceNotFoundException", fmt::format("The resource with ARN {} does not exist", arn)));
}

Task<Result<>> AutoscalingApi::ReplaceTags(Context& ctx, TargetPointer target, std::vector<std::pair<std::string, std::string>> tags) {
  ScalingTarget next = *target;
  next.tags = std::move(tags);
  resources::Change change(parts_.tables->all);
  Result<> done = change.Replace(parts_.tables->targets, target->name.Key(), target, std::move(next));
  if (done) done = co_await change.Commit(ctx);
  co_return done;
}

Task<Result<>> AutoscalingApi::TagResource(Context& ctx, TagResourceRequest request) {
  MF_CO_TRY(const TargetPointer target, FindByArn(ctx, request.resource_arn));
  auto tags = target->tags;
  for (auto& [key, value] : request.tags) {
    const auto found = std::ranges::find_if(tags, [&](const auto& tag) { return tag.first == key; });
    if (found != tags.end()) found->second = std::move(value);
    else tags.emplace_back(key, std::move(value));
  }
  if (tags.size() > kTagsMax) co_return Fail(Error::Service("TooManyTagsException", fmt::format("At most {} tags", kTagsMax)));
  co_return co_await ReplaceTags(ctx, target, std::move(tags));
}

Task<Result<>> AutoscalingApi::UntagResource(Context& ctx, UntagResourceRequest request) {
  MF_CO_TRY(const TargetPointer target, FindByArn(ctx, request.resource_arn));
  auto tags = target->tags;
  std::erase_if(tags, [&](const auto& tag) { return std::ranges::find(request.tag_keys, tag.first) != request.tag_keys.end(); });
  co_return co_await ReplaceTags(ctx, target, std::move(tags));
}

Task<Result<ListTagsForResourceResponse>> AutoscalingApi::ListTagsForResource(Context& ctx, ListTagsForResourceRequest request) {
  MF_CO_TRY(const TargetPointer target, FindByArn(ctx, request.resource_arn));
  ListTagsForResourceResponse response;
  response.tags.emplace(target->tags.begin(), target->tags.end());
  co_return response;
}

}  // namespace mayfly::autoscaling
