// Which rule lets a connection of a function's pass, or does not: the rules of router/rules.cc as an answer to a question.
//
// Pure. tests/sdk/test_function_network.py holds it against what the kernel does.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "uplink/network_options.h"

namespace mayfly::uplink {

struct Explanation {
  bool passes = false;
  std::string rule;  // "private ranges are refused (--function-network without private)"
};

// `address`: IPv4 or IPv6 as text. `machine`: addresses of this machine, as text. Error: Fault; no address.
Result<Explanation> Explain(const NetworkPlan& plan, const std::string& address, uint16_t port, const std::vector<std::string>& machine);

}  // namespace mayfly::uplink
