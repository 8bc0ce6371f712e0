// Interfaces of networks and their addresses, whoever makes them: the API, gateways, endpoints, functions.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "services/ec2/region_state.h"

namespace mayfly::ec2 {

// Of a subnet: its first four addresses and the last one are nobody's.
inline constexpr int kFirstFreeOffset = 4;
inline constexpr int kReservedAddresses = 5;

// Those that interfaces have.
std::set<std::string> UsedAddresses(const RegionState& region, const std::string& subnet_id);
int64_t FreeAddressCount(const RegionState& region, const vpc::Subnet& subnet);

struct InterfaceWish {
  std::string subnet_id;
  std::string type = "interface";
  std::string description;
  std::string requester;                 // empty: the account
  std::vector<std::string> group_ids;    // empty: the VPC's default group
  std::vector<std::string> private_ips;  // the first is the primary one; empty: one that is free
  size_t more_private_ips = 0;           // beside those
  std::vector<std::string> ipv6s;
  size_t more_ipv6s = 0;
  resources::StringPairs tags;
};

// Errors: those of Get for the subnet and groups; InvalidParameterValue; InvalidIPAddress.InUse; InsufficientFreeAddressesInSubnet;
// SecurityGroupsPerInterfaceLimitExceeded; NetworkInterfaceLimitExceeded; PrivateIpAddressLimitExceeded.
Result<RegionState::Pointer<vpc::Interface>> MakeInterface(RegionState& region, InterfaceWish wish);

// The groups exist and are of the VPC; without any it is the default group. Errors: of Get; InvalidParameter, of another VPC; the limit.
Result<std::vector<std::string>> ReadGroups(const RegionState& region, std::vector<std::string> group_ids, const std::string& vpc_id);

// Deletes it; a public address that it has is free then.
void RemoveInterface(RegionState& region, const vpc::Interface& interface);

// nullptr: it has none.
RegionState::Pointer<vpc::ElasticAddress> PublicAddressOf(const RegionState& region, const std::string& interface_id);

}  // namespace mayfly::ec2
