// PutScalingPolicy, DeleteScalingPolicy, DescribeScalingPolicies.
#include <algorithm>

#include <fmt/format.h>

#include "identity/arn.h"
#include "resources/edit.h"
#include "services/autoscaling/autoscaling_api.h"

namespace mayfly::autoscaling {
namespace {

constexpr size_t kPoliciesMax = 50;  // of one target
constexpr size_t kStepsMax = 20;

Result<> ReadTracking(const TargetTrackingScalingPolicyConfiguration& from, Policy& policy) {
  if (!from.predefined_metric_specification) {
    return Fail(Invalid(fmt::format("A target tracking policy follows the predefined metric {} here: customized metrics come with CloudWatch", kUtilization)));
  }
  const std::string& metric = from.predefined_metric_specification->predefined_metric_type;
  if (metric != kUtilization) return Fail(Invalid(fmt::format("Invalid predefined metric type {} for service namespace {}", metric, kNamespace)));
  if (!(from.target_value > 0) || from.target_value > 1) return Fail(Invalid("The target value of a utilization must be greater than 0 and at most 1"));
  for (const std::optional<int32_t>& cooldown : {from.scale_out_cooldown, from.scale_in_cooldown}) {
    if (cooldown && *cooldown < 0) return Fail(Invalid("A cooldown must not be negative"));
  }
  policy.target_value = from.target_value;
  policy.out_cooldown_seconds = from.scale_out_cooldown;
  policy.in_cooldown_seconds = from.scale_in_cooldown;
  policy.in_disabled = from.disable_scale_in.value_or(false);
  return {};
}

Result<> ReadSteps(const StepScalingPolicyConfiguration& from, Policy& policy) {
  if (!from.adjustment_type) return Fail(Invalid("A step scaling policy needs an adjustment type"));
  if (!from.step_adjustments || from.step_adjustments->empty()) return Fail(Invalid("A step scaling policy needs at least one step adjustment"));
  if (from.step_adjustments->size() > kStepsMax) return Fail(Invalid(fmt::format("At most {} step adjustments", kStepsMax)));
  policy.adjustment_type = *from.adjustment_type;
  policy.magnitude_min = from.min_adjustment_magnitude;
  policy.cooldown_seconds = from.cooldown;
  policy.aggregation_type = from.metric_aggregation_type.value_or("");
  for (const StepAdjustment& step : *from.step_adjustments) {
    policy.steps.push_back({.lower = step.metric_interval_lower_bound, .upper = step.metric_interval_upper_bound, .adjustment = step.scaling_adjustment});
  }
  return {};
}

// The two alarms that the scaler keeps in its head.
std::vector<Alarm> AlarmsOf(const Policy& policy) {
  std::vector<Alarm> alarms;
  if (!policy.is_tracking()) return alarms;
  for (const char* side : {"AlarmHigh", "AlarmLow"}) {
    const std::string name = fmt::format("TargetTracking-{}-{}-{}", policy.target.resource_id, side, policy.id);
    alarms.push_back({.alarm_name = name, .alarm_arn = fmt::format("arn:{}:cloudwatch:{}:{}:alarm:{}", identity::PartitionOf(policy.target.region),
                                                                   policy.target.region, policy.target.account_id, name)});
  }
  return alarms;
}

ScalingPolicy Describe(const Policy& policy) {
  ScalingPolicy shown{.policy_arn = policy.Arn(), .policy_name = policy.name, .service_namespace = std::string(kNamespace),
                      .resource_id = policy.target.resource_id, .scalable_dimension = std::string(kDimension), .policy_type = policy.type,
                      .alarms = AlarmsOf(policy), .creation_time = TimeOf(policy.created_millis)};
  if (policy.is_tracking()) {
    TargetTrackingScalingPolicyConfiguration tracking{.target_value = policy.target_value};
    tracking.predefined_metric_specification = PredefinedMetricSpecification{.predefined_metric_type = std::string(kUtilization)};
    tracking.scale_out_cooldown = policy.out_cooldown_seconds;
    tracking.scale_in_cooldown = policy.in_cooldown_seconds;
    if (policy.in_disabled) tracking.disable_scale_in = true;
    shown.target_tracking_scaling_policy_configuration = std::move(tracking);
    return shown;
  }
  StepScalingPolicyConfiguration steps{.adjustment_type = policy.adjustment_type, .step_adjustments = std::vector<StepAdjustment>(),
                                       .min_adjustment_magnitude = policy.magnitude_min, .cooldown = policy.cooldown_seconds};
  if (!policy.aggregation_type.empty()) steps.metric_aggregation_type = policy.aggregation_type;
  for (const StepAdjustmentRow& step : policy.steps) {
    steps.step_adjustments->push_back({.metric_interval_lower_bound = step.lower, .metric_interval_upper_bound = step.upper, .scaling_adjustment = step.adjustment});
  }
  shown.step_scaling_policy_configuration = std::move(steps);
  return shown;
}

}  // namespace

Result<Policy> AutoscalingApi::PolicyOf(const PutScalingPolicyRequest& request, const TargetName& target, const std::shared_ptr<const Policy>& old) {
  Policy next{.target = target, .name = request.policy_name};
  next.id = old ? old->id : parts_.random->Uuid();
  next.created_millis = old ? old->created_millis : ToEpochMillis(parts_.loop->WallNow());
  next.type = request.policy_type ? *request.policy_type : old ? old->type : "StepScaling";
  if (old && old->type != next.type) return Fail(Invalid("The type of a scaling policy cannot change"));
  if (next.is_tracking() && request.target_tracking_scaling_policy_configuration) {
    MF_TRY_VOID(ReadTracking(*request.target_tracking_scaling_policy_configuration, next));
  } else if (next.type == "StepScaling" && request.step_scaling_policy_configuration) {
    MF_TRY_VOID(ReadSteps(*request.step_scaling_policy_configuration, next));
  } else if (next.type == "PredictiveScaling") {
    return Fail(Invalid("Predictive scaling is not supported for service namespace lambda"));
  } else {
    return Fail(Invalid(fmt::format("A policy of type {} needs its configuration", next.type)));
  }
  if (!old && parts_.tables->policies.List(target.Key() + '/', "", kPoliciesMax).size() >= kPoliciesMax) {
    return Fail(Error::Service("LimitExceededException", fmt::format("A scalable target can have {} scaling policies", kPoliciesMax)));
  }
  return next;
}

Task<Result<PutScalingPolicyResponse>> AutoscalingApi::PutScalingPolicy(Context& ctx, PutScalingPolicyRequest request) {
  MF_CO_TRY(const TargetPointer target, FindTarget(ctx, request.service_namespace, request.resource_id, request.scalable_dimension));
  if (request.policy_name.find_first_of("/:") != std::string::npos) co_return Fail(Invalid("A policy name must not contain / or :"));
  const std::string key = Policy{.target = target->name, .name = request.policy_name}.Key();
  PutScalingPolicyResponse response;
  const auto put = [&](resources::Change& change, const std::shared_ptr<const Policy>& old) -> Result<> {
    MF_TRY(Policy next, PolicyOf(request, target->name, old));
    response = {.policy_arn = next.Arn(), .alarms = AlarmsOf(next)};
    return change.Put(parts_.tables->policies, key, std::move(next));
  };
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, parts_.tables->policies, key, put));
  co_return response;
}

