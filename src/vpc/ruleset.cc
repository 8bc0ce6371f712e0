#include "vpc/ruleset.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "vpc/reachability.h"

namespace mayfly::vpc {
namespace {

constexpr Family kFamilies[] = {Family::V4, Family::V6};

std::string_view IpOf(Family family) { return family == Family::V4 ? "ip" : "ip6"; }
char DigitOf(Family family) { return family == Family::V4 ? '4' : '6'; }
Family FamilyOf(std::string_view block) { return block.find(':') == std::string_view::npos ? Family::V4 : Family::V6; }

std::string PortsOf(int from, int to) { return from == to ? fmt::to_string(from) : fmt::format("{}-{}", from, to); }

// What a rule says of protocol and ports: "tcp dport 80-90 "; "" for all. `protocol`: by name where it has one.
std::string MatchOf(std::string_view protocol, int from, int to) {
  if (protocol == "-1") return "";
  if (protocol == "tcp" || protocol == "udp")
    return from < 0 ? fmt::format("meta l4proto {} ", protocol) : fmt::format("{} dport {} ", protocol, PortsOf(from, to));
  if (protocol == "icmp" || protocol == "icmpv6") {
    return from < 0 ? fmt::format("meta l4proto {} ", protocol == "icmp" ? "icmp" : "ipv6-icmp")
                    : fmt::format("{} type {} ", protocol, from);
  }
  return fmt::format("meta l4proto {} ", protocol);
}

std::string_view NameOf(std::string_view number) {
  for (const std::string_view name : {"tcp", "udp", "icmp", "icmpv6"}) {
    if (NumberOf(name) == number) return name;
  }
  return number;
}

class Writer {
 public:
  explicit Writer(const Network& network) : network_(network) {}

  std::string Write() {
    text_ = "table inet vpc\ndelete table inet vpc\ntable inet vpc {\n";
    for (const SecurityGroup& group : network_.groups) WriteGroup(group);
    for (const NetworkAcl& acl : network_.acls) WriteAcl(acl);
    for (const RouteTable& table : network_.route_tables) WriteRoutes(table);
    for (const Subnet& subnet : network_.subnets) WriteSubnet(subnet);
    for (const Interface& interface : network_.interfaces) WriteInterface(interface);
    WriteArrive();
    WriteForward();
    text_ += "}\n";
    return std::move(text_);
  }

 private:
  void Line(std::string_view line) { text_.append("    ").append(line).append("\n"); }
  void Begin(std::string_view chain) { text_ += fmt::format("  chain {} {{\n", chain); }
  void End() { text_ += "  }\n"; }

  // --- groups and interfaces ---

  std::vector<std::string> MembersOf(const SecurityGroup& group, Family family) const {
    std::vector<std::string> members;
    for (const Interface& interface : network_.interfaces) {
      if (std::ranges::find(interface.group_ids, group.id) == interface.group_ids.end()) continue;
      for (const Address& address : AddressesOf(interface)) {
        if (address.family == family) members.push_back(address.Text());
      }
    }
    return members;
  }

  void WriteGroup(const SecurityGroup& group) {
    for (const Family family : kFamilies) {
      const auto members = MembersOf(group, family);
      text_ += fmt::format("  set {}-{} {{\n    type ipv{}_addr\n", group.id, DigitOf(family), DigitOf(family));
      if (!members.empty()) Line(fmt::format("elements = {{ {} }}", fmt::join(members, ", ")));
      End();
    }
    for (const bool egress : {false, true}) {
      Begin(fmt::format("{}-{}", group.id, egress ? "out" : "in"));
      for (const GroupRule& rule : group.rules) {
        if (rule.egress == egress) WriteRule(rule);
      }
      End();
    }
  }

  void WriteRule(const GroupRule& rule) {
    const std::string_view side = rule.egress ? "daddr" : "saddr";
    const std::string match = MatchOf(rule.protocol, rule.from_port, rule.to_port);
    const std::string_view verdict = rule.egress ? "goto arrive" : "accept";
    for (const std::string* block : {&rule.cidr, &rule.ipv6_cidr}) {
      if (!block->empty()) Line(fmt::format("{} {} {} {}{}", IpOf(FamilyOf(*block)), side, *block, match, verdict));
    }
    if (!rule.group_id.empty()) {
      for (const Family family : kFamilies)
        Line(fmt::format("{} {} @{}-{} {}{}", IpOf(family), side, rule.group_id, DigitOf(family), match, verdict));
    }
    const PrefixList* list = rule.prefix_list_id.empty() ? nullptr : network_.FindPrefixList(rule.prefix_list_id);
    if (!list) return;
    for (const Block& block : list->blocks) Line(fmt::format("{} {} {} {}{}", IpOf(block.base.family), side, block.Text(), match, verdict));
  }

  void WriteInterface(const Interface& interface) {
    for (const std::string_view direction : {"in", "out"}) {
      Begin(fmt::format("{}-{}", interface.id, direction));
      for (const std::string& group : interface.group_ids) Line(fmt::format("jump {}-{}", group, direction));
      Line("drop");
      End();
    }
  }

  // --- ACLs ---

  void WriteAcl(const NetworkAcl& acl) {
    for (const bool egress : {false, true}) {
      Begin(fmt::format("{}-{}", acl.id, egress ? "out" : "in"));
      for (const AclEntry& entry : acl.entries) {
        if (entry.egress == egress) WriteEntry(entry);
      }
      Line("drop");
      End();
    }
  }

