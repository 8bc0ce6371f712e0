// Profile: what may begin at one interface, as an ordered list: the first rule that takes a connection decides.
//
// For whoever enforces a VPC for what only begins connections and is never reached (environments of functions): all that decides, on both
// sides and for the answers, is compiled into one list, which says the same as Decide (reachability.h). Answers go to a port as clients
// have them (kClientPort). A pure function. Size: for each block that a rule, a route or an interface names, and each protocol, as many
// rules as the ports fall into parts.
#pragma once

#include <string>
#include <vector>

#include "vpc/reachability.h"

namespace mayfly::vpc {

inline constexpr int kClientPort = 40'000;

struct ProfileRule {
  Block destination;
  std::string protocol;  // tcp, udp, icmp, icmpv6; "": all
  int port_low = 0;      // of tcp and udp
  int port_high = 65'535;
  Verdict verdict;
};

// What no rule takes is refused: there is no route to it. The interface is one of the network's.
std::vector<ProfileRule> ProfileOf(const Network& network, const std::string& interface_id);

}  // namespace mayfly::vpc
