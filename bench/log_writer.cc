// Both sides of `bench/run logs`: writes lines, one system call each, as interpreters do, and tells how many nanoseconds that took.
//
//   log_writer FILE LINES BYTES plain|framed   the reference: through a pipe to a child that appends what it reads to FILE
//   log_writer                                 the subject, a function's bootstrap: an event "LINES BYTES plain|framed" (one JSON
//                                              string) is answered with the number
//
// A line has BYTES with its end. Framed ones have the header of AWS's runtime clients in front (src/runtime/log_frames.h), and go to
// the descriptor that _LAMBDA_TELEMETRY_LOG_FD names.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

constexpr uint32_t kTextFrame = 0xA55A0003;
constexpr size_t kReadBytes = 64 * 1024;  // as much as the daemon takes at once

[[noreturn]] void Fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

struct Wanted {
  long lines = 0;
  long bytes = 0;
  bool framed = false;
};

Wanted Parse(const char* lines, const char* bytes, const char* form) {
  const Wanted wanted{std::atol(lines), std::atol(bytes), std::strcmp(form, "framed") == 0};
  if (wanted.lines < 1 || wanted.bytes < 2 || wanted.bytes > 1 << 20) Fail("usage: LINES BYTES plain|framed");
  return wanted;
}

int64_t Now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void WriteAll(int fd, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t count = write(fd, data, size);
    if (count <= 0) Fail("write");
    data += count;
    size -= static_cast<size_t>(count);
  }
}

void WriteLines(int fd, const Wanted& wanted) {
  std::string line;
  if (wanted.framed) {
    const uint32_t header[4] = {htonl(kTextFrame), htonl(static_cast<uint32_t>(wanted.bytes)), 0, 0};
    line.assign(reinterpret_cast<const char*>(header), sizeof header);
  }
  const size_t start = line.size();
  line.append(static_cast<size_t>(wanted.bytes - 1), 'x');
  line += '\n';
  for (long number = 0; number < wanted.lines; ++number) {
    char digits[20];
    const int count = std::snprintf(digits, sizeof digits, "%ld ", number);  // no two lines are the same
    std::memcpy(line.data() + start, digits, static_cast<size_t>(count) < line.size() - start ? static_cast<size_t>(count) : 0);
    WriteAll(fd, line.data(), line.size());
  }
}

// Until every byte is in the file.
int64_t MeasureReference(const char* path, const Wanted& wanted) {
  int ends[2];
  const int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0 || pipe(ends) != 0) Fail(path);
  const pid_t reader = fork();
  if (reader < 0) Fail("fork");
  if (reader == 0) {
    close(ends[1]);
    static char buffer[kReadBytes];
    for (ssize_t count = 0; (count = read(ends[0], buffer, sizeof buffer)) > 0;) WriteAll(file, buffer, static_cast<size_t>(count));
    std::exit(0);
  }
  close(ends[0]);
  const int64_t begin = Now();
  WriteLines(ends[1], wanted);
  close(ends[1]);
  int status = 0;
  if (waitpid(reader, &status, 0) != reader || status != 0) Fail("the reader");
  return Now() - begin;
}

// One request on a connection of its own; head and body of the answer. Blocking, and trusting: its platform is the one under test.
std::string Ask(const char* api, const std::string& request) {
  const char* colon = std::strrchr(api, ':');
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  if (!colon || inet_pton(AF_INET, std::string(api, colon).c_str(), &peer.sin_addr) != 1) Fail("AWS_LAMBDA_RUNTIME_API");
  peer.sin_port = htons(static_cast<uint16_t>(std::atoi(colon + 1)));
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, reinterpret_cast<sockaddr*>(&peer), sizeof peer) != 0) Fail("connect");
  WriteAll(fd, request.data(), request.size());
  std::string answer;
  char buffer[4096];
  for (ssize_t count = 0; (count = read(fd, buffer, sizeof buffer)) > 0;) answer.append(buffer, static_cast<size_t>(count));
  close(fd);
  return answer;
}

[[noreturn]] void Serve(const char* api) {
  const std::string path = " /2018-06-01/runtime/invocation/";
  const std::string end = " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
  const char* framed = std::getenv("_LAMBDA_TELEMETRY_LOG_FD");
  for (;;) {
    const std::string event = Ask(api, "GET" + path + "next" + end + "\r\n");
    const char* id = strcasestr(event.c_str(), "lambda-runtime-aws-request-id: ");
    const size_t body = event.find("\r\n\r\n");
    char lines[20], bytes[20], form[20];
    if (!id || body == std::string::npos || std::sscanf(event.c_str() + body + 4, "\"%19[0-9] %19[0-9] %19[a-z]", lines, bytes, form) != 3) Fail("the event");
    const Wanted wanted = Parse(lines, bytes, form);
    if (wanted.framed && !framed) Fail("_LAMBDA_TELEMETRY_LOG_FD");
    const int64_t begin = Now();
    WriteLines(wanted.framed ? std::atoi(framed) : 1, wanted);
    const std::string answer = std::to_string(Now() - begin);
    id += std::strlen("lambda-runtime-aws-request-id: ");
    Ask(api, "POST" + path + std::string(id, std::strcspn(id, "\r")) + "/response" + end + "Content-Length: " + std::to_string(answer.size()) + "\r\n\r\n" + answer);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (const char* api = std::getenv("AWS_LAMBDA_RUNTIME_API")) Serve(api);
  if (count != 5) Fail("usage: log_writer FILE LINES BYTES plain|framed");
  std::printf("%lld\n", static_cast<long long>(MeasureReference(arguments[1], Parse(arguments[2], arguments[3], arguments[4]))));
}
