// Limits: how much of each kind there may be. AWS's quotas; where AWS raises one on request, what it raises it to at least (VPCs and what
// is counted like them), since nobody is here to ask.
#pragma once

#include <cstddef>

namespace mayfly::ec2 {

inline constexpr size_t kVpcsMax = 100;  // of an account in a region
inline constexpr size_t kInternetGatewaysMax = 100;
inline constexpr size_t kCidrsOfVpcMax = 5;  // IPv4, and the same of IPv6
inline constexpr size_t kSubnetsOfVpcMax = 200;
inline constexpr size_t kRouteTablesOfVpcMax = 200;
inline constexpr size_t kRoutesOfTableMax = 500;
inline constexpr size_t kGroupsMax = 2'500;     // of an account in a region
inline constexpr size_t kRulesOfGroupMax = 60;  // in each direction, of IPv4 and of IPv6
inline constexpr size_t kGroupsOfInterfaceMax = 5;
inline constexpr size_t kAclsOfVpcMax = 200;
inline constexpr size_t kEntriesOfAclMax = 40;  // in each direction
inline constexpr size_t kNatGatewaysOfZoneMax = 20;
inline constexpr size_t kAddressesMax = 100;
inline constexpr size_t kEndpointsOfVpcMax = 50;
inline constexpr size_t kInterfacesMax = 5'000;
inline constexpr size_t kAddressesOfInterfaceMax = 50;  // of IPv4, and of IPv6
inline constexpr size_t kInterfaceTextMax = 255;         // characters, of its description
inline constexpr size_t kPolicyMax = 20'480;            // characters, of an endpoint
inline constexpr size_t kTagsMax = 50;
inline constexpr size_t kFilterValuesMax = 200;

}  // namespace mayfly::ec2
