#include "services/ec2/cidrs.h"

#include <fmt/format.h>

#include <algorithm>

#include "services/ec2/kinds.h"

namespace mayfly::ec2 {
namespace {

bool AnyContains(const std::vector<vpc::CidrAssociation>& cidrs, const auto& part) {
  return std::ranges::any_of(cidrs, [&](const vpc::CidrAssociation& cidr) { return vpc::ParseBlock(cidr.cidr)->Contains(part); });
}

}  // namespace

Result<vpc::Block> ReadCidr(vpc::Family family, std::string_view text, std::string_view parameter) {
  const auto block = vpc::ParseBlock(text);
  if (block && block->base.family == family) return *block;
  return Fail(InvalidValue(fmt::format("Value ({}) for parameter {} is invalid. This is not a valid {}CIDR block.", text.substr(0, 100),
                                       parameter, family == vpc::Family::V6 ? "IPv6 " : "")));
}

bool IsInVpc(const vpc::Vpc& vpc, const vpc::Block& block) { return AnyContains(vpc.cidrs, block) || AnyContains(vpc.ipv6_cidrs, block); }
bool IsInVpc(const vpc::Vpc& vpc, const vpc::Address& address) {
  return AnyContains(vpc.cidrs, address) || AnyContains(vpc.ipv6_cidrs, address);
}

}  // namespace mayfly::ec2
