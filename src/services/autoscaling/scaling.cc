#include "services/autoscaling/scaling.h"

#include <fmt/format.h>

#include "identity/arn.h"
#include "resources/json_members.h"

namespace mayfly::autoscaling {

static void VisitMembers(resources::Is<ScalingTarget> auto& target, auto&& visit) {
  visit("MinCapacity", target.capacity_min);
  visit("MaxCapacity", target.capacity_max);
  visit("RoleARN", target.role_arn);
  visit("Id", target.id);
  visit("Created", target.created_millis);
  visit("InSuspended", target.in_suspended);
  visit("OutSuspended", target.out_suspended);
  visit("ScheduleSuspended", target.schedule_suspended);
  visit("Tags", target.tags);
}

static void VisitMembers(resources::Is<Policy> auto& policy, auto&& visit) {
  visit("Id", policy.id);
  visit("Type", policy.type);
  visit("Created", policy.created_millis);
  visit("TargetValue", policy.target_value);
  visit("ScaleOutCooldown", policy.out_cooldown_seconds);
  visit("ScaleInCooldown", policy.in_cooldown_seconds);
  visit("DisableScaleIn", policy.in_disabled);
  visit("AdjustmentType", policy.adjustment_type);
  visit("Steps", policy.steps);
  visit("MinAdjustmentMagnitude", policy.magnitude_min);
  visit("Cooldown", policy.cooldown_seconds);
  visit("MetricAggregationType", policy.aggregation_type);
}

static void VisitMembers(resources::Is<Action> auto& action, auto&& visit) {
  visit("Id", action.id);
  visit("Schedule", action.schedule);
  visit("Timezone", action.timezone);
  visit("Created", action.created_millis);
  visit("Start", action.start_millis);
  visit("End", action.end_millis);
  visit("MinCapacity", action.capacity_min);
  visit("MaxCapacity", action.capacity_max);
  visit("Done", action.done_millis);
}

static void VisitMembers(resources::Is<StepAdjustmentRow> auto& step, auto&& visit) {
  visit("Lower", step.lower);
  visit("Upper", step.upper);
  visit("Adjustment", step.adjustment);
}

namespace {

// ACCOUNT/REGION/RESOURCE[/NAME]
Result<TargetName> NameFromKey(std::string_view key, std::string* rest) {
  const size_t region = key.find('/');
  const size_t resource = region == std::string_view::npos ? region : key.find('/', region + 1);
  if (resource == std::string_view::npos) return Fail(Error::Fault("a key without account and region: " + std::string(key)));
  TargetName name{std::string(key.substr(0, region)), std::string(key.substr(region + 1, resource - region - 1)), std::string(key.substr(resource + 1))};
  if (!rest) return name;
  const size_t end = name.resource_id.find('/');
  if (end == std::string::npos) return Fail(Error::Fault("a key without a name: " + std::string(key)));
  *rest = name.resource_id.substr(end + 1);
  name.resource_id.resize(end);
  return name;
}

// --- what the tables say ---

Error Concurrent(std::string_view) {
  return Error::Service("ConcurrentUpdateException", "Another update of this resource is in progress. Try again.");
}

std::string_view ResourceOf(std::string_view key) {
  const size_t region = key.find('/');
  const std::string_view resource = key.substr(key.find('/', region + 1) + 1);
  return resource.substr(0, resource.find('/'));
}

std::string_view LastPart(std::string_view key) { return key.substr(key.rfind('/') + 1); }

Error NoTarget(std::string_view key) {
  return Error::Service("ObjectNotFoundException", fmt::format("No scalable target registered for service namespace: {}, resource ID: {}, scalable dimension: {}",
                                                               kNamespace, ResourceOf(key), kDimension));
}

Error NoPolicy(std::string_view key) {
  return Error::Service("ObjectNotFoundException",
                        fmt::format("No scaling policy found for service namespace: {}, resource ID: {}, scalable dimension: {}, policy name: {}", kNamespace,
                                    ResourceOf(key), kDimension, LastPart(key)));
}

Error NoAction(std::string_view key) {
  return Error::Service("ObjectNotFoundException",
                        fmt::format("No scheduled action found for service namespace: {}, resource ID: {}, scalable dimension: {}, scheduled action name: {}",
                                    kNamespace, ResourceOf(key), kDimension, LastPart(key)));
}

resources::RowErrors ErrorsWith(Error (*missing)(std::string_view key)) { return {.missing = missing, .exists = &Concurrent, .busy = &Concurrent}; }

resources::Owner OfTarget(resources::AnyTable& targets) {
  return {.table = &targets,
          .key_of = [](std::string_view key) { return std::optional(std::string(key.substr(0, key.rfind('/')))); },
          .root_of = [](std::string_view key) { return std::string(key); }};
}

std::string ArnOf(const TargetName& target, std::string_view service, std::string rest) {
  return fmt::format("arn:{}:{}:{}:{}:{}", identity::PartitionOf(target.region), service, target.region, target.account_id, rest);
}

}  // namespace

ScalingTables::ScalingTables(resources::ResourceTables& all)
    : all(all),
      targets(all, "scalable_targets", {.owners = {}, .errors = ErrorsWith(&NoTarget)}),
      policies(all, "scaling_policies", {.owners = {OfTarget(targets)}, .errors = ErrorsWith(&NoPolicy)}),
      actions(all, "scheduled_actions", {.owners = {OfTarget(targets)}, .errors = ErrorsWith(&NoAction)}) {}

Result<TargetName> TargetName::Parse(std::string account_id, std::string region, std::string_view resource_id) {
  constexpr std::string_view kPrefix = "function:";
  const size_t colon = resource_id.find(':', kPrefix.size());
  const bool good = resource_id.starts_with(kPrefix) && colon != std::string_view::npos && colon > kPrefix.size() && colon + 1 < resource_id.size() &&
                    resource_id.find(':', colon + 1) == std::string_view::npos && resource_id.find('/') == std::string_view::npos;
  if (!good) return Fail(Error::Service("ValidationException", fmt::format("Unsupported service namespace, resource type or scalable dimension: the resource "
                                                                           "ID {} is not function:NAME:QUALIFIER", resource_id)));
  return TargetName{std::move(account_id), std::move(region), std::string(resource_id)};
}

catalog::SettingOwner TargetName::Owner() const {
  const size_t colon = resource_id.rfind(':');
  const size_t first = resource_id.find(':') + 1;
  return {{account_id, region, resource_id.substr(first, colon - first)}, resource_id.substr(colon + 1)};
}

std::string ScalingTarget::Arn() const { return ArnOf(name, "application-autoscaling", "scalable-target/" + id); }

std::string Policy::Arn() const {
  return ArnOf(target, "autoscaling", fmt::format("scalingPolicy:{}:resource/lambda/{}:policyName/{}", id, target.resource_id, name));
}

std::string Action::Arn() const {
  return ArnOf(target, "autoscaling", fmt::format("scheduledAction:{}:resource/lambda/{}:scheduledActionName/{}", id, target.resource_id, name));
}

json::Value ToJson(const ScalingTarget& target) { return resources::WriteMembers(target); }
Result<> FromJson(std::string_view key, const json::Value& value, ScalingTarget& target) {
  MF_TRY(target.name, NameFromKey(key, nullptr));
  resources::ReadMembers(value, target);
  return {};
}
json::Value ToJson(const Policy& policy) { return resources::WriteMembers(policy); }
Result<> FromJson(std::string_view key, const json::Value& value, Policy& policy) {
  MF_TRY(policy.target, NameFromKey(key, &policy.name));
  resources::ReadMembers(value, policy);
  return {};
}
json::Value ToJson(const Action& action) { return resources::WriteMembers(action); }
Result<> FromJson(std::string_view key, const json::Value& value, Action& action) {
  MF_TRY(action.target, NameFromKey(key, &action.name));
  resources::ReadMembers(value, action);
  return {};
}

}  // namespace mayfly::autoscaling
