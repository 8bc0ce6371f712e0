#include "uplink/network_options.h"

#include <arpa/inet.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"

namespace mayfly::uplink {
namespace {

constexpr std::string_view kOwnMachine = "internet,private,host";
constexpr std::string_view kStrict = "internet";

Error Wrong(std::string_view item) {
  return Error::Fault(fmt::format("--function-network: '{}' is none of none, internet, private, host, host=PORT and allow=ADDRESS[/BITS][:PORT]", item));
}

Result<PortRange> ParsePorts(std::string_view text) {
  const size_t dash = text.find('-');
  const auto low = ParseNumber<uint16_t>(text.substr(0, dash));
  const auto high = dash == std::string_view::npos ? low : ParseNumber<uint16_t>(text.substr(dash + 1));
  if (!low || !high || *low == 0 || *high < *low) return Fail(Wrong(text));
  return PortRange{*low, *high};
}

bool IsNetwork(const std::string& text) {
  const size_t slash = text.find('/');
  const std::string address = text.substr(0, slash);
  unsigned char bytes[16];
  const bool v6 = address.find(':') != std::string::npos;
  if (::inet_pton(v6 ? AF_INET6 : AF_INET, address.c_str(), bytes) != 1) return false;
  if (slash == std::string::npos) return true;
  const auto bits = ParseNumber<uint16_t>(text.substr(slash + 1));
  return bits && *bits <= (v6 ? 128 : 32);
}

// "10.0.0.0/8:5432", "fd00::1", "[fd00::/64]:80-90"
Result<Destination> ParseDestination(std::string_view text) {
  Destination destination;
  std::string_view ports;
  const size_t close = text.starts_with('[') ? text.find("]:") : std::string_view::npos;
  const bool v6 = std::ranges::count(text, ':') > 1;
  const size_t colon = close != std::string_view::npos ? close + 1 : v6 ? std::string_view::npos : text.find(':');
  destination.network = Trim(text.substr(0, colon), "[]");
  if (colon != std::string_view::npos) ports = text.substr(colon + 1);
  if (!IsNetwork(destination.network)) return Fail(Wrong(text));
  if (ports.empty()) return destination;
  MF_TRY(destination.ports, ParsePorts(ports));
  return destination;
}

void AllPortsBut(uint16_t own_port, std::vector<PortRange>& ports) {
  if (own_port > 1) ports.push_back({1, static_cast<uint16_t>(own_port - 1)});
  if (own_port < 65535) ports.push_back({static_cast<uint16_t>(own_port + 1), 65535});
}

Result<> TakeItem(std::string_view item, uint16_t own_port, bool& ports_may_follow, NetworkPlan& plan) {
  const bool follows = std::exchange(ports_may_follow, false);
  if (item == "internet") plan.internet = true;
  else if (item == "private") plan.private_ranges = true;
  else if (item == "host") AllPortsBut(own_port, plan.machine_ports);
  else if (item.starts_with("host=") || (follows && !item.empty() && IsDigit(item[0]))) {
    MF_TRY(const PortRange ports, ParsePorts(item.starts_with("host=") ? item.substr(5) : item));
    plan.machine_ports.push_back(ports);
    ports_may_follow = true;
  } else if (item.starts_with("allow=")) {
    MF_TRY(Destination destination, ParseDestination(item.substr(6)));
    plan.allowed.push_back(std::move(destination));
  } else {
    return Fail(Wrong(item));
  }
  return {};
}

std::string TextOf(PortRange ports) { return ports.low == ports.high ? std::to_string(ports.low) : fmt::format("{}-{}", ports.low, ports.high); }

}  // namespace

OptionGroup OptionsOf(NetworkOptions& network) {
  OptionGroup group("What functions may reach");
  group.Text("function-network", network.reach,
             "none, or some of internet, private, host, host=PORT,PORT-PORT, allow=ADDRESS[/BITS][:PORT], separated by commas; by default "
             "internet,private,host with --auth open, internet with --auth strict");
  group.Texts("function-name-server", network.name_servers, "ADDRESS[:PORT] that names of functions are looked up at, instead of /etc/resolv.conf's");
  group.Number("function-connections", network.connections, {1, 60'000}, "connections of one environment at a time");
  group.Number("function-connections-of-all", network.connections_of_all, {64, 4'000'000}, "connections of all environments at a time, about");
  group.Kibibytes("function-bandwidth", network.bytes_per_second, {0, 100'000'000}, "KiB per second that one environment may send, and receive; 0: no bound");
  return group;
}

Result<NetworkPlan> PlanNetwork(const NetworkOptions& options, Trust trust, uint16_t own_port) {
  NetworkPlan plan;
  plan.internet = false;
  plan.own_port = own_port;
  const std::string_view reach = !options.reach.empty() ? std::string_view(options.reach) : trust == Trust::OwnMachine ? kOwnMachine : kStrict;
  if (reach == "none") {
    plan.has_network = false;
    return plan;
  }
  bool ports_may_follow = false;
  for (const std::string_view item : Split(reach, ',')) MF_TRY_VOID(TakeItem(Trim(item), own_port, ports_may_follow, plan));
  if (plan.private_ranges && !plan.internet) {
    for (const char* network : {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"}) plan.allowed.push_back({network, {}});
  }
  return plan;
}

std::string NetworkPlan::Text() const {
  if (!has_network) return "none";
  std::vector<std::string> items;
  if (internet) items.emplace_back("internet");
  if (private_ranges) items.emplace_back("private");
  bool first = true;
  for (const PortRange& ports : machine_ports) items.push_back((std::exchange(first, false) ? "host=" : "") + TextOf(ports));
  for (const Destination& destination : allowed) {
    const bool v6 = destination.network.find(':') != std::string::npos;
    const std::string network = v6 ? "[" + destination.network + "]" : destination.network;
    items.push_back(fmt::format("allow={}:{}", network, TextOf(destination.ports)));
  }
  return fmt::format("{}", fmt::join(items, ","));
}

}  // namespace mayfly::uplink
