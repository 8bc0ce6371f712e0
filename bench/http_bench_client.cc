// Compares two HTTP servers (usually echo_reference and something of ours) by interleaved batches of one fixed request, so
// that what else the machine does hits both alike. Prints JSON: per target best-batch p50, median-batch p50, p99 over all,
// requests per second; and the ratios of the second target to the first.
//
//   http_bench_client [options] PORT_OR_HOST:PORT [PORT_OR_HOST:PORT]
//     --connections N   keep-alive connections, each with one request in flight (1)
//     --batches N       batches per target (20)
//     --requests N      requests per batch (2000)
//     --warm-up N       requests per target that do not count (1000)
//     --request FILE    the request's bytes for both targets, sent as they are
//     --request2 FILE   other bytes for the second target
//     --body-bytes N    without --request: a POST with that many bytes of body (512)
//     --path PATH       … to this path (/2015-03-31/functions/hello/invocations)
// Answers other than 2xx, or without Content-Length, end the program with status 1.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "http_bench_client: %s\n", what.c_str());
  std::exit(1);
}

struct Options {
  int connections = 1, batches = 20, requests = 2000, warm_up = 1000;
  size_t body_bytes = 512;
  std::string path = "/2015-03-31/functions/hello/invocations";
  std::string request[2];
  std::vector<std::string> targets;
};

struct Connection {
  int fd = -1;
  std::string input;
  Clock::time_point begin;
};

struct Target {
  std::string name;
  std::string request;
  std::vector<Connection> connections;
  int epoll = -1;
  std::vector<double> batch_p50_us;
  std::vector<double> all_us;
  double seconds = 0;
};

int ConnectTo(const std::string& target) {
  const size_t colon = target.rfind(':');
  const std::string host = colon == std::string::npos ? "127.0.0.1" : target.substr(0, colon);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(std::atoi(target.c_str() + (colon == std::string::npos ? 0 : colon + 1))));
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) Die("not an IPv4 address: " + host);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) Die("connect to " + target + ": " + std::strerror(errno));
  return fd;
}

void Begin(Target& target, Connection& connection) {
  connection.begin = Clock::now();
  for (std::string_view rest = target.request; !rest.empty();) {
    const ssize_t sent = ::send(connection.fd, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent <= 0) Die(target.name + " closed the connection");
    rest.remove_prefix(static_cast<size_t>(sent));
  }
}

// Whether the answer in `input` is whole.
bool IsWhole(const Target& target, const std::string& input) {
  const size_t head_end = input.find("\r\n\r\n");
  if (head_end == std::string::npos) return false;
  if (input.compare(0, 9, "HTTP/1.1 ") != 0 || input[9] != '2') Die(target.name + " answered: " + input.substr(0, 300));
  for (size_t at = input.find('\n'); at < head_end; at = input.find('\n', at + 1)) {
    if (strncasecmp(input.c_str() + at + 1, "content-length:", 15) != 0) continue;
    return input.size() >= head_end + 4 + std::strtoul(input.c_str() + at + 16, nullptr, 10);
  }
  Die(target.name + " answered without Content-Length");
}

// Reads once; true when the answer is whole.
bool Receive(const Target& target, Connection& connection) {
  static char buffer[256 * 1024];
  const ssize_t bytes = ::recv(connection.fd, buffer, sizeof buffer, 0);
  if (bytes <= 0) Die(target.name + " closed the connection");
  connection.input.append(buffer, static_cast<size_t>(bytes));
  return IsWhole(target, connection.input);
}

// One connection needs no epoll: a blocking read is the truest clock.
void RunAlone(Target& target, int requests, std::vector<double>& times_us) {
  Connection& connection = target.connections.front();
  for (int i = 0; i < requests; ++i) {
    connection.input.clear();
    Begin(target, connection);
    while (!Receive(target, connection)) {
    }
    times_us.push_back(std::chrono::duration<double, std::micro>(Clock::now() - connection.begin).count());
  }
}

