#include "uplink/function_network.h"

#include <arpa/inet.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "base/text.h"
#include "net/own_addresses.h"
#include "sandbox/packet.h"
#include "sandbox/router_protocol.h"

namespace mayfly::uplink {
namespace {

constexpr Duration kAnswerPatience = std::chrono::seconds(5);

std::string ReadWhole(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return {};
  std::string text(static_cast<size_t>(status.st_size), '\0');
  const ssize_t size = ::pread(fd, text.data(), text.size(), 0);
  text.resize(size > 0 ? static_cast<size_t>(size) : 0);
  return text;
}

// The IPv4 address that a cage has, or that its IPv6 one goes with; 0: none.
uint32_t CageAddressOfText(const std::string& text) {
  std::array<uint8_t, 16> bytes{};
  const bool v6 = text.find(':') != std::string::npos;
  if (::inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), bytes.data()) != 1) return 0;
  uint32_t address = 0;
  std::memcpy(&address, bytes.data() + (v6 ? 12 : 0), sizeof address);
  return ntohl(address);
}

}  // namespace

FunctionNetwork::FunctionNetwork(RealLoop& loop, Random& random, telemetry::Metrics& metrics, NetworkPlan plan, RouterProcess router,
                                 std::vector<sockaddr_storage> name_servers)
    : loop_(&loop),
      metrics_(&metrics),
      plan_(std::move(plan)),
      why_not_(std::move(router.why)),
      is_filtered_by_others_(router.is_filtered_by_others),
      has_ipv6_(router.has_ipv6),
      answer_(loop),
      tasks_(loop) {
  if (router.pid == 0) {
    plan_.has_network = false;
    return;
  }
  control_ = std::make_unique<PolledDescriptor>(loop, std::move(router.control));
  name_server_ = std::make_unique<NameServer>(loop, random, std::move(router.name_server), std::move(router.name_server_tcp), std::move(name_servers));
  relay_ = std::make_unique<MachineRelay>(loop, std::move(router.relay));
  tasks_.Spawn(ReadAnswers());
  tasks_.Spawn(CountNowAndThen());
}

Task<> FunctionNetwork::Stop() {
  stopping_ = true;
  if (!control_) co_return;
  co_await name_server_->Stop();
  co_await relay_->Stop();
  tasks_.Stop();
  control_->Cancel();
  co_await tasks_.Join();
}

Task<> FunctionNetwork::ReadAnswers() {
  while (co_await control_->WaitReadable()) {
    sandbox::RouterReport report{};
    sandbox::PacketDescriptors descriptors;
    const int error = sandbox::ReceivePacket(control_->get(), report, descriptors, MSG_DONTWAIT);
    if (error == EAGAIN) continue;
    if (error == EPIPE) break;
    if (error != 0 || report.kind != sandbox::RouterReportKind::Answer) continue;
    if (report.error == 0 && descriptors.count == 1) TakeCounts(ReadWhole(descriptors.fds[0].get()));
    answered_ = report.sequence;
    answer_.Pulse();
  }
  if (stopping_) co_return;
  log::Error("mayfly-router has died: functions have no network until the daemon is started again");
  if (on_death_) loop_->Post([this] { on_death_(); });
}

Task<> FunctionNetwork::CountNowAndThen() {
  Context ctx(*loop_);
  ctx.stop = tasks_.stop_token();
  while (co_await Sleep(ctx, kCountEvery)) {
    if (!holders_.empty()) co_await CountRefusals();
  }
}

Task<> FunctionNetwork::CountRefusals() {
  if (!control_ || stopping_) co_return;
  const sandbox::RouterRequest request{sandbox::kRouterProtocolVersion, sandbox::RouterOperation::CountRefusals, ++asked_, 0};
  const uint32_t mine = asked_;
  if (sandbox::SendPacket(control_->get(), request, {}, MSG_DONTWAIT) != 0) co_return;
  const TimePoint until = loop_->Now() + kAnswerPatience;
  while (answered_ < mine && co_await answer_.WaitUntil(until)) {
  }
}

void FunctionNetwork::TakeCounts(const std::string& text) {
  for (const std::string_view line : Split(text, '\n')) {
    const size_t space = line.find(' ');
    if (space == std::string_view::npos) continue;
    const auto count = ParseNumber<uint64_t>(line.substr(space + 1));
    if (count) TakeCount(std::string(line.substr(0, space)), *count);
  }
}

void FunctionNetwork::TakeCount(const std::string& address, uint64_t count) {
  const auto found = holders_.find(CageAddressOfText(address));
  if (found == holders_.end()) return;
  auto& [holder, counted] = found->second;
  uint64_t& before = counted[address.find(':') != std::string::npos];
  if (count <= before) return;
  const telemetry::Dimension name{"FunctionName", holder.function_name};
  metrics_->OfEach({.account_id = holder.account_id, .region = holder.region}, std::span(&name, 1))
      .Add(kConnectionsRefused, static_cast<double>(count - before));
  before = count;
}

void FunctionNetwork::Joined(uint32_t address, const AddressHolder& holder) {
  if (address != 0) holders_[address].holder = holder;
}

json::Value FunctionNetwork::Describe() const {
  json::Value view;
  if (!control_) {
    view.Set("reach", "nothing");
    view.Set("why", why_not_);
    return view;
  }
  view.Set("reach", plan_.Text());
  view.Set("ipv6", has_ipv6_);
  view.Set("connections_to_this_machine", static_cast<uint64_t>(relay_->connections()));
  if (is_filtered_by_others_) {
    view.Set("warning", "a forward chain of this machine (Docker's, firewalld's) drops what it does not know: let it accept what comes from mf-* "
                        "(iptables -I DOCKER-USER -i mf-+ -j ACCEPT, and -o mf-+; firewall-cmd --zone=trusted --add-interface=mf-+)");
  }
  return view;
}

Result<Explanation> FunctionNetwork::Explain(const std::string& host, uint16_t port) const {
  return uplink::Explain(plan_, host, port, net::OwnAddresses());
}

}  // namespace mayfly::uplink
