#include "router/machine_side.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string_view>

#include "router/addresses.h"
#include "router/failure.h"
#include "router/rules.h"
#include "router/settings_files.h"

namespace mayfly::router {
namespace {

constexpr int kClaimsMax = 1000;

UniqueFd WatchChanges() {
  UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  sockaddr_nl name{};
  name.nl_family = AF_NETLINK;
  name.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | 1u << (RTNLGRP_IPV4_NETCONF - 1);
  if (socket && bind(socket.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) != 0) socket.Reset();
  return socket;
}

std::string TextOf(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address->sa_family == AF_INET) inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text, sizeof text);
  else inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text, sizeof text);
  return text;
}

void ForEachAddress(const std::function<void(const ifaddrs&)>& take) {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return;
  for (const ifaddrs* at = first; at != nullptr; at = at->ifa_next) {
    const bool is_address = at->ifa_addr != nullptr && (at->ifa_addr->sa_family == AF_INET || at->ifa_addr->sa_family == AF_INET6);
    if (is_address && !std::string_view(at->ifa_name).starts_with(kUplinkPrefix)) take(*at);
  }
  freeifaddrs(first);
}

uint32_t CandidateOf(const std::string& instance, int attempt) {
  constexpr uint32_t kAll = sandbox::kUplinkThirdMax * 256;
  const auto start = static_cast<uint32_t>(std::hash<std::string>()(instance) % kAll);
  return (sandbox::kLinkLocal | 1 << 8) + (start + static_cast<uint32_t>(attempt)) % kAll;
}

}  // namespace

MachineSide::MachineSide(const Options& options, Nftables& rules) : options_(options), rules_(rules), link_(kUplinkPrefix + options.instance) {}

std::string MachineSide::ClaimAddress(int index, int socket, bool has_ipv6) {
  for (int attempt = 0; attempt < kClaimsMax; ++attempt) {
    router_address_ = CandidateOf(options_.instance, attempt);
    sandbox::NetlinkBatch batch;
    batch.ClaimRoute(index, sandbox::NetworkAddress::V4(router_address_));
    if (has_ipv6) batch.AddRoute(index, UplinkV6(router_address_), 128);
    const int error = sandbox::Carry(socket, batch);
    if (error == 0) return "";
    if (error != EEXIST) return Failure("route to the router", error);
  }
  return "no address is free for the router";
}

std::string MachineSide::Open(bool has_ipv6) {
  const UniqueFd socket = sandbox::OpenRtnetlink();
  const auto index = static_cast<int>(if_nametoindex(link_.c_str()));
  if (!socket || index == 0) return Failure("find " + link_, errno);
  WriteSetting("ipv6/conf/" + link_ + "/addr_gen_mode", "1");
  if (const int error = WriteSetting("ipv4/conf/" + link_ + "/forwarding", "1")) return Failure("let " + link_ + " forward", error);
  if (has_ipv6) WriteSetting("ipv6/conf/" + link_ + "/force_forwarding", "1");
  sandbox::NetlinkBatch up;
  up.SetUp(index);
  if (const int error = sandbox::Carry(socket.get(), up)) return Failure("set " + link_ + " up", error);
  if (std::string failure = ClaimAddress(index, socket.get(), has_ipv6); !failure.empty()) return failure;
  if (std::string failure = rules_.Run(MachineRules(options_.instance, link_)); !failure.empty()) return "rules of the machine: " + failure;
  filtered_by_others_ = IsForwardingDropped(rules_.List("chains"));
  forwarding_.Open(has_ipv6);
  changes_ = WatchChanges();
  return changes_ ? "" : Failure("watch the machine's addresses", errno);
}

void MachineSide::AllowForwarding(const std::vector<std::string>& interfaces) {
  std::vector<std::string> opened = forwarding_.Allow(interfaces);
  if (opened == opened_) return;
  opened_ = std::move(opened);
  std::vector<std::string> quoted;
  for (const std::string& interface : opened_) quoted.push_back('"' + interface + '"');
  rules_.Run(ReplaceElements("mayfly_" + options_.instance, "opened", quoted));
}

MachineSide::Addresses MachineSide::Look() {
  char told[8192];
  while (recv(changes_.get(), told, sizeof told, MSG_DONTWAIT) > 0 || errno == ENOBUFS) {
  }
  Addresses addresses;
  std::set<std::string> interfaces;
  ForEachAddress([&](const ifaddrs& at) {
    const bool is_v6 = at.ifa_addr->sa_family == AF_INET6;
    (is_v6 ? addresses.v6 : addresses.v4).push_back(TextOf(at.ifa_addr));
    if ((at.ifa_flags & IFF_LOOPBACK) == 0) interfaces.insert(at.ifa_name);
  });
  for (auto* list : {&addresses.v4, &addresses.v6}) {
    std::ranges::sort(*list);
    list->erase(std::ranges::unique(*list).begin(), list->end());
  }
  AllowForwarding({interfaces.begin(), interfaces.end()});
  return addresses;
}

void MachineSide::Close() { forwarding_.Close(); }

}  // namespace mayfly::router
