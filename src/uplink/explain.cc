#include "uplink/explain.h"

#include <arpa/inet.h>

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "sandbox/router_protocol.h"

namespace mayfly::uplink {
namespace {

struct Address {
  std::array<uint8_t, 16> bytes{};
  bool is_v6 = false;
  int bits = 0;  // of a network
};

std::optional<Address> Parse(const std::string& text) {
  Address address;
  const size_t slash = text.find('/');
  const std::string plain = text.substr(0, slash);
  address.is_v6 = plain.find(':') != std::string::npos;
  address.bits = address.is_v6 ? 128 : 32;
  if (slash != std::string::npos) address.bits = ParseNumber<int>(text.substr(slash + 1)).value_or(address.bits);
  if (::inet_pton(address.is_v6 ? AF_INET6 : AF_INET, plain.c_str(), address.bytes.data()) != 1) return std::nullopt;
  return address;
}

bool IsIn(const Address& address, const std::string& network_text) {
  const auto network = Parse(network_text);
  if (!network || network->is_v6 != address.is_v6) return false;
  for (int bit = 0; bit < network->bits; ++bit) {
    const int shift = 7 - bit % 8;
    const auto at = static_cast<size_t>(bit / 8);
    if ((address.bytes[at] >> shift & 1) != (network->bytes[at] >> shift & 1)) return false;
  }
  return true;
}

bool Has(const std::vector<PortRange>& ports, uint16_t port) {
  return std::ranges::any_of(ports, [port](const PortRange& range) { return port >= range.low && port <= range.high; });
}

struct Named {
  const char* network;
  const char* what;
};
constexpr Named kNever[] = {
    {"169.254.0.0/16", "link-local addresses (metadata of clouds, other environments) are refused"},
    {"127.0.0.0/8", "loopback never leaves the function's own sandbox"},
    {"0.0.0.0/8", "no address of a host"},
    {"224.0.0.0/3", "groups and reserved addresses are refused"},
    {"fd6d:6179:666c::/48", "other environments are refused"},
    {"fd00:ec2::/32", "metadata of clouds is refused"},
    {"fe80::/10", "link-local addresses are refused"},
    {"ff00::/8", "groups are refused"},
    {"::/127", "loopback never leaves the function's own sandbox"},
    {"::ffff:0:0/96", "IPv4 in IPv6 is refused"},
};
constexpr const char* kPrivate[] = {"10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15",
                                    "fc00::/7",   "64:ff9b::/96",  "64:ff9b:1::/48", "2002::/16",   "2001::/32"};

Explanation OfMachine(const NetworkPlan& plan, uint16_t port) {
  if (Has(plan.machine_ports, port)) return {true, fmt::format("port {} of this machine is reached by host.mayfly.internal (--function-network host)", port)};
  return {false, fmt::format("port {} of this machine is not among those of --function-network host=…, or is the daemon's own", port)};
}

std::string DottedOf(uint32_t address) {
  return fmt::format("{}.{}.{}.{}", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
}

}  // namespace

Result<Explanation> Explain(const NetworkPlan& plan, const std::string& text, uint16_t port, const std::vector<std::string>& machine) {
  const auto address = Parse(text);
  if (!address) return Fail(Error::Fault(fmt::format("'{}' is no address", text)));
  if (text == "169.254.100.2") return Explanation{port == 80, "the AWS endpoint inside the sandbox, port 80"};
  if (!plan.has_network) return Explanation{false, "functions have no network (--function-network none, or it could not be made: see mayfly status)"};
  if (text == DottedOf(sandbox::kMachineAddress)) return OfMachine(plan, port);
  if (text == DottedOf(sandbox::kNameServerAddress)) return Explanation{port == 53, "the name server for functions, port 53"};
  for (const Destination& allowed : plan.allowed) {
    if (IsIn(*address, allowed.network) && Has({allowed.ports}, port)) return Explanation{true, "allowed by --function-network allow=" + allowed.network};
  }
  if (std::ranges::find(machine, text) != machine.end()) {
    return Explanation{false, "an address of this machine: reached by host.mayfly.internal only, for allowed ports"};
  }
  for (const Named& never : kNever) {
    if (IsIn(*address, never.network)) return Explanation{false, fmt::format("{} ({})", never.what, never.network)};
  }
  for (const char* network : kPrivate) {
    if (IsIn(*address, network) && !plan.private_ranges) return Explanation{false, fmt::format("private ranges are refused: {} (--function-network without private)", network)};
    if (IsIn(*address, network)) return Explanation{true, fmt::format("private ranges are reached: {} (--function-network private)", network)};
  }
  if (plan.internet) return Explanation{true, "the internet is reached (--function-network internet)"};
  return Explanation{false, "only what is allowed is reached (--function-network without internet)"};
}

}  // namespace mayfly::uplink
