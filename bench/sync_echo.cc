// A reference for what is durable before it is answered: an HTTP/1.1 keep-alive echo of one connection that writes each
// request's body into a preallocated file and syncs it (pwrite, fdatasync) before its answer. A yardstick, no server.
//
//   sync_echo FILE      prints "ready PORT"; FILE is made, and lies on the disk that is measured
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

constexpr off_t kFileBytes = 64 << 20;
constexpr size_t kPageBytes = 4096;

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::exit(1);
}

int OpenPreallocated(const char* path) {
  const int fd = ::open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) Die(path);
  const std::vector<char> zeros(1 << 20);
  for (off_t at = 0; at < kFileBytes; at += static_cast<off_t>(zeros.size())) {
    if (::pwrite(fd, zeros.data(), zeros.size(), at) < 0) Die("pwrite");
  }
  if (::fsync(fd) != 0) Die("fsync");
  return fd;
}

int Listen() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd, 16) != 0) Die("listen");
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) Die("getsockname");
  std::printf("ready %d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return fd;
}

// The length of the request at the front of `input`, 0 while it is not whole; `body` is where its body begins.
size_t WholeRequest(const std::string& input, size_t& body) {
  const size_t head_end = input.find("\r\n\r\n");
  if (head_end == std::string::npos) return 0;
  body = head_end + 4;
  const char* length = ::strcasestr(input.c_str(), "\ncontent-length:");
  const size_t total = body + (length ? std::strtoul(length + 16, nullptr, 10) : 0);
  return input.size() >= total ? total : 0;
}

void Serve(int connection, int file) {
  static off_t at = 0;
  char buffer[64 * 1024];
  std::string input, page(kPageBytes, '\0');
  for (;;) {
    const ssize_t bytes = ::recv(connection, buffer, sizeof buffer, 0);
    if (bytes <= 0) return;
    input.append(buffer, static_cast<size_t>(bytes));
    size_t body = 0;
    while (const size_t total = WholeRequest(input, body)) {
      std::memcpy(page.data(), input.data() + body, std::min(total - body, page.size()));
      if (::pwrite(file, page.data(), page.size(), at) < 0 || ::fdatasync(file) != 0) Die("write");
      at = (at + static_cast<off_t>(kPageBytes)) % kFileBytes;
      const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(total - body) + "\r\n\r\n" + input.substr(body, total - body);
      if (::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) return;
      input.erase(0, total);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: sync_echo FILE\n"), 1;
  const int file = OpenPreallocated(argv[1]);
  const int listener = Listen();
  for (;;) {
    const int connection = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) Die("accept");
    const int on = 1;
    ::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Serve(connection, file);
    ::close(connection);
  }
}
