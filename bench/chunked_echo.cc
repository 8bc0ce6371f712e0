// The reference of `bench/run stream`: an HTTP/1.1 echo of chunked bodies. What a client sends in chunks comes back in the same
// chunks as soon as they are here; one thread per connection, blocking. It trusts its client: it is a yardstick, no server.
//
//   chunked_echo      prints "ready PORT"
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

namespace {

constexpr size_t kBufferBytes = 64 * 1024;
constexpr std::string_view kHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

// Where a chunked body ends, told of its bytes piece by piece.
class EndFinder {
 public:
  // How many bytes of `bytes` belong to the body; ended() when its end is among them.
  size_t Take(std::string_view bytes) {
    for (size_t at = 0; at < bytes.size();) {
      if (left_ > 0) {
        const size_t step = left_ < bytes.size() - at ? left_ : bytes.size() - at;
        left_ -= step;
        at += step;
        continue;
      }
      line_ += bytes[at++];
      if (line_.size() < 2 || line_[line_.size() - 1] != '\n') continue;
      if (in_trailers_) {
        if (line_ == "\r\n") {
          ended_ = true;
          return at;
        }
      } else {
        const size_t size = std::strtoul(line_.c_str(), nullptr, 16);
        in_trailers_ = size == 0;
        left_ = size == 0 ? 0 : size + 2;
      }
      line_.clear();
    }
    return bytes.size();
  }
  bool ended() const { return ended_; }

 private:
  std::string line_;
  size_t left_ = 0;
  bool in_trailers_ = false;
  bool ended_ = false;
};

bool SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool Receive(int fd, std::string& input) {
  char buffer[kBufferBytes];
  const ssize_t count = ::recv(fd, buffer, sizeof buffer, 0);
  if (count > 0) input.append(buffer, static_cast<size_t>(count));
  return count > 0;
}

bool EchoOne(int fd, std::string& input) {
  size_t head_end = std::string::npos;
  while ((head_end = input.find("\r\n\r\n")) == std::string::npos) {
    if (!Receive(fd, input)) return false;
  }
  input.erase(0, head_end + 4);
  if (!SendAll(fd, kHead)) return false;
  EndFinder end;
  for (;;) {
    const size_t count = end.Take(input);
    if (!SendAll(fd, std::string_view(input).substr(0, count))) return false;
    input.erase(0, count);
    if (end.ended()) return true;
    if (!Receive(fd, input)) return false;
  }
}

void Serve(int fd) {
  std::string input;
  while (EchoOne(fd, input)) {
  }
  ::close(fd);
}

}  // namespace

int main() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (listener < 0 || ::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener, 64) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("listen");
    return 1;
  }
  std::printf("ready %d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  for (;;) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    std::thread(Serve, fd).detach();
  }
}
