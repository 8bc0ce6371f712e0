#include "uplink/sockets.h"

#include <arpa/inet.h>

#include <cerrno>

namespace mayfly::uplink {

socklen_t SizeOf(const sockaddr_storage& address) { return address.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in); }

Task<Result<PolledDescriptor>> Connect(RealLoop& loop, int type, const sockaddr_storage& address, Duration patience) {
  UniqueFd made(::socket(address.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!made) co_return Fail(Error::FromErrno("make a socket", errno));
  const int status = ::connect(made.get(), reinterpret_cast<const sockaddr*>(&address), SizeOf(address));
  if (status != 0 && errno != EINPROGRESS) co_return Fail(Error::FromErrno("connect", errno));
  PolledDescriptor socket(loop, std::move(made));
  if (status == 0) co_return socket;
  {
    const Patience bound(loop, socket, patience);
    MF_CO_TRY_VOID(co_await socket.WaitWritable());
  }
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) co_return Fail(Error::FromErrno("connect", error));
  co_return socket;
}

Task<Result<>> SendAll(PolledDescriptor& socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) bytes.remove_prefix(static_cast<size_t>(sent));
    else if (errno == EAGAIN) MF_CO_TRY_VOID(co_await socket.WaitWritable());
    else if (errno != EINTR) co_return Fail(Error::FromErrno("send", errno));
  }
  co_return Result<>();
}

sockaddr_storage SocketAddress(const std::string& address, uint16_t port) {
  sockaddr_storage made{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(made);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(made);
  if (::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) {
    made.ss_family = AF_INET;
    v4.sin_port = htons(port);
    return made;
  }
  const int is_v6 = ::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr);
  MF_ASSERT(is_v6 == 1);
  made.ss_family = AF_INET6;
  v6.sin6_port = htons(port);
  return made;
}

uint32_t AddressOf(const sockaddr_storage& address) {
  return address.ss_family == AF_INET ? ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr) : 0;
}

}  // namespace mayfly::uplink
