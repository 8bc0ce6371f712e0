// Which rule lets a connection of a function's in a VPC pass, or does not: the rules of the VPC as an answer to a question.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "uplink/explain.h"
#include "uplink/network_options.h"
#include "vpc/function_networks.h"

namespace mayfly::uplink {

// What a name stands for inside of a VPC.
struct VpcTarget {
  std::string service;                 // "sqs", of a service of AWS's: where it is does not matter
  std::vector<std::string> addresses;  // of a host in the VPC
  bool is_unknown = false;             // there is no such name, or no name server
};

// nullopt: nothing that the VPC would know; the world's name servers say. `host`: a name or an address.
std::optional<VpcTarget> FindInVpc(const vpc::NetworkNames& names, const std::string& region, const std::string& host);

// `network`: as its groups, routes and ACLs are. `address`: of no service.
Explanation ExplainInVpc(const vpc::Network& network, const std::string& interface_id, const NetworkPlan& plan, const std::string& address,
                         uint16_t port, const std::vector<std::string>& machine);
Explanation ExplainService(const vpc::Network& network, const std::string& interface_id, const std::string& service, const std::string& region);

}  // namespace mayfly::uplink
