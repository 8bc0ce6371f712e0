// Finding security groups as requests name them.
#pragma once

#include <optional>
#include <string>

#include "services/ec2/region_state.h"

namespace mayfly::ec2 {

// By id, or by its name in the default VPC. Errors: of Get; MissingParameter; InvalidGroup.NotFound.
Result<RegionState::Pointer<vpc::SecurityGroup>> FindGroup(const RegionState& region, const std::optional<std::string>& id,
                                                           const std::optional<std::string>& name);

}  // namespace mayfly::ec2
