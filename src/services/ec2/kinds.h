// Kinds: what each kind of resource is called: the beginning of its ids, its word in tags, and how EC2 says that there is none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "vpc/rows.h"

namespace mayfly::ec2 {

struct Kind {
  std::string_view prefix;        // of its ids, without the "-"
  std::string_view tag_type;      // ResourceType in tag specifications
  std::string_view missing_code;  // "InvalidVpcID.NotFound"
  std::string_view missing_text;  // with {} for the id
  std::string_view malformed_code;
};

template <typename T>
inline constexpr Kind kKindOf{};
template <>
inline constexpr Kind kKindOf<vpc::Vpc>{"vpc", "vpc", "InvalidVpcID.NotFound", "The vpc ID '{}' does not exist", "InvalidVpcId.Malformed"};
template <>
inline constexpr Kind kKindOf<vpc::Subnet>{"subnet", "subnet", "InvalidSubnetID.NotFound", "The subnet ID '{}' does not exist",
                                           "InvalidSubnetId.Malformed"};
template <>
inline constexpr Kind kKindOf<vpc::RouteTable>{"rtb", "route-table", "InvalidRouteTableID.NotFound",
                                               "The routeTable ID '{}' does not exist", "InvalidRouteTableId.Malformed"};
template <>
inline constexpr Kind kKindOf<vpc::InternetGateway>{"igw", "internet-gateway", "InvalidInternetGatewayID.NotFound",
                                                    "The internetGateway ID '{}' does not exist", "InvalidInternetGatewayId.Malformed"};
template <>
inline constexpr Kind kKindOf<vpc::NatGateway>{"nat", "natgateway", "NatGatewayNotFound", "NAT gateway {} was not found",
                                               "NatGatewayMalformed"};
template <>
inline constexpr Kind kKindOf<vpc::SecurityGroup>{"sg", "security-group", "InvalidGroup.NotFound", "The security group '{}' does not exist",
                                                  "InvalidGroupId.Malformed"};
template <>
inline constexpr Kind kKindOf<vpc::NetworkAcl>{"acl", "network-acl", "InvalidNetworkAclID.NotFound",
                                               "The networkAcl ID '{}' does not exist", "InvalidNetworkAclId.Malformed"};
template <>
inline constexpr Kind kKindOf<vpc::Endpoint>{"vpce", "vpc-endpoint", "InvalidVpcEndpointId.NotFound",
                                             "The Vpc Endpoint Id '{}' does not exist", "InvalidVpcEndpointId.Malformed"};
template <>
inline constexpr Kind kKindOf<vpc::ElasticAddress>{"eipalloc", "elastic-ip", "InvalidAllocationID.NotFound",
                                                   "The allocation ID '{}' does not exist", "InvalidAllocationId.Malformed"};
template <>
inline constexpr Kind kKindOf<vpc::Interface>{"eni", "network-interface", "InvalidNetworkInterfaceID.NotFound",
                                              "The networkInterface ID '{}' does not exist", "InvalidNetworkInterfaceId.Malformed"};

// Whether it is PREFIX-, and 8 or 17 hexadecimal digits.
bool IsIdOf(const Kind& kind, std::string_view id);
// The kind's errors: the id is none of its ids; there is no such resource.
Error Malformed(const Kind& kind, std::string_view id);
Error Missing(const Kind& kind, std::string_view id);

// --- errors that many operations share ---
Error InvalidValue(std::string message);  // InvalidParameterValue
Error MissingParameter(std::string_view name);
Error DependencyViolation(std::string message);
Error InUse(std::string_view what,
            std::string_view id);  // DependencyViolation: "The subnet 'subnet-…' has dependencies and cannot be deleted."

}  // namespace mayfly::ec2
