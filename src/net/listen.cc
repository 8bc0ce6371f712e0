// Listening sockets.
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "net/http_server.h"

namespace mayfly::http {
namespace {

Error ListenError(const std::string& where, int error_number) {
  Error error = Error::FromErrno(fmt::format("listen on {}", where), error_number);
  switch (error_number) {
    case EADDRINUSE: error.hint = "another program listens there: stop it, or choose another port (0 picks a free one)"; break;
    case EADDRNOTAVAIL: error.hint = "this machine has no such address; 127.0.0.1 and 0.0.0.0 always exist"; break;
    case EACCES: error.hint = "ports below 1024 and paths of other users need privileges"; break;
    case ENOENT: error.hint = "the folder of the socket must exist"; break;
    default: break;
  }
  return error;
}

Result<UniqueFd> BindAndListen(int family, const sockaddr* address, socklen_t size, int backlog, const std::string& where) {
  UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return Fail(ListenError(where, errno));
  const int on = 1;
  if (family != AF_UNIX) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (family == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(fd.get(), address, size) != 0) return Fail(ListenError(where, errno));
  if (::listen(fd.get(), backlog) != 0) return Fail(ListenError(where, errno));
  return fd;
}

// Whether a Unix socket is left over from a process that has ended: it is a socket and refuses connections.
bool IsAbandonedSocket(const sockaddr_un& address) {
  struct stat status;
  if (::lstat(address.sun_path, &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  return probe && ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno == ECONNREFUSED;
}

}  // namespace

Result<UniqueFd> ListenTcp(const std::string& host, uint16_t port, int backlog) {
  const std::string where = fmt::format("{}:{}", host, port);
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string service = std::to_string(port);
  if (const int status = ::getaddrinfo(host.empty() ? nullptr : host.c_str(), service.c_str(), &hints, &found); status != 0) {
    return Fail(Error::Fault(fmt::format("listen on {}: {}", where, ::gai_strerror(status)), "give an address of this machine, e.g. 127.0.0.1"));
  }
  auto listener = BindAndListen(found->ai_family, found->ai_addr, found->ai_addrlen, backlog, where);
  ::freeaddrinfo(found);
  return listener;
}

Result<UniqueFd> ListenUnix(const std::string& path, int backlog) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return Fail(Error::Fault(fmt::format("listen on unix:{}: a socket's path has 1 to {} bytes", path, sizeof address.sun_path - 1)));
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  if (IsAbandonedSocket(address)) ::unlink(address.sun_path);
  return BindAndListen(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address, backlog, "unix:" + path);
}

uint16_t LocalPort(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  return 0;
}

}  // namespace mayfly::http
