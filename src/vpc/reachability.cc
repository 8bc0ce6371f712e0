#include "vpc/reachability.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::vpc {
namespace {

constexpr std::pair<std::string_view, std::string_view> kNumbers[] = {{"tcp", "6"}, {"udp", "17"}, {"icmp", "1"}, {"icmpv6", "58"}};

bool IsIcmp(std::string_view protocol) { return protocol == "icmp" || protocol == "icmpv6"; }

bool IsInRange(int value, int from, int to) { return from < 0 || (from <= value && value <= to); }

bool BlockTakes(const std::string& block, const Address& address) { return !block.empty() && ParseBlock(block)->Contains(address); }

bool EntryTakes(const AclEntry& entry, const Packet& packet) {
  const Address& other = entry.egress ? packet.destination : packet.source;
  if (!BlockTakes(entry.cidr, other) && !BlockTakes(entry.ipv6_cidr, other)) return false;
  if (entry.protocol == "-1") return true;
  if (entry.protocol != NumberOf(packet.protocol)) return false;
  if (IsIcmp(packet.protocol)) return entry.icmp_type < 0 || entry.icmp_type == packet.destination_port;
  return IsInRange(packet.destination_port, entry.from_port, entry.to_port);
}

bool PortTakes(const GroupRule& rule, const Packet& packet) {
  if (rule.protocol == "-1") return true;
  if (rule.protocol != packet.protocol && rule.protocol != NumberOf(packet.protocol)) return false;
  if (IsIcmp(packet.protocol)) return rule.from_port < 0 || rule.from_port == packet.destination_port;
  return IsInRange(packet.destination_port, rule.from_port, rule.to_port);
}

bool HasGroup(const Network& network, const Address& address, const std::string& group_id) {
  const Interface* interface = network.InterfaceAt(address);
  return interface && std::ranges::find(interface->group_ids, group_id) != interface->group_ids.end();
}

bool PeerTakes(const Network& network, const GroupRule& rule, const Address& other) {
  if (BlockTakes(rule.cidr, other) || BlockTakes(rule.ipv6_cidr, other)) return true;
  if (!rule.group_id.empty()) return HasGroup(network, other, rule.group_id);
  const PrefixList* list = rule.prefix_list_id.empty() ? nullptr : network.FindPrefixList(rule.prefix_list_id);
  return list && std::ranges::any_of(list->blocks, [&](const Block& block) { return block.Contains(other); });
}

// What decides on the way; the first refusal is the verdict.
class Walk {
 public:
  Walk(const Network& network, const std::vector<Hop>& hops, const Connection& connection)
      : network_(network), hops_(hops), connection_(connection), from_(*network.FindInterface(connection.interface_id)) {}

  Verdict Decide() {
    const auto own = AddressesOf(from_);
    const auto source = std::ranges::find(own, connection_.destination.family, &Address::family);
    if (source == own.end()) return Refused(fmt::format("{}: it has no address of this family", from_.id));
    there_ = {connection_.protocol, *source, connection_.destination, connection_.port};
    back_ = {connection_.protocol, connection_.destination, *source, connection_.source_port};
    const Subnet& subnet = *network_.FindSubnet(from_.subnet_id);
    const Hop* hop = FindHop();
    if (!hop || hop->way == Way::None) return Refused(NoRoute(subnet, hop));
    const auto refusal = Refusal(subnet, *hop);
    return refusal.empty() ? Verdict{.passes = true, .way = hop->way, .rule = passed_by_} : Refused(refusal);
  }

 private:
  static Verdict Refused(std::string rule) { return {.passes = false, .way = Way::None, .rule = std::move(rule)}; }

  // nullptr: no route takes it.
  const Hop* FindHop() const {
    const auto found = std::ranges::find_if(hops_, [&](const Hop& hop) { return hop.block.Contains(connection_.destination); });
    return found == hops_.end() ? nullptr : &*found;
  }

  std::string NoRoute(const Subnet& subnet, const Hop* hop) const {
    const std::string& table = network_.TableOf(subnet).id;
    if (!hop) return fmt::format("{}: no route to {}", table, connection_.destination.Text());
    return fmt::format("{}: the route to {} leads to {}, where nothing passes", table, hop->destination, hop->target);
  }

  // "" when it passes.
  std::string Refusal(const Subnet& subnet, const Hop& hop) {
    if (std::string refusal = Group(from_, true); !refusal.empty()) return refusal;
    switch (hop.way) {
      case Way::Local: return Local(subnet);
      case Way::Internet:
        if (!network_.HasPublicAddress(from_))
          return fmt::format("{}: it has no public address, without which nothing passes {}", from_.id, hop.target);
        return Border(subnet);
      case Way::Nat: return Nat(subnet, *hop.nat_subnet);
      default: return Border(subnet);
    }
  }

