// What a function's network (vpc/network.h) is for those who enforce it: rules for the router, names for the name server, services of
// this machine for the relay. Pure, but for what it is told of the machine.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "vpc/function_networks.h"

namespace mayfly::uplink {

// A resource that the relay reaches.
struct RelayedResource {
  std::string address;  // one of this machine's
  uint16_t port = 0;    // 0: the one that was asked for
};

struct VpcProfile {
  std::string bytes;  // sandbox::RouterProfile and what follows it
  bool resolves = true;
  std::string domain;
  std::unordered_map<std::string, uint32_t> names;         // by name, lower case
  std::unordered_map<uint32_t, RelayedResource> relayed;   // by address in the VPC
};

// `machine`: addresses of this machine, as text. Error: Fault; past the router's bounds.
Result<VpcProfile> MakeVpcProfile(const vpc::Network& network, const vpc::NetworkNames& names, const std::string& interface_id,
                                  const std::vector<std::string>& machine);
// In which nothing is reached.
VpcProfile ClosedVpcProfile();

// The addresses by which a VPC's name server is known: the third of its first block, and 169.254.169.253.
std::vector<uint32_t> ResolverAddresses(const vpc::Network& network);

}  // namespace mayfly::uplink
