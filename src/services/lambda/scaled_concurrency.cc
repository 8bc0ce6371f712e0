#include "services/lambda/scaled_concurrency.h"

namespace mayfly::lambda {

bool ProvisionedCapacity::Exists(const catalog::SettingOwner& owner) const {
  if (owner.qualifier == "$LATEST") return false;
  return functions_->FindAlias(owner.function, owner.qualifier) || functions_->FindVersion(owner.function, owner.qualifier);
}

int ProvisionedCapacity::Requested(const catalog::SettingOwner& owner) const {
  const auto config = tables_->provisioned_concurrency.Find(owner.Key());
  return config ? config->requested : 0;
}

}  // namespace mayfly::lambda
