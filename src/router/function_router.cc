#include "router/function_router.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "router/addresses.h"
#include "router/failure.h"
#include "router/rules.h"
#include "router/settings_files.h"
#include "sandbox/packet.h"

namespace mayfly::router {
namespace {

using sandbox::NetworkAddress;

constexpr int kControl = sandbox::kRouterControlDescriptor;
constexpr int kLoopbackIndex = 1;
constexpr int kUplinkIndex = 2;
constexpr int kBacklog = 256;

UniqueFd OpenNamespace() { return UniqueFd(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)); }

struct Setting {
  const char* name;
  const char* value;
};
// Of the namespace, before it has links: these get them from `default`.
constexpr Setting kSettings[] = {
    {"ipv4/ip_forward", "1"},
    {"ipv4/conf/all/rp_filter", "1"},
    {"ipv4/conf/default/rp_filter", "1"},
    {"ipv4/conf/all/accept_redirects", "0"},
    {"ipv4/conf/default/accept_redirects", "0"},
    {"ipv4/conf/all/send_redirects", "0"},
    {"ipv4/conf/default/send_redirects", "0"},
    {"ipv4/conf/all/accept_source_route", "0"},
    {"ipv6/conf/all/forwarding", "1"},
    {"ipv6/conf/default/accept_ra", "0"},
    {"ipv6/conf/default/accept_redirects", "0"},
    {"ipv6/conf/default/addr_gen_mode", "1"},
    {"ipv6/conf/default/accept_dad", "0"},
    {"netfilter/nf_conntrack_tcp_timeout_established", "7200"},  // AWS's NAT gateway forgets after 350 s without a byte
};

UniqueFd Bind(int type, uint32_t address, uint16_t port) {
  UniqueFd socket(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  if (socket) setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(address);
  name.sin_port = htons(port);
  if (socket && bind(socket.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) != 0) socket.Reset();
  if (socket && type == SOCK_STREAM && listen(socket.get(), kBacklog) != 0) socket.Reset();
  return socket;
}

UniqueFd SealedText(const std::string& text) {
  UniqueFd file(memfd_create("mayfly-router", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file || write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return {};
  fcntl(file.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
  return file;
}

}  // namespace

Router::Router(const Options& options) : options_(options), machine_(options, machine_rules_) {}

std::string Router::Open() {
  if (!machine_rules_.is_open()) return Failure("nftables");
  has_ipv6_ = CanForwardIpv6();
  if (std::string failure = EnterOwnNamespace(); !failure.empty()) return failure;
  if (std::string failure = MakeUplink(); !failure.empty()) return failure;
  if (std::string failure = OpenSockets(); !failure.empty()) return failure;
  if (setns(machine_namespace_.get(), CLONE_NEWNET) != 0) return Failure("go back to the machine's network");
  if (std::string failure = machine_.Open(has_ipv6_); !failure.empty()) return failure;
  if (std::string failure = FinishUplink(); !failure.empty()) return failure;
  FollowMachine();
  return "";
}

std::string Router::EnterOwnNamespace() {
  machine_namespace_ = OpenNamespace();
  if (!machine_namespace_ || unshare(CLONE_NEWNET) != 0) return Failure("make a network namespace");
  own_namespace_ = OpenNamespace();
  links_ = sandbox::OpenRtnetlink();
  rules_ = std::make_unique<Nftables>();
  if (!own_namespace_ || !links_ || !rules_->is_open()) return Failure("open the network namespace");
  profiles_ = std::make_unique<Profiles>(*rules_);
  // First the rules: no link is ever without.
  if (std::string failure = rules_->Run(RouterRules(options_)); !failure.empty()) return "rules: " + failure;
  for (const Setting& setting : kSettings) {
    const int error = WriteSetting(setting.name, setting.value);
    if (error != 0 && error != ENOENT) return Failure(setting.name, error);
  }
  return "";
}

// A link of that name is one of ours that was killed: a data directory has one daemon at a time.
std::string Router::MakeUplink() {
  const sandbox::LinkEnd near{kUplinkName, kUplinkIndex};
  const sandbox::LinkEnd far{machine_.link().c_str(), 0, machine_namespace_.get()};
  for (const bool again : {false, true}) {
    sandbox::NetlinkBatch batch;
    batch.AddPair(near, far);
    const int error = sandbox::Carry(links_.get(), batch);
    if (error == 0) return "";
    if (error != EEXIST || again) return Failure("make the uplink", error);
    if (std::string failure = RemoveOldLink(); !failure.empty()) return failure;
  }
  return "";
}

std::string Router::RemoveOldLink() {
  if (setns(machine_namespace_.get(), CLONE_NEWNET) != 0) return Failure("look at the machine's network");
  const UniqueFd socket = sandbox::OpenRtnetlink();
  sandbox::NetlinkBatch batch;
  batch.Remove(machine_.link().c_str());
  const int error = socket ? sandbox::Carry(socket.get(), batch) : errno;
  if (setns(own_namespace_.get(), CLONE_NEWNET) != 0) return Failure("go back to the own network");
  return error == 0 || error == ENODEV ? "" : Failure("remove the old uplink", error);
}

std::string Router::OpenSockets() {
  sandbox::NetlinkBatch batch;
  batch.SetUp(kLoopbackIndex);
  batch.AddAddress(kLoopbackIndex, NetworkAddress::V4(sandbox::kNameServerAddress));
  batch.AddAddress(kLoopbackIndex, NetworkAddress::V4(sandbox::kMachineAddress));
  if (const int error = sandbox::Carry(links_.get(), batch)) return Failure("addresses of the router", error);
  name_server_ = Bind(SOCK_DGRAM, sandbox::kNameServerAddress, 53);
  name_server_tcp_ = Bind(SOCK_STREAM, sandbox::kNameServerAddress, 53);
  relay_ = Bind(SOCK_STREAM, sandbox::kMachineAddress, sandbox::kRelayPort);
  return name_server_ && name_server_tcp_ && relay_ ? "" : Failure("sockets of the router");
}

std::string Router::FinishUplink() {
  sandbox::NetlinkBatch batch;
  batch.SetUp(kUplinkIndex);
  batch.AddAddress(kUplinkIndex, NetworkAddress::V4(machine_.router_address()));
  batch.AddRoute(kUplinkIndex, NetworkAddress(), 0);
  if (has_ipv6_) {
    NetworkAddress everything;
    everything.is_v6 = true;
    batch.AddAddress(kUplinkIndex, UplinkV6(machine_.router_address()));
    batch.AddRoute(kUplinkIndex, everything, 0);
  }
  const int error = sandbox::Carry(links_.get(), batch);
  return error == 0 ? "" : Failure("the uplink", error);
}

void Router::FollowMachine() {
  MachineSide::Addresses now = machine_.Look();
  if (now == known_) return;
  known_ = std::move(now);
  rules_->Run(ReplaceElements("mayfly", "machine4", known_.v4) + ReplaceElements("mayfly", "machine6", known_.v6));
}

void Router::Serve() {
  sandbox::RouterReport hello{sandbox::kRouterProtocolVersion, sandbox::RouterReportKind::Hello};
  if (has_ipv6_) hello.flags |= sandbox::kRouterHasIpv6;
  if (machine_.is_filtered_by_others()) hello.flags |= sandbox::kRouterFilteredByOthers;
  hello.address = machine_.router_address();
  const int descriptors[] = {own_namespace_.get(), name_server_.get(), name_server_tcp_.get(), relay_.get()};
  if (sandbox::SendPacket(kControl, hello, descriptors) != 0) return;
  for (;;) {
    pollfd sources[] = {{kControl, POLLIN, 0}, {machine_.changes(), POLLIN, 0}};
    if (poll(sources, 2, -1) < 0 && errno != EINTR) return;
    if (sources[1].revents != 0) FollowMachine();
    if (sources[0].revents != 0 && !AnswerRequest()) return;
  }
}

bool Router::AnswerRequest() {
  sandbox::RouterRequest request{};
  sandbox::PacketDescriptors descriptors;
  const int error = sandbox::ReceivePacket(kControl, request, descriptors);
  if (error == EPIPE) return false;
  if (error != 0) return true;
  std::string text;
  sandbox::RouterReport report{sandbox::kRouterProtocolVersion, sandbox::RouterReportKind::Answer, request.sequence};
  report.error = Carry(request, descriptors.count == 1 ? descriptors.fds[0].get() : -1, text);
  const UniqueFd answer = request.operation == sandbox::RouterOperation::CountRefusals ? SealedText(text) : UniqueFd();
  const int descriptor = answer.get();
  sandbox::SendPacket(kControl, report, std::span(&descriptor, answer ? 1 : 0));
  return true;
}

int Router::Carry(const sandbox::RouterRequest& request, int descriptor, std::string& text) {
  using enum sandbox::RouterOperation;
  switch (request.operation) {
    case CountRefusals:
      text = CountersOf(rules_->List("set inet mayfly refused4")) + CountersOf(rules_->List("set inet mayfly refused6"));
      return 0;
    case PutProfile: return profiles_->Put(request.profile, descriptor);
    case RemoveProfile: return profiles_->Remove(request.profile);
    case JoinProfile: return profiles_->Join(request.address, request.profile);
    case Shut: return profiles_->Shut(request.address);
    case Leave: return profiles_->Leave(request.address);
  }
  return EINVAL;
}

// The link first, so that it is gone when we are; the rest goes with the process.
void Router::Close() {
  sandbox::NetlinkBatch batch;
  batch.Remove(kUplinkName);
  sandbox::Carry(links_.get(), batch);
  machine_.Close();
}

}  // namespace mayfly::router
