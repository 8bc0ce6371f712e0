// OperationTarget: operations of this daemon's services as targets of deliveries: arn:aws:scheduler:::aws-sdk:SERVICE:apiAction, the body being
// the request as JSON. Asked for as the role that the delivery is made for, in the account and region of its schedule.
#pragma once

#include "delivery/target_router.h"
#include "wire/directory.h"

namespace mayfly::scheduler {

class OperationTarget final : public delivery::Target {
 public:
  // `directory` outlives it.
  explicit OperationTarget(wire::Directory& directory) : directory_(&directory) {}

  // The operation's own service asks what the role may do.
  Result<> Authorize(const identity::RequestPrincipal&, std::string_view, const identity::ConditionKeys&) const override { return {}; }
  // Errors: those of the operation; throttling and faults are retryable.
  Task<Result<>> Deliver(Context& ctx, const delivery::Delivery& delivery) override;

 private:
  wire::Directory* directory_;
};

}  // namespace mayfly::scheduler
