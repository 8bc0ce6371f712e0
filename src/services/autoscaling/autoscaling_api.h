// Application Auto Scaling's API, as far as it scales provisioned concurrency of Lambda: the operations of
// model/application-autoscaling.model. One method per operation, named as it is.
//
// One per daemon, on its strand. Requests have been authenticated, decoded and validated by the model.
#pragma once

#include "model/application-autoscaling.h"
#include "resources/paging.h"
#include "services/autoscaling/scaler.h"

namespace mayfly::autoscaling {

struct AutoscalingParts {
  Loop* loop;
  Random* random;
  ScalingTables* tables;
  Scaler* scaler;
  // Whether there is such a version or alias. Error: ValidationException.
  std::function<Result<>(const TargetName&)> check_resource;
};

class AutoscalingApi final : public TargetsHandler, public PoliciesHandler, public ScheduledActionsHandler, public ScalingActivitiesHandler, public TagsHandler {
 public:
  explicit AutoscalingApi(AutoscalingParts parts) : parts_(std::move(parts)) {}
  Handlers handlers() { return {{}, *this, *this, *this, *this, *this}; }

  // --- targets ---
  Task<Result<RegisterScalableTargetResponse>> RegisterScalableTarget(Context& ctx, RegisterScalableTargetRequest request) override;
  Task<Result<>> DeregisterScalableTarget(Context& ctx, DeregisterScalableTargetRequest request) override;
  Task<Result<DescribeScalableTargetsResponse>> DescribeScalableTargets(Context& ctx, DescribeScalableTargetsRequest request) override;
  Task<Result<>> TagResource(Context& ctx, TagResourceRequest request) override;
  Task<Result<>> UntagResource(Context& ctx, UntagResourceRequest request) override;
  Task<Result<ListTagsForResourceResponse>> ListTagsForResource(Context& ctx, ListTagsForResourceRequest request) override;

  // --- policies (api_policies.cc) ---
  Task<Result<PutScalingPolicyResponse>> PutScalingPolicy(Context& ctx, PutScalingPolicyRequest request) override;
  Task<Result<>> DeleteScalingPolicy(Context& ctx, DeleteScalingPolicyRequest request) override;
  Task<Result<DescribeScalingPoliciesResponse>> DescribeScalingPolicies(Context& ctx, DescribeScalingPoliciesRequest request) override;

  // --- scheduled actions and activities (api_schedules.cc) ---
  Task<Result<>> PutScheduledAction(Context& ctx, PutScheduledActionRequest request) override;
  Task<Result<>> DeleteScheduledAction(Context& ctx, DeleteScheduledActionRequest request) override;
  Task<Result<DescribeScheduledActionsResponse>> DescribeScheduledActions(Context& ctx, DescribeScheduledActionsRequest request) override;
  Task<Result<DescribeScalingActivitiesResponse>> DescribeScalingActivities(Context& ctx, DescribeScalingActivitiesRequest request) override;

 private:
  using TargetPointer = resources::ResourceTable<ScalingTarget>::Pointer;
  // Errors: ValidationException; ObjectNotFoundException, nothing is registered.
  Result<TargetName> NameOf(const Context& ctx, std::string_view service_namespace, std::string_view resource_id, std::string_view dimension) const;
  Result<TargetPointer> FindTarget(const Context& ctx, std::string_view service_namespace, std::string_view resource_id, std::string_view dimension) const;
  // Error: ResourceNotFoundException.
  Result<TargetPointer> FindByArn(const Context& ctx, std::string_view arn) const;
  // What a registration makes of a target, which may not be there yet.
  Result<ScalingTarget> Registered(const RegisterScalableTargetRequest& request, const TargetName& name, const TargetPointer& old) const;
  // What a request makes of a policy or an action, which may not be there yet.
  Result<Policy> PolicyOf(const PutScalingPolicyRequest& request, const TargetName& target, const std::shared_ptr<const Policy>& old);
  Result<Action> ActionOf(const PutScheduledActionRequest& request, const TargetName& target, const std::shared_ptr<const Action>& old);

  AutoscalingParts parts_;
};

// Errors of the service.
Error Invalid(std::string message);
// Where the caller's rows begin.
std::string AccountPrefix(const Context& ctx);
// Errors: ValidationException; InvalidNextTokenException when the page is read.
Result<resources::PageRequest> PageOf(std::string prefix, const std::optional<int32_t>& results_max, const std::optional<std::string>& token);
WallTime TimeOf(int64_t millis);

}  // namespace mayfly::autoscaling
