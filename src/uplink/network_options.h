// What functions may reach: the options of it, and the plan that they and the way the daemon is called make together.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/option.h"

namespace mayfly::uplink {

struct NetworkOptions {
  std::string reach;                // --function-network; "": by the mode (docs/network.md)
  std::vector<std::string> name_servers;  // ADDRESS[:PORT] instead of the machine's
  int connections = 1024;
  int connections_of_all = 65536;
  int64_t bytes_per_second = 0;
};
OptionGroup OptionsOf(NetworkOptions& network);

struct PortRange {
  uint16_t low = 0;
  uint16_t high = 65535;
  bool operator==(const PortRange&) const = default;
};

// A destination that is reached although it would be refused.
struct Destination {
  std::string network;  // "10.1.0.0/16", "10.1.2.3", "fd00:1::/64"
  PortRange ports;
};

// How the daemon is called decides what is open by default.
enum class Trust : unsigned char {
  OwnMachine,  // open mode, loopback: a developer's machine
  Strict,
};

struct NetworkPlan {
  bool has_network = true;
  bool internet = true;
  bool private_ranges = false;
  std::vector<PortRange> machine_ports;  // of host.mayfly.internal
  std::vector<Destination> allowed;
  uint16_t own_port = 0;  // the daemon's

  // "internet,private,host", as --function-network takes it.
  std::string Text() const;
};

// "none", or by commas: internet, private, host, host=PORT or PORT-PORT (further ports may follow), allow=ADDRESS[/BITS][:PORT[-PORT]]
// (IPv6 in brackets where a port follows). `own_port`: the daemon's, which "host" leaves out. Error: Fault, with what was expected.
Result<NetworkPlan> PlanNetwork(const NetworkOptions& options, Trust trust, uint16_t own_port);

}  // namespace mayfly::uplink
