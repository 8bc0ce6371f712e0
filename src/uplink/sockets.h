// Sockets of the name server and the relay, on the loop.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>
#include <string_view>

#include "base/real_loop.h"
#include "net/polled_descriptor.h"

namespace mayfly::uplink {

// Ends the waits of a descriptor when a time is over. Lives shorter than the descriptor.
class Patience {
 public:
  Patience(RealLoop& loop, PolledDescriptor& descriptor, Duration patience)
      : loop_(&loop), timer_(loop.CallAfter(patience, [&descriptor] { descriptor.Cancel(); })) {}
  Patience(const Patience&) = delete;
  Patience& operator=(const Patience&) = delete;
  ~Patience() { loop_->CancelTimer(timer_); }

 private:
  RealLoop* loop_;
  Loop::TimerId timer_;
};

// `address`: IPv4 or IPv6 as text, without a zone.
sockaddr_storage SocketAddress(const std::string& address, uint16_t port);
socklen_t SizeOf(const sockaddr_storage& address);
// A connected socket (of UDP: with one peer). Error: Fault.
Task<Result<PolledDescriptor>> Connect(RealLoop& loop, int type, const sockaddr_storage& address, Duration patience);
// Error: Fault; the peer has gone.
Task<Result<>> SendAll(PolledDescriptor& socket, std::string_view bytes);
// Of a TCP peer in host order; 0: not IPv4.
uint32_t AddressOf(const sockaddr_storage& address);

}  // namespace mayfly::uplink