  std::string Local(const Subnet& subnet) {
    const Interface* to = network_.InterfaceAt(connection_.destination);
    if (!to) return fmt::format("{}: no interface has this address", connection_.destination.Text());
    const Subnet& other = *network_.FindSubnet(to->subnet_id);
    if (other.id == subnet.id) return Group(*to, false);
    for (const auto& [where, egress, packet] : {Step{subnet, true, there_}, Step{other, false, there_}}) {
      if (std::string refusal = Acl(where, egress, packet); !refusal.empty()) return refusal;
    }
    if (std::string refusal = Group(*to, false); !refusal.empty()) return refusal;
    for (const auto& [where, egress, packet] : {Step{other, true, back_}, Step{subnet, false, back_}}) {
      if (std::string refusal = Acl(where, egress, packet); !refusal.empty()) return refusal;
    }
    return "";
  }

  std::string Border(const Subnet& subnet) {
    std::string refusal = Acl(subnet, true, there_);
    return refusal.empty() ? Acl(subnet, false, back_) : refusal;
  }

  std::string Nat(const Subnet& subnet, const Subnet& nat) {
    if (nat.id == subnet.id) return Border(subnet);
    for (const auto& [where, egress, packet] : {Step{subnet, true, there_}, Step{nat, false, there_}, Step{nat, true, there_},
                                                Step{nat, false, back_}, Step{nat, true, back_}, Step{subnet, false, back_}}) {
      if (std::string refusal = Acl(where, egress, packet); !refusal.empty()) return refusal;
    }
    return "";
  }

  struct Step {
    const Subnet& where;
    bool egress;
    const Packet& packet;
  };

  std::string Acl(const Subnet& subnet, bool egress, const Packet& packet) const {
    const NetworkAcl& acl = network_.AclOf(subnet);
    const AclEntry* entry = FirstEntry(acl, egress, packet);
    if (entry && entry->allow) return "";
    const std::string what = entry ? fmt::format("entry {} refuses it", entry->number) : std::string("no entry lets it pass");
    return fmt::format("{} of {}: {} {}{}", acl.id, subnet.id, egress ? "outbound" : "inbound", what,
                       &packet == &back_ ? " (the answer)" : "");
  }

  std::string Group(const Interface& interface, bool egress) {
    for (const std::string& id : interface.group_ids) {
      const SecurityGroup& group = *network_.FindGroup(id);
      const auto rule =
          std::ranges::find_if(group.rules, [&](const GroupRule& one) { return one.egress == egress && Takes(network_, one, there_); });
      if (rule == group.rules.end()) continue;
      passed_by_ = fmt::format("{}: {} rule {}", id, egress ? "outbound" : "inbound", rule->id);
      return "";
    }
    return fmt::format("{} of {}: no {} rule lets it pass", fmt::join(interface.group_ids, ", "), interface.id,
                       egress ? "outbound" : "inbound");
  }

  const Network& network_;
  const std::vector<Hop>& hops_;
  const Connection& connection_;
  const Interface& from_;
  Packet there_;
  Packet back_;
  std::string passed_by_;
};

}  // namespace

std::string_view NumberOf(std::string_view protocol) {
  const auto found = std::ranges::find(kNumbers, protocol, &std::pair<std::string_view, std::string_view>::first);
  return found == std::end(kNumbers) ? protocol : found->second;
}

const AclEntry* FirstEntry(const NetworkAcl& acl, bool egress, const Packet& packet) {
  for (const AclEntry& entry : acl.entries) {
    if (entry.egress == egress && EntryTakes(entry, packet)) return &entry;
  }
  return nullptr;
}

bool Takes(const Network& network, const GroupRule& rule, const Packet& packet) {
  return PortTakes(rule, packet) && PeerTakes(network, rule, rule.egress ? packet.destination : packet.source);
}

Verdict Decide(const Network& network, const Connection& connection) {
  const Interface* interface = network.FindInterface(connection.interface_id);
  MF_ASSERT(interface);
  return DecideAlong(network, HopsOf(network, network.TableOf(*network.FindSubnet(interface->subnet_id))), connection);
}

Verdict DecideAlong(const Network& network, const std::vector<Hop>& hops, const Connection& connection) {
  MF_ASSERT(network.FindInterface(connection.interface_id));
  return Walk(network, hops, connection).Decide();
}

}  // namespace mayfly::vpc
