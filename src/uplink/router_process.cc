#include "uplink/router_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include <fmt/format.h>

#include "sandbox/packet.h"
#include "sandbox/router_protocol.h"

namespace mayfly::uplink {
namespace {

constexpr int kHelloMilliseconds = 10'000;
constexpr size_t kInstanceLettersMax = 8;  // names of links have 15

std::string TextOf(const std::vector<PortRange>& ports) {
  std::string text;
  for (const PortRange& range : ports) text += fmt::format("{}{}-{}", text.empty() ? "" : ", ", range.low, range.high);
  return text;
}

std::vector<std::string> CommandLine(const std::string& path, const std::string& instance, const NetworkPlan& plan, const NetworkOptions& options) {
  std::vector<std::string> line = {path, "--instance", instance.substr(0, kInstanceLettersMax), "--refuse-private", plan.private_ranges ? "no" : "yes",
                                   "--internet", plan.internet ? "yes" : "no", "--connections", std::to_string(options.connections),
                                   "--connections-of-all", std::to_string(options.connections_of_all),
                                   "--bytes-per-second", std::to_string(options.bytes_per_second)};
  if (!plan.machine_ports.empty()) line.insert(line.end(), {"--machine-ports", TextOf(plan.machine_ports)});
  for (const Destination& allowed : plan.allowed) {
    line.insert(line.end(), {"--allow", fmt::format("{} . {}-{}", allowed.network, allowed.ports.low, allowed.ports.high)});
  }
  return line;
}

// 0 or errno.
int Spawn(const std::vector<std::string>& line, int control, pid_t& pid) {
  std::vector<char*> arguments;
  for (const std::string& argument : line) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  char path_variable[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  char* environment[] = {path_variable, nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, control, sandbox::kRouterControlDescriptor);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  const int error = ::posix_spawn(&pid, line[0].c_str(), &actions, &attributes, arguments.data(), environment);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error;
}

bool ReceiveHello(RouterProcess& router) {
  pollfd source{router.control.get(), POLLIN, 0};
  sandbox::RouterReport hello{};
  sandbox::PacketDescriptors descriptors;
  if (::poll(&source, 1, kHelloMilliseconds) != 1 || sandbox::ReceivePacket(router.control.get(), hello, descriptors) != 0) return false;
  if (hello.version != sandbox::kRouterProtocolVersion || hello.kind != sandbox::RouterReportKind::Hello || descriptors.count != 4) return false;
  router.network_namespace = std::move(descriptors.fds[0]);
  router.name_server = std::move(descriptors.fds[1]);
  router.name_server_tcp = std::move(descriptors.fds[2]);
  router.relay = std::move(descriptors.fds[3]);
  router.has_ipv6 = hello.flags & sandbox::kRouterHasIpv6;
  router.is_filtered_by_others = hello.flags & sandbox::kRouterFilteredByOthers;
  return true;
}

RouterProcess NoRouter(std::string why) {
  RouterProcess router;
  router.why = std::move(why);
  return router;
}

}  // namespace

RouterProcess SpawnRouter(const std::string& path, const std::string& instance, const NetworkPlan& plan, const NetworkOptions& options) {
  if (!plan.has_network) return NoRouter("--function-network none");
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return NoRouter(std::strerror(errno));
  RouterProcess router;
  router.control.Reset(ends[0]);
  // Above the number that it gets in the router, so that the copy there is not close-on-exec.
  UniqueFd theirs(::fcntl(ends[1], F_DUPFD_CLOEXEC, 16));
  ::close(ends[1]);
  if (const int error = Spawn(CommandLine(path, instance, plan, options), theirs.get(), router.pid)) {
    return NoRouter(fmt::format("start {}: {}", path, std::strerror(error)));
  }
  theirs.Reset();
  if (ReceiveHello(router)) return router;
  router.control.Reset();  // it ends, if it has not
  int status = 0;
  while (::waitpid(router.pid, &status, 0) < 0 && errno == EINTR) {
  }
  return NoRouter("mayfly-router did not start: its own message is in the log above (it needs CAP_NET_ADMIN, nf_tables and libnftables1)");
}

}  // namespace mayfly::uplink
