// MachineRelay: services that listen on this machine, as functions reach them: host.mayfly.internal, 169.254.100.4 inside; and what is
// attached to VPCs and is on this machine.
//
// A service on 127.0.0.1 cannot be reached through a link without changing settings of the machine (route_localnet) that make it
// reachable for others too. So the router brings connections to allowed ports to one listening socket of ours; who accepts there asks
// the kernel for the address and port that were meant, connects to what they stand for, and passes bytes on, in both directions, with the
// end of each. TCP only. The services see connections of the daemon's.
// Bound: kConnectionsMax, and what the router lets an environment have. A connection that cannot be made ends with a reset.
#pragma once

#include <sys/socket.h>

#include <functional>
#include <vector>

#include "base/real_loop.h"
#include "base/task_scope.h"
#include "net/polled_descriptor.h"
#include "uplink/bounded_counts.h"

namespace mayfly::uplink {

// As it was begun, before the router brought it here. Host order.
struct RelayedConnection {
  uint32_t peer = 0;
  uint32_t address = 0;
  uint16_t port = 0;
};

// 127.0.0.1, then ::1.
std::vector<sockaddr_storage> LoopbackGoals(uint16_t port);

class MachineRelay {
 public:
  static constexpr size_t kConnectionsMax = 4096;
  static constexpr size_t kConnectionsOfOneMax = 1024;

  // `goals`: where a connection leads, the first that answers; none: it is reset.
  using Goals = std::function<std::vector<sockaddr_storage>(const RelayedConnection& connection)>;
  MachineRelay(RealLoop& loop, UniqueFd listener, Goals goals);
  Task<> Stop();
  size_t connections() const { return connections_.all(); }

 private:
  Task<> Serve();
  Task<> Carry(UniqueFd connection, std::vector<sockaddr_storage> goals, BoundedCounts::Place place);

  RealLoop* loop_;
  PolledDescriptor listener_;
  Goals goals_;
  BoundedCounts connections_{{kConnectionsMax, kConnectionsOfOneMax}};
  TaskScope tasks_;
};

}  // namespace mayfly::uplink
