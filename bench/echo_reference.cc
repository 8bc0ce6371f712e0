// The fixed reference of all benchmarks: a single-threaded epoll HTTP/1.1 keep-alive echo. Figures in SPEC.md are ratios to
// it, so it does not change. It answers every request with 200 and the request's body, knows Content-Length and nothing
// else, and trusts its client: it is a yardstick, no server.
//
//   echo_reference [port]      prints "ready PORT"; port 0 (the default) picks a free one
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

struct Connection {
  int fd = -1;
  std::string input;
  std::string output;  // what the kernel did not take at once
};

constexpr size_t kReadBytes = 64 * 1024;

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::exit(1);
}

// The value of Content-Length in `head`; 0 when there is none.
size_t ContentLength(std::string_view head) {
  for (size_t at = head.find('\n'); at != std::string_view::npos; at = head.find('\n', at + 1)) {
    const std::string_view rest = head.substr(at + 1);
    if (rest.size() > 15 && strncasecmp(rest.data(), "content-length:", 15) == 0) return std::strtoul(rest.data() + 15, nullptr, 10);
  }
  return 0;
}

// Answers one request from the front of `input`: how many bytes it had; 0 when it is not whole yet.
size_t AnswerOne(Connection& connection, std::string_view input) {
  const size_t head_end = input.find("\r\n\r\n");
  if (head_end == std::string_view::npos) return 0;
  const size_t body_bytes = ContentLength(input.substr(0, head_end + 2));
  const size_t total = head_end + 4 + body_bytes;
  if (input.size() < total) return 0;
  char head[128];
  const int head_bytes = std::snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", body_bytes);
  const std::string_view body = input.substr(head_end + 4, body_bytes);
  size_t sent = 0;
  if (connection.output.empty()) {
    const iovec parts[2] = {{head, static_cast<size_t>(head_bytes)}, {const_cast<char*>(body.data()), body.size()}};
    const ssize_t written = ::writev(connection.fd, parts, 2);
    sent = written > 0 ? static_cast<size_t>(written) : 0;
  }
  std::string_view head_rest(head, static_cast<size_t>(head_bytes));
  if (sent < head_rest.size() + body.size()) {
    head_rest.remove_prefix(std::min(sent, head_rest.size()));
    connection.output.append(head_rest);
    connection.output.append(body.substr(std::max<size_t>(sent, static_cast<size_t>(head_bytes)) - static_cast<size_t>(head_bytes)));
  }
  return total;
}

// False: the connection has ended.
bool Flush(Connection& connection) {
  while (!connection.output.empty()) {
    const ssize_t written = ::send(connection.fd, connection.output.data(), connection.output.size(), MSG_NOSIGNAL);
    if (written < 0) return errno == EAGAIN;
    connection.output.erase(0, static_cast<size_t>(written));
  }
  return true;
}

// False: the connection has ended. Most requests are answered straight out of the shared buffer.
bool Serve(Connection& connection) {
  static char buffer[kReadBytes];
  const ssize_t bytes = ::recv(connection.fd, buffer, sizeof buffer, 0);
  if (bytes == 0) return false;
  if (bytes < 0) return errno == EAGAIN;
  std::string_view input(buffer, static_cast<size_t>(bytes));
  if (!connection.input.empty()) {
    connection.input.append(input);
    input = connection.input;
  }
  while (const size_t used = input.empty() ? 0 : AnswerOne(connection, input)) input.remove_prefix(used);
  std::string rest(input);
  connection.input.swap(rest);
  return true;
}

int Listen(uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) Die("bind");
  if (::listen(fd, 1024) != 0) Die("listen");
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  std::printf("ready %d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return fd;
}

void Watch(int epoll, int operation, int fd, uint32_t events, void* data) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = data;
  if (::epoll_ctl(epoll, operation, fd, &event) != 0) Die("epoll_ctl");
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = Listen(static_cast<uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0));
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  Watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN, nullptr);
  epoll_event events[256];
  for (;;) {
    const int count = ::epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < count; ++i) {
      auto* connection = static_cast<Connection*>(events[i].data.ptr);
      if (!connection) {
        for (int fd; (fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
          Watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN, new Connection{fd, {}, {}});
        }
        continue;
      }
      bool alive = (events[i].events & EPOLLIN) == 0 || Serve(*connection);
      const bool had_output = !connection->output.empty();
      alive = alive && Flush(*connection);
      if (!alive) {
        ::close(connection->fd);
        delete connection;
      } else if (had_output || (events[i].events & EPOLLOUT)) {
        Watch(epoll, EPOLL_CTL_MOD, connection->fd, connection->output.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT, connection);
      }
    }
  }
}
