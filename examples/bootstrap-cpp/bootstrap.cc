// A custom runtime in one C++ file: the function answers every event with itself.
//
// It speaks the Runtime API over a raw socket and is made to be the fastest function there can be, as the native measure of the benchmarks:
// per invocation one receive and one writev, in which the answer and the request for the next event travel together. The event is
// sent back from the buffer in which it arrived. Linked statically, without the C++ runtime library: it is ready 1 ms after exec.
//
// Ends with code 1 when the platform goes away or says what it does not understand (chunked events are not understood).
// Limit: 64 MiB of event.

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

constexpr size_t kEventBytesMax = 64 << 20;
constexpr size_t kFirstBufferBytes = 64 << 10;

[[noreturn]] void Fail(const char* what) {
  dprintf(2, "bootstrap: %s%s%s\n", what, errno != 0 ? ": " : "", errno != 0 ? strerror(errno) : "");
  _exit(1);
}

struct Slice {
  const char* data = nullptr;
  size_t size = 0;
};

// One HTTP answer inside the receive buffer.
struct Answer {
  int status = 0;
  size_t head_bytes = 0;
  size_t body_bytes = 0;
  Slice request_id;
};

// What has been received; the bytes from `begin` on are not used yet. Grows up to what the largest event needs.
struct Buffer {
  char* data = nullptr;
  size_t capacity = 0;
  size_t begin = 0;
  size_t end = 0;
  int low_water_mark = 1;  // a receive sleeps until this many bytes are there
};

void SetLowWaterMark(int fd, Buffer& buffer, size_t bytes) {
  int value = static_cast<int>(bytes);
  if (value == buffer.low_water_mark) return;
  setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &value, sizeof value);
  buffer.low_water_mark = value;
}

int Connect(const char* address) {
  char host[64];
  const char* colon = strrchr(address, ':');
  if (colon == nullptr || static_cast<size_t>(colon - address) >= sizeof host) Fail("AWS_LAMBDA_RUNTIME_API is not ip:port");
  memcpy(host, address, colon - address);
  host[colon - address] = '\0';
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(static_cast<uint16_t>(atoi(colon + 1)));
  if (inet_pton(AF_INET, host, &peer.sin_addr) != 1) Fail("AWS_LAMBDA_RUNTIME_API is not ip:port");
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, reinterpret_cast<sockaddr*>(&peer), sizeof peer) != 0) Fail("connect");
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

void ReceiveMore(int fd, Buffer& buffer) {
  if (buffer.begin == buffer.end) buffer.begin = buffer.end = 0;
  if (buffer.end == buffer.capacity) {
    if (buffer.begin > 0) {
      memmove(buffer.data, buffer.data + buffer.begin, buffer.end - buffer.begin);
      buffer.end -= buffer.begin;
      buffer.begin = 0;
    } else {
      if (buffer.capacity > kEventBytesMax) Fail("event too large");
      buffer.capacity *= 2;
      buffer.data = static_cast<char*>(realloc(buffer.data, buffer.capacity));
      if (buffer.data == nullptr) Fail("out of memory");
    }
  }
  ssize_t count;
  do {
    count = recv(fd, buffer.data + buffer.end, buffer.capacity - buffer.end, 0);
  } while (count < 0 && errno == EINTR);
  if (count < 0) Fail("receive");
  if (count == 0) {
    errno = 0;
    Fail("the platform closed the connection");
  }
  buffer.end += static_cast<size_t>(count);
}

void ReadHeader(Slice line, Answer& answer) {
  const char* colon = static_cast<const char*>(memchr(line.data, ':', line.size));
  if (colon == nullptr) return;
  size_t name_bytes = static_cast<size_t>(colon - line.data);
  const char* value = colon + 1;
  const char* line_end = line.data + line.size;
  while (value < line_end && *value == ' ') ++value;
  auto is = [&](const char* name, size_t bytes) { return bytes == name_bytes && strncasecmp(line.data, name, bytes) == 0; };
  if (is("content-length", 14)) {
    answer.body_bytes = strtoull(value, nullptr, 10);
    if (answer.body_bytes > kEventBytesMax) Fail("event too large");
  } else if (is("lambda-runtime-aws-request-id", 29)) {
    answer.request_id = {value, static_cast<size_t>(line_end - value)};
  } else if (is("transfer-encoding", 17)) {
    errno = 0;
    Fail("chunked answers are not understood");
  }
}

