#include "uplink/vpc_profile.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "sandbox/router_protocol.h"
#include "vpc/profile.h"

namespace mayfly::uplink {
namespace {

using sandbox::ProfileTranslation;
using sandbox::ProfileVerdict;
using sandbox::TranslationKind;

constexpr uint32_t kResolverEverywhere = 0xa9fea9fd;  // 169.254.169.253
constexpr int kResolverOffset = 2;
constexpr size_t kResourcesMax = sandbox::kProfileTranslationsMax - 2;  // and the name server's two addresses

uint8_t ProtocolNumber(std::string_view protocol) {
  if (protocol == "tcp") return 6;
  if (protocol == "udp") return 17;
  if (protocol == "icmp") return 1;
  return protocol == "icmpv6" ? 58 : 0;
}

bool IsAttached(const vpc::Network& network, const vpc::Address& address) {
  const vpc::Interface* interface = network.InterfaceAt(address);
  return interface && !interface->attached_to.empty();
}

ProfileVerdict VerdictOf(const vpc::Network& network, const vpc::ProfileRule& rule) {
  if (!rule.verdict.passes) return ProfileVerdict::Refuse;
  switch (rule.verdict.way) {
    case vpc::Way::Internet:
    case vpc::Way::Nat: return ProfileVerdict::Internet;
    case vpc::Way::Local: return IsAttached(network, rule.destination.base) ? ProfileVerdict::Resource : ProfileVerdict::Refuse;
    default: return ProfileVerdict::Refuse;  // services are reached inside of the environment
  }
}

sandbox::ProfileRule RouterRuleOf(const vpc::Network& network, const vpc::ProfileRule& rule) {
  const bool v6 = rule.destination.base.family == vpc::Family::V6;
  sandbox::ProfileRule made{.destination = {},
                            .port_low = static_cast<uint16_t>(rule.port_low),
                            .port_high = static_cast<uint16_t>(rule.port_high),
                            .bits = static_cast<uint8_t>(rule.destination.length),
                            .is_v6 = static_cast<uint8_t>(v6),
                            .protocol = ProtocolNumber(rule.protocol),
                            .verdict = VerdictOf(network, rule)};
  const int bytes = v6 ? 16 : 4;
  for (int i = 0; i < bytes; ++i) made.destination[i] = static_cast<uint8_t>(rule.destination.base.value >> 8 * (bytes - 1 - i));
  return made;
}

bool IsSameBlock(const sandbox::ProfileRule& a, const sandbox::ProfileRule& b) {
  return a.is_v6 == b.is_v6 && a.bits == b.bits && std::memcmp(a.destination, b.destination, sizeof a.destination) == 0;
}

bool Continues(const sandbox::ProfileRule& before, const sandbox::ProfileRule& rule) {
  return IsSameBlock(before, rule) && before.protocol == rule.protocol && before.verdict == rule.verdict && before.port_high + 1 == rule.port_low;
}

// Of one block, what passes and then all else: what is refused within it needs no rules of its own, and which group lets a port by none.
void AddRule(std::vector<sandbox::ProfileRule>& rules, const sandbox::ProfileRule& rule) {
  const bool is_new_block = rules.empty() || !IsSameBlock(rules.back(), rule);
  if (is_new_block) {
    sandbox::ProfileRule rest = rule;
    rest.protocol = 0;
    rest.port_low = 0;
    rest.port_high = 65535;
    rest.verdict = ProfileVerdict::Refuse;
    rules.push_back(rest);
  }
  if (rule.verdict == ProfileVerdict::Refuse) return;
  const auto end = rules.end() - 1;  // that rest
  if (end != rules.begin() && Continues(*(end - 1), rule)) (end - 1)->port_high = rule.port_high;
  else rules.insert(end, rule);
}

// What follows the last one that lets something pass says what the end says: no.
void DropRefusingEnd(std::vector<sandbox::ProfileRule>& rules) {
  while (!rules.empty() && rules.back().verdict == ProfileVerdict::Refuse) rules.pop_back();
}

// Only what answers is worth rules: interfaces that nothing is attached to are refused by there being none, and so are their groups.
vpc::Network WithoutSilent(const vpc::Network& whole, const std::string& interface_id) {
  vpc::Network network = whole;
  std::erase_if(network.interfaces, [&](const vpc::Interface& one) { return one.attached_to.empty() && one.id != interface_id; });
  std::erase_if(network.groups, [&](const vpc::SecurityGroup& group) {
    const auto has = [&](const vpc::Interface& one) { return std::ranges::find(one.group_ids, group.id) != one.group_ids.end(); };
    return std::ranges::none_of(network.interfaces, has);
  });
  return network;
}

// nullopt: IPv6.
std::optional<uint32_t> V4Of(const std::string& text) {
  const auto address = vpc::ParseAddress(text);
  if (!address || address->family != vpc::Family::V4) return std::nullopt;
  return static_cast<uint32_t>(address->value);
}

bool IsOfMachine(const std::string& address, const std::vector<std::string>& machine) {
  return address.starts_with("127.") || std::ranges::find(machine, address) != machine.end();
}

void AddTranslations(const vpc::Network& network, const std::vector<std::string>& machine, VpcProfile& profile,
                     std::vector<ProfileTranslation>& translations) {
  for (const vpc::Interface& interface : network.interfaces) {
    const auto real = V4Of(interface.attached_to);
    if (!real) continue;
    const auto port = static_cast<uint32_t>(interface.attached_port);
    const bool is_relayed = IsOfMachine(interface.attached_to, machine);
    for (const std::string& ip : interface.private_ips) {
      const uint32_t address = *V4Of(ip);
      translations.push_back({address, is_relayed ? 0 : *real, is_relayed ? TranslationKind::Relay : TranslationKind::Address, port});
      if (is_relayed) profile.relayed[address] = {interface.attached_to, static_cast<uint16_t>(port)};
    }
  }
  if (!profile.resolves) return;
  for (const uint32_t address : ResolverAddresses(network)) translations.push_back({address, 0, TranslationKind::NameServer, 0});
}

template <typename T>
void AppendBytes(std::string& bytes, const std::vector<T>& values) {
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

std::string ProfileBytes(const std::vector<sandbox::ProfileRule>& rules, const std::vector<ProfileTranslation>& translations) {
  const sandbox::RouterProfile head{static_cast<uint32_t>(rules.size()), static_cast<uint32_t>(translations.size())};
  std::string bytes(reinterpret_cast<const char*>(&head), sizeof head);
  AppendBytes(bytes, rules);
  AppendBytes(bytes, translations);
  return bytes;
}

}  // namespace

std::vector<uint32_t> ResolverAddresses(const vpc::Network& network) {
  std::vector<uint32_t> addresses = {kResolverEverywhere};
  if (network.vpc.cidrs.empty()) return addresses;
  const auto block = vpc::ParseBlock(network.vpc.cidrs.front().cidr);
  if (block) addresses.push_back(static_cast<uint32_t>(block->At(kResolverOffset).value));
  return addresses;
}

Result<VpcProfile> MakeVpcProfile(const vpc::Network& whole, const vpc::NetworkNames& names, const std::string& interface_id,
                                  const std::vector<std::string>& machine) {
  const vpc::Network network = WithoutSilent(whole, interface_id);
  if (network.interfaces.size() > kResourcesMax) {
    return Fail(Error::Fault(fmt::format("{} has more attached resources than can be enforced ({})", whole.vpc.id, kResourcesMax)));
  }
  VpcProfile profile{.bytes = {}, .resolves = names.resolves, .domain = names.domain, .names = {}, .relayed = {}};
  std::vector<sandbox::ProfileRule> rules;
  for (const vpc::ProfileRule& rule : vpc::ProfileOf(network, interface_id)) AddRule(rules, RouterRuleOf(network, rule));
  DropRefusingEnd(rules);
  std::vector<ProfileTranslation> translations;
  AddTranslations(network, machine, profile, translations);
  if (rules.size() > sandbox::kProfileRulesMax || translations.size() > sandbox::kProfileTranslationsMax) {
    return Fail(Error::Fault(fmt::format("{} has rules for {} connections and {} attached resources: more than can be enforced ({}, {})", interface_id,
                                         rules.size(), translations.size(), sandbox::kProfileRulesMax, sandbox::kProfileTranslationsMax)));
  }
  profile.bytes = ProfileBytes(rules, translations);
  for (const auto& [name, address] : names.addresses) {
    if (const auto v4 = V4Of(address)) profile.names.try_emplace(name, *v4);
  }
  return profile;
}

VpcProfile ClosedVpcProfile() {
  VpcProfile profile{.bytes = ProfileBytes({}, {}), .resolves = false, .domain = {}, .names = {}, .relayed = {}};
  return profile;
}

}  // namespace mayfly::uplink
