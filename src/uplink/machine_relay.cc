#include "uplink/machine_relay.h"

#include <netinet/tcp.h>

#include <cerrno>
#include <string>

#include "base/event.h"
#include "uplink/sockets.h"

namespace mayfly::uplink {
namespace {

constexpr int kOriginalDestination = 80;  // SO_ORIGINAL_DST, of linux/netfilter_ipv4.h, which cannot be included beside netinet/in.h
constexpr Duration kConnectPatience = std::chrono::seconds(10);

// What it was for, before the router brought it here; port 0: unknown.
RelayedConnection MeantBy(int connection, const sockaddr_storage& peer) {
  sockaddr_in meant{};
  socklen_t size = sizeof meant;
  if (::getsockopt(connection, SOL_IP, kOriginalDestination, &meant, &size) != 0) return {};
  return {AddressOf(peer), ntohl(meant.sin_addr.s_addr), ntohs(meant.sin_port)};
}

void ResetAtClose(int socket) {
  const linger none{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

// A peer that has vanished (an environment, a machine behind the service) is noticed.
void KeepAlive(int socket) {
  const int on = 1;
  const int seconds = 60;
  ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

struct Pair {
  PolledDescriptor inside;
  PolledDescriptor outside;
};

// One direction, until its end, which is passed on. A break ends both.
Task<> Pump(PolledDescriptor& from, PolledDescriptor& to) {
  for (;;) {
    static thread_local char buffer[64 * 1024];
    ssize_t count = ::recv(from.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) {
      if (!co_await from.WaitReadable()) break;
      continue;
    }
    if (count < 0) break;
    if (count == 0) {
      ::shutdown(to.get(), SHUT_WR);
      co_return;
    }
    const ssize_t sent = std::max<ssize_t>(::send(to.get(), buffer, static_cast<size_t>(count), MSG_DONTWAIT | MSG_NOSIGNAL), 0);
    if (sent == count) continue;
    const std::string rest(buffer + sent, static_cast<size_t>(count - sent));
    if (!co_await SendAll(to, rest)) break;
  }
  ResetAtClose(from.get());
  ResetAtClose(to.get());
  from.Cancel();
  to.Cancel();
}

Task<Result<PolledDescriptor>> ConnectToFirst(RealLoop& loop, std::vector<sockaddr_storage> goals) {
  Error last = Error::Fault("it leads nowhere");
  for (const sockaddr_storage& goal : goals) {
    auto connected = co_await Connect(loop, SOCK_STREAM, goal, kConnectPatience);
    if (connected) co_return connected;
    last = std::move(connected).error();
  }
  co_return Fail(std::move(last));
}

}  // namespace

std::vector<sockaddr_storage> LoopbackGoals(uint16_t port) { return {SocketAddress("127.0.0.1", port), SocketAddress("::1", port)}; }

MachineRelay::MachineRelay(RealLoop& loop, UniqueFd listener, Goals goals)
    : loop_(&loop), listener_(loop, std::move(listener)), goals_(std::move(goals)), tasks_(loop) {
  tasks_.Spawn(Serve());
}

Task<> MachineRelay::Stop() {
  listener_.Cancel();
  co_return;
}

Task<> MachineRelay::Serve() {
  Context ctx(*loop_);
  while (co_await listener_.WaitReadable()) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    UniqueFd connection(::accept4(listener_.get(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!connection && errno != EAGAIN && !co_await Sleep(ctx, std::chrono::milliseconds(100))) co_return;
    if (!connection) continue;
    BoundedCounts::Place place = connections_.Enter(AddressOf(peer));
    const RelayedConnection meant = MeantBy(connection.get(), peer);
    if (place && meant.port != 0) tasks_.Spawn(Carry(std::move(connection), goals_(meant), std::move(place)));
    else ResetAtClose(connection.get());
  }
}

Task<> MachineRelay::Carry(UniqueFd connection, std::vector<sockaddr_storage> goals, BoundedCounts::Place place) {
  auto outside = co_await ConnectToFirst(*loop_, std::move(goals));
  if (!outside) {
    ResetAtClose(connection.get());
    co_return;
  }
  Pair pair{PolledDescriptor(*loop_, std::move(connection)), std::move(*outside)};
  KeepAlive(pair.inside.get());
  KeepAlive(pair.outside.get());
  TaskScope directions(*loop_);
  directions.Spawn(Pump(pair.inside, pair.outside));
  directions.Spawn(Pump(pair.outside, pair.inside));
  co_await directions.Join();
}

}  // namespace mayfly::uplink