Task<Result<>> AutoscalingApi::DeleteScalingPolicy(Context& ctx, DeleteScalingPolicyRequest request) {
  MF_CO_TRY(TargetName name, NameOf(ctx, request.service_namespace, request.resource_id, request.scalable_dimension));
  co_return co_await resources::Remove(ctx, parts_.tables->policies, Policy{.target = std::move(name), .name = request.policy_name}.Key());
}

Task<Result<DescribeScalingPoliciesResponse>> AutoscalingApi::DescribeScalingPolicies(Context& ctx, DescribeScalingPoliciesRequest request) {
  DescribeScalingPoliciesResponse response;
  response.scaling_policies.emplace();
  if (request.service_namespace != kNamespace || (request.scalable_dimension && *request.scalable_dimension != kDimension)) co_return response;
  MF_CO_TRY(const auto wanted, PageOf(AccountPrefix(ctx), request.max_results, request.next_token));
  MF_CO_TRY(auto page, resources::NextPageIf(parts_.tables->policies, wanted, [&](const auto& row) {
    return (!request.resource_id || row.value->target.resource_id == *request.resource_id) &&
           (!request.policy_names || std::ranges::find(*request.policy_names, row.value->name) != request.policy_names->end());
  }));
  response.next_token = std::move(page.next_marker);
  for (const auto& row : page.rows) response.scaling_policies->push_back(Describe(*row.value));
  co_return response;
}

}  // namespace mayfly::autoscaling