// Waits until a whole answer stands at buffer.begin. The first receive, if one is needed, sleeps until there are `bytes_min` bytes.
Answer ReceiveAnswer(int fd, Buffer& buffer, size_t bytes_min) {
  for (;;) {
    const char* start = buffer.data + buffer.begin;
    size_t have = buffer.end - buffer.begin;
    const char* head_end = have == 0 ? nullptr : static_cast<const char*>(memmem(start, have, "\r\n\r\n", 4));
    if (head_end != nullptr) {
      Answer answer;
      if (have < 12 || memcmp(start, "HTTP/1.1 ", 9) != 0) Fail("not an HTTP/1.1 answer");
      answer.status = atoi(start + 9);
      answer.head_bytes = static_cast<size_t>(head_end - start) + 4;
      for (const char* line = start; line < head_end;) {
        const char* line_end = static_cast<const char*>(memchr(line, '\r', static_cast<size_t>(head_end + 1 - line)));
        ReadHeader({line, static_cast<size_t>(line_end - line)}, answer);
        line = line_end + 2;
      }
      if (have >= answer.head_bytes + answer.body_bytes) return answer;
    }
    SetLowWaterMark(fd, buffer, bytes_min);
    ReceiveMore(fd, buffer);
    bytes_min = 1;
  }
}

void SendAll(int fd, iovec* parts, int count) {
  while (count > 0) {
    ssize_t sent = writev(fd, parts, count);
    if (sent < 0) {
      if (errno == EINTR) continue;
      Fail("send");
    }
    for (; count > 0 && static_cast<size_t>(sent) >= parts->iov_len; ++parts, --count) sent -= static_cast<ssize_t>(parts->iov_len);
    if (count > 0) {
      parts->iov_base = static_cast<char*>(parts->iov_base) + sent;
      parts->iov_len -= static_cast<size_t>(sent);
    }
  }
}

// The function: what it answers to an event. Points into the event, which stays where it is until the answer is sent.
Slice Handle(Slice event) { return event; }

// Takes the acknowledgement of the answer that was sent before. Its size is the same every time; once it is known, a receive sleeps
// until it and the next event are there: one wake-up for each invocation.
void TakeAcknowledgement(int fd, Buffer& buffer, size_t& known_bytes) {
  bool is_first_part = buffer.begin == buffer.end;
  Answer answer = ReceiveAnswer(fd, buffer, is_first_part ? known_bytes + 1 : 1);
  if (answer.status >= 500) Fail("the platform failed");
  if (answer.status != 202) dprintf(2, "bootstrap: the platform refused the answer: %d\n", answer.status);
  known_bytes = answer.head_bytes + answer.body_bytes;
  buffer.begin += known_bytes;
}

void Serve(int fd, const char* address) {
  char next_request[256];
  int next_bytes = snprintf(next_request, sizeof next_request, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: %s\r\n\r\n", address);
  Buffer buffer{static_cast<char*>(malloc(kFirstBufferBytes)), kFirstBufferBytes};
  if (buffer.data == nullptr) Fail("out of memory");
  iovec first{next_request, static_cast<size_t>(next_bytes)};
  SendAll(fd, &first, 1);
  size_t acknowledgement_bytes = 0;
  for (;;) {
    Answer event = ReceiveAnswer(fd, buffer, 1);
    if (event.status != 200 || event.request_id.size == 0 || event.request_id.size > 128) Fail("no next invocation");
    Slice result = Handle({buffer.data + buffer.begin + event.head_bytes, event.body_bytes});
    char head[512];
    int head_bytes = snprintf(head, sizeof head,
                              "POST /2018-06-01/runtime/invocation/%.*s/response HTTP/1.1\r\nHost: %s\r\n"
                              "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                              static_cast<int>(event.request_id.size), event.request_id.data, address, result.size);
    iovec parts[3] = {{head, static_cast<size_t>(head_bytes)},
                      {const_cast<char*>(result.data), result.size},
                      {next_request, static_cast<size_t>(next_bytes)}};
    SendAll(fd, parts, 3);
    buffer.begin += event.head_bytes + event.body_bytes;
    TakeAcknowledgement(fd, buffer, acknowledgement_bytes);
  }
}

}  // namespace

int main() {
  const char* address = getenv("AWS_LAMBDA_RUNTIME_API");
  if (address == nullptr || strlen(address) > 64) Fail("AWS_LAMBDA_RUNTIME_API is not set");
  errno = 0;
  Serve(Connect(address), address);
}
