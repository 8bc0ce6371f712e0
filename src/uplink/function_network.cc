#include "uplink/function_network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/blocking_pool.h"
#include "base/log.h"
#include "base/text.h"
#include "net/own_addresses.h"
#include "sandbox/router_protocol.h"
#include "uplink/machine_relay.h"
#include "uplink/name_server.h"
#include "uplink/resolve.h"
#include "uplink/router_channel.h"
#include "uplink/sockets.h"
#include "uplink/vpc_explain.h"
#include "uplink/vpc_members.h"

namespace mayfly::uplink {
namespace {

// The IPv4 address that a cage has, or that its IPv6 one goes with; 0: none.
uint32_t CageAddressOfText(const std::string& text) {
  std::array<uint8_t, 16> bytes{};
  const bool v6 = text.find(':') != std::string::npos;
  if (::inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), bytes.data()) != 1) return 0;
  uint32_t address = 0;
  std::memcpy(&address, bytes.data() + (v6 ? 12 : 0), sizeof address);
  return ntohl(address);
}

void AddOnce(std::vector<FunctionNetwork::ExplainedAddress>& all, FunctionNetwork::ExplainedAddress one) {
  const auto is_same = [&](const auto& other) { return other.address == one.address && other.explanation.rule == one.explanation.rule; };
  if (std::ranges::none_of(all, is_same)) all.push_back(std::move(one));
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
      tasks_(loop) {
  if (router.pid != 0) channel_ = std::make_unique<RouterChannel>(loop, std::move(router.control));
  members_ = std::make_unique<VpcMembers>(channel_.get());
  plan_.has_network = plan_.has_network && channel_;
  if (!channel_) return;
  name_server_ = std::make_unique<NameServer>(loop, random, std::move(router.name_server), std::move(router.name_server_tcp), std::move(name_servers),
                                              [this](uint32_t asker) { return members_->ProfileAt(asker); });
  relay_ = std::make_unique<MachineRelay>(loop, std::move(router.relay), [this](const RelayedConnection& connection) { return GoalsOf(connection); });
  tasks_.Spawn(CountNowAndThen());
}

FunctionNetwork::~FunctionNetwork() = default;

Task<> FunctionNetwork::Stop() {
  stopping_ = true;
  if (!channel_) co_return;
  co_await name_server_->Stop();
  co_await relay_->Stop();
  tasks_.Stop();
  co_await channel_->Stop();
  co_await tasks_.Join();
}

void FunctionNetwork::OnRouterDeath(std::function<void()> callback) {
  if (channel_) channel_->OnDeath(std::move(callback));
}

Task<> FunctionNetwork::CountNowAndThen() {
  Context ctx(*loop_);
  ctx.stop = tasks_.stop_token();
  while (co_await Sleep(ctx, kCountEvery)) {
    if (!holders_.empty()) co_await CountRefusals();
  }
}

Task<> FunctionNetwork::CountRefusals() {
  if (!channel_ || stopping_) co_return;
  const uint32_t asked = channel_->Ask({sandbox::RouterOperation::CountRefusals});
  const RouterAnswer answer = co_await channel_->AnswerTo(asked);
  if (answer.error == 0) TakeCounts(answer.text);
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

Task<Result<>> FunctionNetwork::Join(uint32_t address, AddressHolder holder) {
  const vpc::FunctionMember member{{holder.account_id, holder.region}, holder.vpc_member};
  if (address != 0) holders_[address].holder = std::move(holder);
  if (member.arn.empty()) co_return co_await members_->JoinEverybody(address);
  co_return co_await members_->Join(address, member);
}

void FunctionNetwork::Leave(uint32_t address) { members_->Leave(address); }

Result<> FunctionNetwork::CheckService(const AddressHolder& holder, uint32_t address, std::string_view service) const {
  return members_->CheckService({{holder.account_id, holder.region}, holder.vpc_member}, address, service);
}

// What an address of a VPC stands for, or, on the machine's own one, what listens on its loopback.
std::vector<sockaddr_storage> FunctionNetwork::GoalsOf(const RelayedConnection& connection) const {
  const VpcProfile* profile = members_->ProfileAt(connection.peer);
  if (!profile) return LoopbackGoals(connection.port);
  const auto found = profile->relayed.find(connection.address);
  if (found == profile->relayed.end()) return {};
  const uint16_t port = found->second.port != 0 ? found->second.port : connection.port;
  if (port == plan_.own_port) return {};
  return {SocketAddress(found->second.address, port)};
}

json::Value FunctionNetwork::Describe() const {
  json::Value view;
  if (!channel_) {
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

void FunctionNetwork::Follow(vpc::FunctionNetworks& networks) {
  networks_ = &networks;
  members_->Follow(networks);
}

Task<Result<std::vector<FunctionNetwork::ExplainedAddress>>> FunctionNetwork::ExplainTo(Context& ctx, BlockingPool& files, AddressHolder holder,
                                                                                       std::string host, uint16_t port) const {
  if (!holder.vpc_member.empty()) co_return co_await ExplainFromVpc(ctx, files, std::move(holder), std::move(host), port);
  MF_CO_TRY(const std::vector<std::string> addresses, co_await files.Run(*ctx.loop, [host] { return Resolve(host); }));
  std::vector<ExplainedAddress> all;
  for (const std::string& address : addresses) {
    MF_CO_TRY(Explanation explanation, Explain(plan_, address, port, net::OwnAddresses()));
    all.push_back({address, std::move(explanation)});
  }
  co_return all;
}

Task<Result<std::vector<FunctionNetwork::ExplainedAddress>>> FunctionNetwork::ExplainFromVpc(Context& ctx, BlockingPool& files, AddressHolder holder,
                                                                                            std::string host, uint16_t port) const {
  const vpc::FunctionMember member{{holder.account_id, holder.region}, holder.vpc_member};
  const auto links = networks_ ? networks_->LinksOf(member) : std::vector<vpc::FunctionLink>();
  const auto network = links.empty() ? std::nullopt : networks_->NetworkOf(member.scope, links.front().vpc_id);
  if (!network) co_return std::vector<ExplainedAddress>{{host, {false, "the function has no network interface"}}};
  const auto found = FindInVpc(networks_->NamesOf(*network), holder.region, host);
  if (found && found->is_unknown) co_return std::vector<ExplainedAddress>{{host, {false, network->vpc.id + " knows no such name"}}};
  std::vector<std::string> addresses = found ? found->addresses : std::vector<std::string>();
  if (!found) {
    MF_CO_TRY(addresses, co_await files.Run(*ctx.loop, [host] { return Resolve(host); }));
  }
  std::vector<ExplainedAddress> all;
  for (const vpc::FunctionLink& link : links) {
    if (found && !found->service.empty()) AddOnce(all, {host, ExplainService(*network, link.interface_id, found->service, holder.region)});
    for (const std::string& address : addresses) {
      AddOnce(all, {address, ExplainInVpc(*network, link.interface_id, plan_, address, port, net::OwnAddresses())});
    }
  }
  co_return all;
}

}  // namespace mayfly::uplink
