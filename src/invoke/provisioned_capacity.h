// ProvisionedCapacity: provisioned concurrency as it looks to what scales it: Application Auto Scaling. Changed it is by Lambda's
// own operations, through the Directory: whoever scales obeys what a client would have to obey.
//
// One per daemon, on the strand of the tables.
#pragma once

#include "catalog/function_settings.h"

namespace mayfly::invoke {

class ProvisionedCapacity {
 public:
  virtual ~ProvisionedCapacity() = default;

  // Whether there is such a version or alias, so that it can have some.
  virtual bool Exists(const catalog::SettingOwner& owner) const = 0;
  // 0: nothing is provisioned.
  virtual int Requested(const catalog::SettingOwner& owner) const = 0;
  // The most of it that was in use at once, as a share, since it was asked last.
  virtual double TakeUtilization(const catalog::SettingOwner& owner) = 0;
};

}  // namespace mayfly::invoke
