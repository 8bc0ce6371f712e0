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

// The port that a connection was for, before the router brought it here; 0: unknown.
uint16_t MeantPort(int connection) {
  sockaddr_in meant{};
  socklen_t size = sizeof meant;
  return ::getsockopt(connection, SOL_IP, kOriginalDestination, &meant, &size) == 0 ? ntohs(meant.sin_port) : 0;
}

sockaddr_storage Loopback(int family, uint16_t port) {
  sockaddr_storage address{};
  address.ss_family = static_cast<sa_family_t>(family);
  if (family == AF_INET) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(address);
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    v4.sin_port = htons(port);
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address);
    v6.sin6_addr = in6addr_loopback;
    v6.sin6_port = htons(port);
  }
  return address;
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

Task<Result<PolledDescriptor>> ConnectToMachine(RealLoop& loop, uint16_t port) {
  auto first = co_await Connect(loop, SOCK_STREAM, Loopback(AF_INET, port), kConnectPatience);
  if (first) co_return first;
  co_return co_await Connect(loop, SOCK_STREAM, Loopback(AF_INET6, port), kConnectPatience);
}

}  // namespace

MachineRelay::MachineRelay(RealLoop& loop, UniqueFd listener) : loop_(&loop), listener_(loop, std::move(listener)), tasks_(loop) { tasks_.Spawn(Serve()); }

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
    const uint16_t port = MeantPort(connection.get());
    if (place && port != 0) tasks_.Spawn(Carry(std::move(connection), port, std::move(place)));
    else ResetAtClose(connection.get());
  }
}

Task<> MachineRelay::Carry(UniqueFd connection, uint16_t port, BoundedCounts::Place place) {
  auto outside = co_await ConnectToMachine(*loop_, port);
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