void RunMany(Target& target, int requests, std::vector<double>& times_us) {
  int begun = 0, ended = 0;
  for (Connection& connection : target.connections) {
    connection.input.clear();
    if (begun < requests) ++begun, Begin(target, connection);
  }
  epoll_event events[64];
  while (ended < begun) {
    const int count = ::epoll_wait(target.epoll, events, 64, 10'000);
    if (count <= 0) Die(target.name + " does not answer");
    for (int i = 0; i < count; ++i) {
      auto& connection = *static_cast<Connection*>(events[i].data.ptr);
      if (!Receive(target, connection)) continue;
      times_us.push_back(std::chrono::duration<double, std::micro>(Clock::now() - connection.begin).count());
      ++ended;
      connection.input.clear();
      if (begun < requests) ++begun, Begin(target, connection);
    }
  }
}

void Run(Target& target, int requests, std::vector<double>& times_us) {
  target.connections.size() == 1 ? RunAlone(target, requests, times_us) : RunMany(target, requests, times_us);
}

double Quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  const auto at = values.begin() + static_cast<ptrdiff_t>(q * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

void RunBatch(Target& target, int requests) {
  std::vector<double> times_us;
  times_us.reserve(static_cast<size_t>(requests));
  const auto begin = Clock::now();
  Run(target, requests, times_us);
  target.seconds += std::chrono::duration<double>(Clock::now() - begin).count();
  target.batch_p50_us.push_back(Quantile(times_us, 0.5));
  target.all_us.insert(target.all_us.end(), times_us.begin(), times_us.end());
}

std::string ReadWhole(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) Die(std::string("cannot read ") + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

Options ParseOptions(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (!name.starts_with("--")) {
      options.targets.emplace_back(name);
      continue;
    }
    if (++i == argc) Die(std::string(name) + " needs a value");
    if (name == "--connections") options.connections = std::atoi(argv[i]);
    else if (name == "--batches") options.batches = std::atoi(argv[i]);
    else if (name == "--requests") options.requests = std::atoi(argv[i]);
    else if (name == "--warm-up") options.warm_up = std::atoi(argv[i]);
    else if (name == "--body-bytes") options.body_bytes = std::strtoul(argv[i], nullptr, 10);
    else if (name == "--path") options.path = argv[i];
    else if (name == "--request") options.request[0] = ReadWhole(argv[i]);
    else if (name == "--request2") options.request[1] = ReadWhole(argv[i]);
    else Die("unknown option " + std::string(name));
  }
  if (options.targets.empty() || options.targets.size() > 2) Die("give one or two targets");
  if (options.connections < 1 || options.batches < 1 || options.requests < 1) Die("counts must be positive");
  return options;
}

std::string MakeRequest(const Options& options, size_t index) {
  if (index == 1 && !options.request[1].empty()) return options.request[1];
  if (!options.request[0].empty()) return options.request[0];
  return "POST " + options.path + " HTTP/1.1\r\nHost: " + options.targets[index] +
         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(options.body_bytes) + "\r\n\r\n" +
         std::string(options.body_bytes, 'x');
}

void Open(Target& target, int connections) {
  target.epoll = ::epoll_create1(EPOLL_CLOEXEC);
  target.connections.resize(static_cast<size_t>(connections));
  for (Connection& connection : target.connections) {
    connection.fd = ConnectTo(target.name);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &connection;
    ::epoll_ctl(target.epoll, EPOLL_CTL_ADD, connection.fd, &event);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = ParseOptions(argc, argv);
  std::vector<Target> targets(options.targets.size());
  for (size_t i = 0; i < targets.size(); ++i) {
    targets[i].name = options.targets[i];
    targets[i].request = MakeRequest(options, i);
    Open(targets[i], options.connections);
    std::vector<double> ignored;
    if (options.warm_up > 0) Run(targets[i], options.warm_up, ignored);
  }
  for (int batch = 0; batch < options.batches; ++batch) {
    for (Target& target : targets) RunBatch(target, options.requests);
  }
  double best[2] = {}, median[2] = {}, p99[2] = {}, rate[2] = {};
  std::printf("{\"connections\":%d,\"batches\":%d,\"requests\":%d,\"targets\":[", options.connections, options.batches, options.requests);
  for (size_t i = 0; i < targets.size(); ++i) {
    best[i] = *std::min_element(targets[i].batch_p50_us.begin(), targets[i].batch_p50_us.end());
    median[i] = Quantile(targets[i].batch_p50_us, 0.5);
    p99[i] = Quantile(targets[i].all_us, 0.99);
    rate[i] = static_cast<double>(targets[i].all_us.size()) / targets[i].seconds;
    std::printf("%s{\"target\":\"%s\",\"best_p50_us\":%.2f,\"median_p50_us\":%.2f,\"p99_us\":%.2f,\"requests_per_second\":%.0f}",
                i ? "," : "", targets[i].name.c_str(), best[i], median[i], p99[i], rate[i]);
  }
  std::printf("]");
  if (targets.size() == 2) {
    std::printf(",\"ratio\":{\"best_p50\":%.3f,\"median_p50\":%.3f,\"p99\":%.3f,\"requests_per_second\":%.3f}", best[1] / best[0],
                median[1] / median[0], p99[1] / p99[0], rate[1] / rate[0]);
  }
  std::printf("}\n");
}
