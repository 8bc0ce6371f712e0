// Provisioned concurrency as it looks to what scales it.
#pragma once

#include "catalog/function_catalog.h"
#include "invoke/provisioned_capacity.h"
#include "invoke/provisioner.h"

namespace mayfly::lambda {

class ProvisionedCapacity final : public invoke::ProvisionedCapacity {
 public:
  // All outlive it.
  ProvisionedCapacity(const catalog::Tables& tables, const catalog::FunctionCatalog& functions, invoke::Provisioner& provisioner)
      : tables_(&tables), functions_(&functions), provisioner_(&provisioner) {}

  bool Exists(const catalog::SettingOwner& owner) const override;
  int Requested(const catalog::SettingOwner& owner) const override;
  double TakeUtilization(const catalog::SettingOwner& owner) override { return provisioner_->TakeUtilization(owner); }

 private:
  const catalog::Tables* tables_;
  const catalog::FunctionCatalog* functions_;
  invoke::Provisioner* provisioner_;
};

}  // namespace mayfly::lambda
