// GroupTarget: log groups as targets of deliveries (rules of EventBridge): each body becomes an event of the group.
//
// Streams are one a day, since a stream of its own for each event, as AWS makes them, helps nobody to read. One per daemon, on its
// strand. Source: "Amazon CloudWatch Logs as a target" of the EventBridge guide.
#pragma once

#include "delivery/target_router.h"
#include "services/logs/group_policies.h"
#include "services/logs/log_groups.h"

namespace mayfly::logs {

class GroupTarget final : public delivery::Target {
 public:
  // All outlive it.
  GroupTarget(LogGroups& groups, const GroupPolicies& policies, const Clock& clock) : groups_(&groups), policies_(&policies), clock_(&clock) {}

  // What the account's resource policies let the service do. Errors: AccessDeniedException; UnsupportedTarget, it is no group.
  Result<> Authorize(const identity::RequestPrincipal& principal, std::string_view target_arn, const identity::ConditionKeys& keys) const override;
  // Durable when it answers. Errors: ResourceNotFoundException; faults, retryable.
  Task<Result<>> Deliver(Context& ctx, const delivery::Delivery& delivery) override;

 private:
  std::string StreamNow() const;

  LogGroups* groups_;
  const GroupPolicies* policies_;
  const Clock* clock_;
};

}  // namespace mayfly::logs
