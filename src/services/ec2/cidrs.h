// Blocks of addresses as requests have them, checked in EC2's words. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "vpc/address.h"
#include "vpc/rows.h"

namespace mayfly::ec2 {

// Error: InvalidParameterValue.
Result<vpc::Block> ReadCidr(vpc::Family family, std::string_view text, std::string_view parameter);

// Whether one of a VPC's blocks, of the family of `block`, contains it.
bool IsInVpc(const vpc::Vpc& vpc, const vpc::Block& block);
bool IsInVpc(const vpc::Vpc& vpc, const vpc::Address& address);

}  // namespace mayfly::ec2
