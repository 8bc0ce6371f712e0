// A custom runtime in one C++ file that streams its answers: an event that is a number, or {"body": "a number"} from a function URL, is
// answered with as many bytes, in chunks of 64 KiB, while they are being made.
//
// Its answer is one chunked POST with the header Lambda-Runtime-Function-Response-Mode: streaming; an event that holds no number is
// answered by an error behind the first bytes, in trailers. Blocking I/O over one connection, no library beside the C++ standard's.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

constexpr size_t kChunkBytes = 64 * 1024;
constexpr size_t kEventBytesMax = 8 << 20;

[[noreturn]] void Fail(const char* what) {
  std::fprintf(stderr, "bootstrap: %s\n", what);
  std::exit(1);
}

class Connection {
 public:
  explicit Connection(const std::string& address) {
    const size_t colon = address.rfind(':');
    if (colon == std::string::npos) Fail("AWS_LAMBDA_RUNTIME_API is not ip:port");
    sockaddr_in peer{};
    peer.sin_family = AF_INET;
    peer.sin_port = htons(static_cast<uint16_t>(std::atoi(address.c_str() + colon + 1)));
    if (inet_pton(AF_INET, address.substr(0, colon).c_str(), &peer.sin_addr) != 1) Fail("AWS_LAMBDA_RUNTIME_API is not ip:port");
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd_ < 0 || connect(fd_, reinterpret_cast<sockaddr*>(&peer), sizeof peer) != 0) Fail("cannot connect");
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }

  void Send(const char* data, size_t size) {
    while (size > 0) {
      const ssize_t sent = send(fd_, data, size, MSG_NOSIGNAL);
      if (sent <= 0) Fail("cannot send");
      data += sent;
      size -= static_cast<size_t>(sent);
    }
  }
  void Send(const std::string& text) { Send(text.data(), text.size()); }

  // One chunk: its size line, its bytes and the line's end in one system call where the kernel takes them.
  void SendChunk(const char* data, size_t size) {
    char line[32];
    const auto line_bytes = static_cast<size_t>(std::snprintf(line, sizeof line, "%zx\r\n", size));
    const iovec parts[3] = {{line, line_bytes}, {const_cast<char*>(data), size}, {const_cast<char*>("\r\n"), 2}};
    const ssize_t sent = writev(fd_, parts, 3);
    if (sent <= 0) Fail("cannot send");
    auto done = static_cast<size_t>(sent);
    for (const iovec& part : parts) {
      const size_t skipped = done < part.iov_len ? done : part.iov_len;
      Send(static_cast<const char*>(part.iov_base) + skipped, part.iov_len - skipped);
      done -= skipped;
    }
  }

  // One answer: its status; head and body are filled.
  int Receive(std::string& head, std::string& body) {
    size_t end = std::string::npos;
    while ((end = input_.find("\r\n\r\n")) == std::string::npos) ReceiveMore();
    head = input_.substr(0, end + 2);
    input_.erase(0, end + 4);
    const std::string length = Header(head, "content-length");
    const size_t size = length.empty() ? 0 : std::strtoul(length.c_str(), nullptr, 10);
    if (size > kEventBytesMax) Fail("the event is too large");
    while (input_.size() < size) ReceiveMore();
    body = input_.substr(0, size);
    input_.erase(0, size);
    return std::atoi(head.c_str() + 9);
  }

  static std::string Header(const std::string& head, const char* name) {
    const size_t name_bytes = std::strlen(name);
    for (size_t line = head.find("\r\n"); line != std::string::npos && line + 2 < head.size(); line = head.find("\r\n", line + 2)) {
      const char* text = head.c_str() + line + 2;
      if (strncasecmp(text, name, name_bytes) != 0 || text[name_bytes] != ':') continue;
      const char* value = text + name_bytes + 1;
      while (*value == ' ') ++value;
      return std::string(value, std::strcspn(value, "\r"));
    }
    return "";
  }

 private:
  void ReceiveMore() {
    char buffer[16 * 1024];
    const ssize_t count = recv(fd_, buffer, sizeof buffer, 0);
    if (count <= 0) Fail("the platform closed the connection");
    input_.append(buffer, static_cast<size_t>(count));
    if (input_.size() > kEventBytesMax + sizeof buffer) Fail("the event is too large");
  }

  int fd_ = -1;
  std::string input_;
};

// The first number in the event, or in its "body"; -1 when there is none.
long long WantedBytes(const std::string& event) {
  const size_t body = event.find("\"body\":");
  size_t at = body == std::string::npos ? 0 : body + 7;
  while (at < event.size() && (std::isspace(static_cast<unsigned char>(event[at])) || event[at] == '"')) ++at;
  return at < event.size() && std::isdigit(static_cast<unsigned char>(event[at])) ? std::strtoll(event.c_str() + at, nullptr, 10) : -1;
}

void Stream(Connection& api, long long bytes) {
  static char chunk[kChunkBytes];
  std::memset(chunk, 'x', sizeof chunk);
  for (long long left = bytes; left > 0; left -= static_cast<long long>(kChunkBytes)) {
    api.SendChunk(chunk, left < static_cast<long long>(kChunkBytes) ? static_cast<size_t>(left) : kChunkBytes);
  }
}

}  // namespace

int main() {
  const char* address = std::getenv("AWS_LAMBDA_RUNTIME_API");
  if (!address) Fail("AWS_LAMBDA_RUNTIME_API is not set");
  Connection api(address);
  const std::string host = std::string(" HTTP/1.1\r\nHost: ") + address + "\r\n";
  std::string head, event;
  for (;;) {
    api.Send("GET /2018-06-01/runtime/invocation/next" + host + "\r\n");
    if (api.Receive(head, event) != 200) Fail("no next invocation");
    api.Send("POST /2018-06-01/runtime/invocation/" + Connection::Header(head, "lambda-runtime-aws-request-id") + "/response" + host +
             "Content-Type: application/octet-stream\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n"
             "Transfer-Encoding: chunked\r\nTrailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\r\n");
    const long long bytes = WantedBytes(event);
    if (bytes >= 0) {
      Stream(api, bytes);
      api.Send("0\r\n\r\n");
    } else {  // {"errorType":"Function.NoNumber","errorMessage":"the event is no number"} in base64
      api.Send("0\r\nLambda-Runtime-Function-Error-Type: Function.NoNumber\r\nLambda-Runtime-Function-Error-Body: "
               "eyJlcnJvclR5cGUiOiJGdW5jdGlvbi5Ob051bWJlciIsImVycm9yTWVzc2FnZSI6InRoZSBldmVudCBpcyBubyBudW1iZXIifQ==\r\n\r\n");
    }
    std::string answer;
    if (api.Receive(head, answer) >= 500) Fail("the platform failed");
  }
}
