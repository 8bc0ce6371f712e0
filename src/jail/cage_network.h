// A cage's link to the router (docs/network.md): made ahead of use, with the cage.
//
// The jail gives each cage an address; the cage's first process makes the link, in its own network namespace and in the router's. When
// the cage ends the kernel takes the link, the address and the routes away with the namespace.
#pragma once

#include <stdint.h>

#include <vector>

#include "base/fd.h"

namespace mayfly::jail {

// Which addresses are taken. One that was given back is given out again as late as can be: what is still under way to the one who had
// it must not reach the next. Of a jail; there are more than cages.
class CageAddresses {
 public:
  CageAddresses();
  uint32_t Take();
  void GiveBack(uint32_t index);

 private:
  std::vector<bool> taken_;
  uint32_t next_ = 0;
};

struct CageLink {
  int router = -1;     // the router's network namespace; -1: no network
  uint32_t index = 0;  // of the address (sandbox/router_protocol.h)
  bool has_ipv6 = false;
};

// A socket that works in the router's network namespace. The calling process is in that namespace afterwards: it makes its own next.
// Empty, with errno.
UniqueFd OpenRouter(int router);

// In a new network namespace: the link, its address and the way out. `proc`: the machine's /proc. 0 or errno.
int ConnectToRouter(const CageLink& link, int router_socket, int proc);

}  // namespace mayfly::jail
