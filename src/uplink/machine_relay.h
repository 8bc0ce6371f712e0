// MachineRelay: services that listen on this machine, as functions reach them: host.mayfly.internal, 169.254.100.4 inside.
//
// A service on 127.0.0.1 cannot be reached through a link without changing settings of the machine (route_localnet) that make it
// reachable for others too. So the router brings connections to allowed ports to one listening socket of ours; who accepts there asks
// the kernel for the port that was meant, connects to it on 127.0.0.1, or else ::1, and passes bytes on, in both directions, with the
// end of each. TCP only. The services see connections of the daemon's.
// Bound: kConnectionsMax, and what the router lets an environment have. A connection that cannot be made ends with a reset.
#pragma once

#include "base/real_loop.h"
#include "base/task_scope.h"
#include "net/polled_descriptor.h"
#include "uplink/bounded_counts.h"

namespace mayfly::uplink {

class MachineRelay {
 public:
  static constexpr size_t kConnectionsMax = 4096;
  static constexpr size_t kConnectionsOfOneMax = 1024;

  MachineRelay(RealLoop& loop, UniqueFd listener);
  Task<> Stop();
  size_t connections() const { return connections_.all(); }

 private:
  Task<> Serve();
  Task<> Carry(UniqueFd connection, uint16_t port, BoundedCounts::Place place);

  RealLoop* loop_;
  PolledDescriptor listener_;
  BoundedCounts connections_{{kConnectionsMax, kConnectionsOfOneMax}};
  TaskScope tasks_;
};

}  // namespace mayfly::uplink
