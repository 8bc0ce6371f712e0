// What every family's handler does: the event's "do" says it. A Runtime API client of a few lines, with sockets alone.
#include <netinet/in.h>
#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <future>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

extern char** environ;

namespace {

struct Answer {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

class Connection {
 public:
  explicit Connection(const std::string& address) : host_(address) {
    const size_t colon = address.find(':');
    sockaddr_in peer{};
    peer.sin_family = AF_INET;
    peer.sin_port = htons(static_cast<uint16_t>(atoi(address.c_str() + colon + 1)));
    inet_pton(AF_INET, address.substr(0, colon).c_str(), &peer.sin_addr);
    socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(socket_, reinterpret_cast<sockaddr*>(&peer), sizeof peer) != 0) throw std::runtime_error("connect");
  }

  Answer Call(const std::string& method, const std::string& path, const std::string& body = "", const std::string& more = "") {
    Send(method + " /2018-06-01/runtime/" + path + " HTTP/1.1\r\nHost: " + host_ + "\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n" + more + "\r\n" + body);
    size_t head_end;
    while ((head_end = buffer_.find("\r\n\r\n")) == std::string::npos) Receive();
    Answer answer;
    std::istringstream head(buffer_.substr(0, head_end));
    std::string line;
    std::getline(head, line);
    answer.status = atoi(line.c_str() + 9);
    while (std::getline(head, line)) {
      const size_t colon = line.find(": ");
      std::string name = line.substr(0, colon);
      for (char& c : name) c = static_cast<char>(tolower(c));
      answer.headers[name] = line.substr(colon + 2, line.find('\r') - colon - 2);
    }
    const size_t size = strtoul(answer.headers["content-length"].c_str(), nullptr, 10);
    while (buffer_.size() < head_end + 4 + size) Receive();
    answer.body = buffer_.substr(head_end + 4, size);
    buffer_.erase(0, head_end + 4 + size);
    return answer;
  }

 private:
  void Send(const std::string& text) {
    for (size_t sent = 0; sent < text.size();) {
      const ssize_t count = send(socket_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) throw std::runtime_error("send");
      sent += static_cast<size_t>(count);
    }
  }
  void Receive() {
    char piece[65536];
    const ssize_t count = recv(socket_, piece, sizeof piece, 0);
    if (count <= 0) throw std::runtime_error("receive");
    buffer_.append(piece, static_cast<size_t>(count));
  }

  std::string host_;
  int socket_ = -1;
  std::string buffer_;
};

struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string Quote(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

// A member of a flat object: events here have no others.
std::string Member(const std::string& event, const std::string& name) {
  const size_t at = event.find(Quote(name));
  if (at == std::string::npos) return "";
  size_t begin = event.find_first_not_of(": ", at + name.size() + 2);
  if (event[begin] == '"') return event.substr(begin + 1, event.find('"', begin + 1) - begin - 1);
  return event.substr(begin, event.find_first_of(",} ", begin) - begin);
}

std::string Variable(const char* name) {
  const char* value = getenv(name);
  return value ? value : "";
}

std::string Tell(Answer& invocation) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const long long left = atoll(invocation.headers["lambda-runtime-deadline-ms"].c_str()) - (now.tv_sec * 1000LL + now.tv_nsec / 1'000'000);
  const std::string client = invocation.headers["lambda-runtime-client-context"];
  const size_t custom = client.find("\"custom\":");
  return "{\"request_id\":" + Quote(invocation.headers["lambda-runtime-aws-request-id"]) +
         ",\"arn\":" + Quote(invocation.headers["lambda-runtime-invoked-function-arn"]) + ",\"name\":" + Quote(Variable("AWS_LAMBDA_FUNCTION_NAME")) +
         ",\"version\":" + Quote(Variable("AWS_LAMBDA_FUNCTION_VERSION")) + ",\"memory\":" + Variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE") +
         ",\"group\":" + Quote(Variable("AWS_LAMBDA_LOG_GROUP_NAME")) + ",\"stream\":" + Quote(Variable("AWS_LAMBDA_LOG_STREAM_NAME")) +
         ",\"remaining\":" + std::to_string(left) + ",\"client\":" +
         (custom == std::string::npos ? "null" : client.substr(custom + 9, client.find('}', custom) - custom - 8)) +
         ",\"trace\":" + Quote(invocation.headers["lambda-runtime-trace-id"]) + "}";
}

std::string Environment() {
  std::string out = "{";
  for (char** variable = environ; *variable; ++variable) {
    const std::string text = *variable;
    const size_t equals = text.find('=');
    out += (out.size() > 1 ? "," : "") + Quote(text.substr(0, equals)) + ":" + Quote(text.substr(equals + 1));
  }
  return out + "}";
}

[[noreturn]] void Eat() {
  std::vector<std::string> kept;
  for (;;) kept.emplace_back(1 << 20, 'x');
}

std::string Handle(Answer& invocation) {
  const std::string& event = invocation.body;
  const std::string what = Member(event.substr(0, 200), "do");
  if (what == "echo") return event;
  if (what == "context") return Tell(invocation);
  if (what == "environment") return Environment();
  if (what == "async") {
    const int number = atoi(Member(event, "number").c_str());
    return "{\"doubled\":" + std::to_string(std::async(std::launch::async, [number] { return 2 * number; }).get()) + "}";
  }
  if (what == "unended") {
    fputs("no line's end", stdout);
    fflush(stdout);
    return "null";
  }
  if (what == "print") {
    puts("a printed line");
    fflush(stdout);
    return "null";
  }
  if (what == "crash") std::terminate();
  if (what == "exit") _exit(3);
  if (what == "sleep") sleep(60);
  if (what == "memory") Eat();
  if (what == "large") return "\"" + std::string(strtoul(Member(event, "size").c_str(), nullptr, 10), 'x') + "\"";
  if (what == "layer") {
    std::ifstream file("/opt/layer.txt");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    return "{\"file\":" + Quote(text) + "}";
  }
  throw Refused("as asked");
}

}  // namespace

int main() {
  Connection api(Variable("AWS_LAMBDA_RUNTIME_API"));
  for (;;) {
    Answer invocation = api.Call("GET", "invocation/next");
    const std::string path = "invocation/" + invocation.headers["lambda-runtime-aws-request-id"];
    std::string result;
    bool failed = false;
    try {
      result = Handle(invocation);
    } catch (const Refused& refused) {
      failed = true;
      result = "{\"errorType\":\"Refused\",\"errorMessage\":" + Quote(refused.what()) + ",\"stackTrace\":[]}";
    }
    if (failed) api.Call("POST", path + "/error", result, "Lambda-Runtime-Function-Error-Type: Function.Refused\r\n");
    else api.Call("POST", path + "/response", result);
  }
}
