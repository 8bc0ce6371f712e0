// The router's command line: everything that an operator decides about the network is said here, by whoever starts the daemon.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mayfly::router {

struct Options {
  std::string instance;                  // [a-z0-9]{1,12}: names the link and the table on the machine's side
  bool internet = true;                  // whatever is not refused; else what is allowed only
  bool refuse_private = true;            // private ranges
  std::string machine_ports;             // of host.mayfly.internal: "", or as nftables writes a list of ports: "5432, 8000-8010"
  std::vector<std::string> allowed;      // "ADDRESS[/BITS] . PORT[-PORT]": reached although it would be refused
  uint32_t connections = 1024;           // of one cage at a time
  uint32_t connections_of_all = 65536;   // of all cages
  uint64_t bytes_per_second = 0;         // of one cage, in each direction; 0: no bound
};

// "" or what is wrong with the arguments. Each text is checked letter by letter: it becomes a part of the rules.
//   --instance NAME [--internet yes|no] [--refuse-private yes|no] [--machine-ports LIST] [--allow DESTINATION]… [--connections N] [--connections-of-all N]
//   [--bytes-per-second N]
std::string ParseOptions(int argument_count, char** arguments, Options& options);

}  // namespace mayfly::router
