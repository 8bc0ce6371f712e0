// FunctionCapacity: the provisioned concurrency of functions as what scales. Looked at through Lambda's port, changed by Lambda's own
// operations: as the account's root, whose service-linked role stands for it on AWS.
#pragma once

#include "invoke/provisioned_capacity.h"
#include "services/autoscaling/scaler.h"
#include "wire/directory.h"

namespace mayfly::autoscaling {

class FunctionCapacity final : public Capacity {
 public:
  // Both outlive it.
  FunctionCapacity(invoke::ProvisionedCapacity& provisioned, wire::Directory& directory) : provisioned_(&provisioned), directory_(&directory) {}

  // Error: ValidationException, there is no such version or alias.
  Result<> CheckExists(const TargetName& target) const;

  // --- Capacity ---
  int Find(const TargetName& target) override { return provisioned_->Requested(target.Owner()); }
  Task<Result<>> Set(Context& ctx, const TargetName& target, int executions) override;
  double TakeUtilization(const TargetName& target) override { return provisioned_->TakeUtilization(target.Owner()); }

 private:
  invoke::ProvisionedCapacity* provisioned_;
  wire::Directory* directory_;
};

}  // namespace mayfly::autoscaling
