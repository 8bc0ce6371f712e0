#include "vpc/service_reach.h"

#include <fmt/format.h>

namespace mayfly::vpc {
namespace {

constexpr int kServicePort = 443;
constexpr std::string_view kPublicAddress = "52.94.133.131";  // stands for all public addresses of services that no list names

Address PublicAddressOf(const Network& network, const std::string& full_name) {
  const PrefixList* list = network.FindPrefixList(full_name);
  return list && !list->blocks.empty() ? list->blocks.front().base : *ParseAddress(kPublicAddress);
}

// The one that has the service's name in the VPC; nullptr: none.
const Endpoint* NamedEndpoint(const Network& network, const std::string& full_name) {
  if (!network.vpc.dns_support || !network.vpc.dns_hostnames) return nullptr;
  for (const Endpoint& endpoint : network.endpoints) {
    if (endpoint.type == "Interface" && endpoint.private_dns && endpoint.service_name == full_name) return &endpoint;
  }
  return nullptr;
}

// By any of its interfaces.
Verdict DecideEndpoint(const Network& network, const std::string& interface_id, const Endpoint& endpoint) {
  Verdict verdict{.passes = false, .way = Way::None, .rule = fmt::format("{}: it has no interface", endpoint.id)};
  for (const std::string& id : endpoint.interface_ids) {
    const Interface* interface = network.FindInterface(id);
    if (!interface || interface->private_ips.empty()) continue;
    verdict = Decide(network, {.interface_id = interface_id, .destination = *ParseAddress(interface->private_ips.front()), .port = kServicePort});
    verdict.rule = fmt::format("{}: {}", endpoint.id, verdict.rule);
    if (!verdict.passes) continue;
    verdict.way = Way::Endpoint;
    return verdict;
  }
  return verdict;
}

}  // namespace

Verdict DecideService(const Network& network, const std::string& interface_id, std::string_view service, std::string_view region) {
  const std::string full_name = fmt::format("com.amazonaws.{}.{}", region, service);
  if (const Endpoint* endpoint = NamedEndpoint(network, full_name)) return DecideEndpoint(network, interface_id, *endpoint);
  return Decide(network, {.interface_id = interface_id, .destination = PublicAddressOf(network, full_name), .port = kServicePort});
}

}  // namespace mayfly::vpc
