#include "uplink/vpc_explain.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "uplink/vpc_profile.h"
#include "vpc/reachability.h"
#include "vpc/service_reach.h"

namespace mayfly::uplink {
namespace {

// Of the internet, only what is really of it: what is private belongs to the machine's networks, where a VPC does not reach.
Explanation OfInternet(const NetworkPlan& plan, const std::string& address, uint16_t port, const std::vector<std::string>& machine, const std::string& rule) {
  NetworkPlan internet;
  internet.has_network = plan.has_network;
  internet.internet = plan.internet;
  const auto explained = Explain(internet, address, port, machine);
  if (!explained) return {false, explained.error().message};
  return {explained->passes, explained->passes ? rule : explained->rule};
}

std::string InWords(vpc::Way way) {
  switch (way) {
    case vpc::Way::Internet: return "to the internet gateway";
    case vpc::Way::Nat: return "through the NAT gateway";
    case vpc::Way::Local: return "within the VPC";
    case vpc::Way::Endpoint: return "to an endpoint";
    default: return "nowhere";
  }
}

Explanation OfHost(const vpc::Network& network, const vpc::Address& address, const std::string& rule) {
  const vpc::Interface* interface = network.InterfaceAt(address);
  if (interface && !interface->attached_to.empty()) return {true, fmt::format("{}: {} is {}", rule, address.Text(), interface->attached_to)};
  return {false, fmt::format("{}: nothing answers at {} (mayfly vpc attach)", rule, address.Text())};
}

// "sqs" of "sqs.us-east-1.amazonaws.com" and "s3.amazonaws.com"; "" of others.
std::string ServiceIn(const std::string& host, const std::string& region) {
  for (const std::string& end : {"." + region + ".amazonaws.com", std::string(".amazonaws.com")}) {
    if (!host.ends_with(end)) continue;
    const std::string labels = host.substr(0, host.size() - end.size());
    const std::string service = labels.substr(labels.rfind('.') + 1);
    return service == "kinesis" ? "kinesis-streams" : service;
  }
  return "";
}

}  // namespace

std::optional<VpcTarget> FindInVpc(const vpc::NetworkNames& names, const std::string& region, const std::string& host) {
  VpcTarget target;
  if (vpc::ParseAddress(host)) return std::nullopt;
  const std::string name = LowerCase(host);
  if (target.service = ServiceIn(name, region); !target.service.empty()) return target;
  target.is_unknown = !names.resolves;
  if (target.is_unknown) return target;
  for (const auto& [known, address] : names.addresses) {
    if (known == name) target.addresses.push_back(address);
  }
  if (!target.addresses.empty()) return target;
  target.is_unknown = name.ends_with("." + names.domain) || name.ends_with(".mayfly.internal");
  return target.is_unknown ? std::optional(target) : std::nullopt;
}

Explanation ExplainInVpc(const vpc::Network& network, const std::string& interface_id, const NetworkPlan& plan, const std::string& text,
                         uint16_t port, const std::vector<std::string>& machine) {
  const auto address = vpc::ParseAddress(text);
  if (!address) return {false, fmt::format("'{}' is no address", text)};
  if (text == "169.254.100.2") return {port == 80, "the AWS endpoint inside the sandbox, port 80"};
  if (!plan.has_network) return {false, "functions have no network (--function-network none, or it could not be made: see mayfly status)"};
  const auto resolvers = ResolverAddresses(network);
  if (address->family == vpc::Family::V4 && std::ranges::find(resolvers, static_cast<uint32_t>(address->value)) != resolvers.end()) {
    const bool passes = port == 53 && network.vpc.dns_support;
    return {passes, fmt::format("the name server of {}, port 53{}", network.vpc.id, network.vpc.dns_support ? "" : ", which is off (enableDnsSupport)")};
  }
  const vpc::Verdict verdict = vpc::Decide(network, {.interface_id = interface_id, .destination = *address, .port = port});
  if (!verdict.passes) return {false, verdict.rule};
  const std::string rule = fmt::format("{}, {}", verdict.rule, InWords(verdict.way));
  if (verdict.way == vpc::Way::Local) return OfHost(network, *address, rule);
  if (verdict.way == vpc::Way::Endpoint) return {false, rule + ": services are reached at AWS_ENDPOINT_URL"};
  return OfInternet(plan, text, port, machine, rule);
}

Explanation ExplainService(const vpc::Network& network, const std::string& interface_id, const std::string& service, const std::string& region) {
  const vpc::Verdict verdict = vpc::DecideService(network, interface_id, service, region);
  if (!verdict.passes) return {false, verdict.rule};
  return {true, fmt::format("{}, {}: {} is reached at AWS_ENDPOINT_URL", verdict.rule, InWords(verdict.way), service)};
}

}  // namespace mayfly::uplink
