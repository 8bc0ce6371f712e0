// How AWS's services are reached from inside of a VPC: through an endpoint of theirs, or at their public addresses. Pure.
//
// As names are resolved: an interface endpoint with private DNS takes the service's name to its interfaces, for all of the VPC; else the
// name leads to a public address, which a gateway endpoint (by the routes), a NAT gateway or nothing leads to.
// Source: AWS PrivateLink guide, "Access an AWS service using an interface VPC endpoint"; "Gateway endpoints".
#pragma once

#include <string>
#include <string_view>

#include "vpc/reachability.h"

namespace mayfly::vpc {

// `service`: "sqs"; `region`: where it is.
Verdict DecideService(const Network& network, const std::string& interface_id, std::string_view service, std::string_view region);

}  // namespace mayfly::vpc
