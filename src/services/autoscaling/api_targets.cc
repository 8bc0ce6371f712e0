// RegisterScalableTarget, DeregisterScalableTarget, DescribeScalableTargets; tags.
#include <algorithm>

#include <fmt/format.h>

#include "identity/arn.h"
#include "resources/edit.h"
#include "resources/tags.h"
#include "services/autoscaling/autoscaling_api.h"

namespace mayfly::autoscaling {
namespace {

constexpr size_t kResultsMax = 50;
constexpr resources::TagRules kTagRules{
    .too_many = [](std::string_view) { return Error::Service("TooManyTagsException", fmt::format("At most {} tags", resources::TagRules().count_max)); }};

Error BadToken() { return Error::Service("InvalidNextTokenException", "The next token is not one of this service."); }

}  // namespace

std::string AccountPrefix(const Context& ctx) { return ctx.principal.account_id + '/' + ctx.principal.region + '/'; }

Error Invalid(std::string message) { return Error::Service("ValidationException", std::move(message)); }

WallTime TimeOf(int64_t millis) { return WallTime(std::chrono::milliseconds(millis)); }

Result<resources::PageRequest> PageOf(std::string prefix, const std::optional<int32_t>& results_max, const std::optional<std::string>& token) {
  if (!resources::IsPageLimit(results_max, kResultsMax)) return Fail(Invalid(fmt::format("MaxResults must be between 1 and {}", kResultsMax)));
  return resources::PageRequest{.prefix = std::move(prefix),
                                .marker = token,
                                .limit = resources::PageLimit(results_max, kResultsMax),
                                .bad_marker = &BadToken};
}

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
  return parts_.tables->targets.Get(name.Key());
}

Result<ScalingTarget> AutoscalingApi::Registered(const RegisterScalableTargetRequest& request, const TargetName& name, const TargetPointer& old) const {
  if (!old && (!request.min_capacity || !request.max_capacity)) {
    return Fail(Invalid("Both MinCapacity and MaxCapacity must be given when a new scalable target is registered."));
  }
  ScalingTarget next = old ? *old : ScalingTarget{.name = name, .id = parts_.random->Hex(18)};
  next.capacity_min = request.min_capacity.value_or(next.capacity_min);
  next.capacity_max = request.max_capacity.value_or(next.capacity_max);
  if (next.capacity_min < 0 || next.capacity_max < 0) return Fail(Invalid("Minimum and maximum capacity must not be negative"));
  if (next.capacity_min > next.capacity_max) return Fail(Invalid("Maximum capacity cannot be less than minimum capacity"));
  if (!old) MF_TRY_VOID(parts_.check_resource(name));
  if (!old) next.created_millis = ToEpochMillis(parts_.loop->WallNow());
  next.role_arn = fmt::format("arn:{}:iam::{}:role/aws-service-role/lambda.application-autoscaling.amazonaws.com/"
                              "AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency", identity::PartitionOf(name.region), name.account_id);
  if (request.suspended_state) {
    next.in_suspended = request.suspended_state->dynamic_scaling_in_suspended.value_or(next.in_suspended);
    next.out_suspended = request.suspended_state->dynamic_scaling_out_suspended.value_or(next.out_suspended);
    next.schedule_suspended = request.suspended_state->scheduled_scaling_suspended.value_or(next.schedule_suspended);
  }
  if (request.tags) {
    if (old) return Fail(Invalid("Tags can only be given when a scalable target is registered first; use TagResource"));
    if (request.tags->size() > kTagRules.count_max) return Fail(Invalid(fmt::format("At most {} tags", kTagRules.count_max)));
    next.tags.assign(request.tags->begin(), request.tags->end());
  }
  return next;
}

Task<Result<RegisterScalableTargetResponse>> AutoscalingApi::RegisterScalableTarget(Context& ctx, RegisterScalableTargetRequest request) {
  MF_CO_TRY(const TargetName name, NameOf(ctx, request.service_namespace, request.resource_id, request.scalable_dimension));
  RegisterScalableTargetResponse response;
  const auto put = [&](resources::Change& change, const TargetPointer& old) -> Result<> {
    MF_TRY(ScalingTarget next, Registered(request, name, old));
    response.scalable_target_arn = next.Arn();
    return change.Put(parts_.tables->targets, name.Key(), std::move(next));
  };
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, parts_.tables->targets, name.Key(), put));
  parts_.scaler->LookSoon(name);
  co_return response;
}

Task<Result<>> AutoscalingApi::DeregisterScalableTarget(Context& ctx, DeregisterScalableTargetRequest request) {
  MF_CO_TRY(const TargetName name, NameOf(ctx, request.service_namespace, request.resource_id, request.scalable_dimension));
  co_return co_await resources::Remove(ctx, parts_.tables->targets, name.Key());
}

Task<Result<DescribeScalableTargetsResponse>> AutoscalingApi::DescribeScalableTargets(Context& ctx, DescribeScalableTargetsRequest request) {
  DescribeScalableTargetsResponse response;
  response.scalable_targets.emplace();
  if (request.service_namespace != kNamespace || (request.scalable_dimension && *request.scalable_dimension != kDimension)) co_return response;
  MF_CO_TRY(const auto wanted, PageOf(AccountPrefix(ctx), request.max_results, request.next_token));
  MF_CO_TRY(auto page, resources::NextPageIf(parts_.tables->targets, wanted, [&](const auto& row) {
    return !request.resource_ids || std::ranges::find(*request.resource_ids, row.value->name.resource_id) != request.resource_ids->end();
  }));
  response.next_token = std::move(page.next_marker);
  for (const auto& row : page.rows) {
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

Task<Result<>> AutoscalingApi::TagResource(Context& ctx, TagResourceRequest request) {
  MF_CO_TRY(const TargetPointer target, FindByArn(ctx, request.resource_arn));
  const auto add = [&](ScalingTarget& next) { return resources::AddTags(next.tags, request.tags, kTagRules); };
  co_return co_await resources::Edit(ctx, parts_.tables->targets, target->name.Key(), add);
}

Task<Result<>> AutoscalingApi::UntagResource(Context& ctx, UntagResourceRequest request) {
  MF_CO_TRY(const TargetPointer target, FindByArn(ctx, request.resource_arn));
  const auto remove = [&](ScalingTarget& next) -> Result<> {
    resources::RemoveTags(next.tags, request.tag_keys);
    return {};
  };
  co_return co_await resources::Edit(ctx, parts_.tables->targets, target->name.Key(), remove);
}

Task<Result<ListTagsForResourceResponse>> AutoscalingApi::ListTagsForResource(Context& ctx, ListTagsForResourceRequest request) {
  MF_CO_TRY(const TargetPointer target, FindByArn(ctx, request.resource_arn));
  ListTagsForResourceResponse response;
  response.tags.emplace(target->tags.begin(), target->tags.end());
  co_return response;
}

}  // namespace mayfly::autoscaling