  void WriteEntry(const AclEntry& entry) {
    const std::string& block = entry.cidr.empty() ? entry.ipv6_cidr : entry.cidr;
    const std::string_view protocol = NameOf(entry.protocol);
    const bool icmp = protocol == "icmp" || protocol == "icmpv6";
    const std::string match =
        icmp ? MatchOf(protocol, entry.icmp_type, entry.icmp_type) : MatchOf(protocol, entry.from_port, entry.to_port);
    Line(fmt::format("{} {} {} {}{}", IpOf(FamilyOf(block)), entry.egress ? "daddr" : "saddr", block, match,
                     entry.allow ? "return" : "drop"));
  }

  // --- routes ---

  // Both directions: there by the destination, back by the source. What no route takes is dropped.
  void WriteRoutes(const RouteTable& table) {
    const auto hops = HopsOf(network_, table);
    for (const bool there : {true, false}) {
      Begin(fmt::format("{}-{}", there ? "routes" : "answers", table.id));
      for (const Hop& hop : hops) WriteHop(hop, there);
      Line("drop");
      End();
    }
  }

  void WriteHop(const Hop& hop, bool there) {
    const std::string match = fmt::format("{} {} {} ", IpOf(hop.block.base.family), there ? "daddr" : "saddr", hop.block.Text());
    switch (hop.way) {
      case Way::None: return Line(match + "drop");
      case Way::Local:
      case Way::Endpoint: return Line(match + "return");
      case Way::Internet: {
        // Only who has a public address.
        for (const Interface& interface : network_.interfaces) {
          if (!network_.HasPublicAddress(interface)) continue;
          for (const Address& address : AddressesOf(interface)) {
            if (address.family == hop.block.base.family)
              Line(fmt::format("{}{} {} {} return", match, IpOf(address.family), there ? "saddr" : "daddr", address.Text()));
          }
        }
        return Line(match + "drop");
      }
      case Way::Nat: return WriteNatHop(hop, match, there);
    }
  }

  // The gateway's subnet looks at what enters and leaves it; who is in that subnet passes its own ACL once only.
  void WriteNatHop(const Hop& hop, const std::string& match, bool there) {
    const std::string& acl = network_.AclOf(*hop.nat_subnet).id;
    for (const Block& block : BlocksOf(*hop.nat_subnet)) {
      if (block.base.family == hop.block.base.family)
        Line(fmt::format("{}{} {} {} return", match, IpOf(block.base.family), there ? "saddr" : "daddr", block.Text()));
    }
    Line(fmt::format("{}jump {}-in", match, acl));
    Line(fmt::format("{}jump {}-out", match, acl));
    Line(match + "return");
  }

  // --- subnets ---

  void WriteSubnet(const Subnet& subnet) {
    const std::string& acl = network_.AclOf(subnet).id;
    const std::string& table = network_.TableOf(subnet).id;
    Begin("leave-" + subnet.id);
    WriteWithin(subnet, "daddr");
    Line(fmt::format("jump {}-out", acl));
    Line(fmt::format("goto routes-{}", table));
    End();
    Begin("enter-" + subnet.id);
    WriteWithin(subnet, "saddr");
    Line(fmt::format("jump {}-in", acl));
    for (const Block& block : BlocksOf(network_.vpc)) Line(fmt::format("{} saddr {} return", IpOf(block.base.family), block.Text()));
    Line(fmt::format("goto answers-{}", table));
    End();
  }

  // No ACL looks at what stays in its subnet.
  void WriteWithin(const Subnet& subnet, std::string_view side) {
    for (const Block& block : BlocksOf(subnet)) Line(fmt::format("{} {} {} return", IpOf(block.base.family), side, block.Text()));
  }

  // --- the way of a packet ---

  // A new connection that its source's groups let out.
  void WriteArrive() {
    Begin("arrive");
    WriteInterfaceMap("daddr", "in", "goto");
    for (const Block& block : BlocksOf(network_.vpc)) Line(fmt::format("{} daddr {} drop", IpOf(block.base.family), block.Text()));
    Line("accept");
    End();
  }

  void WriteInterfaceMap(std::string_view side, std::string_view direction, std::string_view verb) {
    for (const Family family : kFamilies) {
      std::vector<std::string> entries;
      for (const Interface& interface : network_.interfaces) {
        for (const Address& address : AddressesOf(interface)) {
          if (address.family == family) entries.push_back(fmt::format("{} : {} {}-{}", address.Text(), verb, interface.id, direction));
        }
      }
      WriteMap(family, side, entries);
    }
  }

  void WriteSubnetMap(std::string_view side, std::string_view chain) {
    for (const Family family : kFamilies) {
      std::vector<std::string> entries;
      for (const Subnet& subnet : network_.subnets) {
        for (const Block& block : BlocksOf(subnet)) {
          if (block.base.family == family) entries.push_back(fmt::format("{} : jump {}-{}", block.Text(), chain, subnet.id));
        }
      }
      WriteMap(family, side, entries);
    }
  }

  void WriteMap(Family family, std::string_view side, const std::vector<std::string>& entries) {
    if (!entries.empty()) Line(fmt::format("{} {} vmap {{ {} }}", IpOf(family), side, fmt::join(entries, ", ")));
  }

  void WriteForward() {
    Begin("forward");
    Line("type filter hook forward priority filter; policy drop;");
    Line("ct state invalid drop");
    WriteSubnetMap("saddr", "leave");
    WriteSubnetMap("daddr", "enter");
    Line("ct state established,related accept");
    WriteInterfaceMap("saddr", "out", "goto");
    End();
  }

  const Network& network_;
  std::string text_;
};

}  // namespace

std::string Ruleset(const Network& network) { return Writer(network).Write(); }

}  // namespace mayfly::vpc
