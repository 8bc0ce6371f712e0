#include "vpc/profile.h"

#include <algorithm>
#include <set>

namespace mayfly::vpc {
namespace {

constexpr int kPortEnd = 65'536;

struct LongestFirst {
  bool operator()(const Block& a, const Block& b) const { return std::pair(-a.length, a.base.value) < std::pair(-b.length, b.base.value); }
};
using Blocks = std::set<Block, LongestFirst>;

void AddBlock(Blocks& blocks, const std::string& text, Family family) {
  const auto block = ParseBlock(text);
  if (block && block->base.family == family) blocks.insert(*block);
}

// All blocks of a family that decide about a destination. Blocks nest: which of them an address is in follows from the longest one.
Blocks BlocksThatDecide(const Network& network, Family family) {
  Blocks blocks;
  const auto add_all = [&](const std::vector<Block>& more) {
    for (const Block& block : more) {
      if (block.base.family == family) blocks.insert(block);
    }
  };
  add_all(BlocksOf(network.vpc));
  for (const Subnet& subnet : network.subnets) add_all(BlocksOf(subnet));
  for (const PrefixList& list : network.prefix_lists) add_all(list.blocks);
  for (const RouteTable& table : network.route_tables) {
    for (const Route& route : table.routes) AddBlock(blocks, route.destination, family);
  }
  for (const SecurityGroup& group : network.groups) {
    for (const GroupRule& rule : group.rules) AddBlock(blocks, family == Family::V4 ? rule.cidr : rule.ipv6_cidr, family);
  }
  for (const NetworkAcl& acl : network.acls) {
    for (const AclEntry& entry : acl.entries) AddBlock(blocks, family == Family::V4 ? entry.cidr : entry.ipv6_cidr, family);
  }
  for (const Interface& interface : network.interfaces) {
    for (const Address& address : AddressesOf(interface)) {
      if (address.family == family) blocks.insert({.base = address, .length = BitsOf(family)});
    }
  }
  return blocks;
}

// Where ports of destinations fall apart: the first port of each part, and the end.
std::set<int> PortParts(const Network& network) {
  std::set<int> parts{0, kPortEnd};
  const auto add = [&](int from, int to) {
    if (from >= 0 && to >= from) parts.insert({from, to + 1});
  };
  for (const SecurityGroup& group : network.groups) {
    for (const GroupRule& rule : group.rules) add(rule.from_port, rule.to_port);
  }
  for (const NetworkAcl& acl : network.acls) {
    for (const AclEntry& entry : acl.entries) add(entry.from_port, entry.to_port);
  }
  return parts;
}

// An address of the block that is in no longer one; nullopt: those cover it.
std::optional<Address> AddressOnlyIn(const Block& block, const Blocks& blocks) {
  Address address = block.base;
  for (;;) {
    const auto within =
        std::ranges::find_if(blocks, [&](const Block& other) { return other.length > block.length && other.Contains(address); });
    if (within == blocks.end()) return address;
    const unsigned __int128 next = within->base.value + within->size();
    if (next <= address.value || !block.Contains(Address{.family = address.family, .value = next})) return std::nullopt;
    address.value = next;
  }
}

class Compiler {
 public:
  Compiler(const Network& network, const std::string& interface_id)
      : network_(network),
        interface_id_(interface_id),
        hops_(HopsOf(network, network.TableOf(*network.FindSubnet(network.FindInterface(interface_id)->subnet_id)))),
        ports_(PortParts(network)) {}

  std::vector<ProfileRule> Compile() {
    for (const Family family : {Family::V4, Family::V6}) {
      const Blocks blocks = BlocksThatDecide(network_, family);
      for (const Block& block : blocks) {
        if (const auto address = AddressOnlyIn(block, blocks)) AddBlockRules(block, *address);
      }
    }
    return std::move(rules_);
  }

 private:
  Verdict At(const Address& address, std::string_view protocol, int port) const {
    return DecideAlong(network_, hops_,
                       {.interface_id = interface_id_, .destination = address, .port = port, .protocol = protocol, .source_port = kClientPort});
  }

  static bool Same(const Verdict& a, const Verdict& b) { return a.passes == b.passes && a.rule == b.rule; }

  // A rule for each run of ports of one verdict.
  std::vector<ProfileRule> RulesFor(const Block& block, const Address& address, std::string_view protocol) const {
    std::vector<ProfileRule> rules;
    for (auto part = ports_.begin(); std::next(part) != ports_.end(); ++part) {
      Verdict verdict = At(address, protocol, *part);
      const int last = *std::next(part) - 1;
      if (!rules.empty() && Same(rules.back().verdict, verdict))
        rules.back().port_high = last;
      else
        rules.push_back(
            {.destination = block, .protocol = std::string(protocol), .port_low = *part, .port_high = last, .verdict = std::move(verdict)});
    }
    return rules;
  }

  // Of ICMP, what its echo request is: types are no ports.
  ProfileRule IcmpRule(const Block& block, const Address& address) const {
    const bool v4 = block.base.family == Family::V4;
    ProfileRule rule{.destination = block, .protocol = v4 ? "icmp" : "icmpv6"};
    rule.verdict = At(address, rule.protocol, v4 ? 8 : 128);
    return rule;
  }

  void AddBlockRules(const Block& block, const Address& address) {
    auto tcp = RulesFor(block, address, "tcp");
    auto udp = RulesFor(block, address, "udp");
    ProfileRule icmp = IcmpRule(block, address);
    const bool is_all =
        tcp.size() == 1 && udp.size() == 1 && Same(tcp.front().verdict, udp.front().verdict) && Same(tcp.front().verdict, icmp.verdict);
    if (is_all && !tcp.front().verdict.passes) {
      tcp.front().protocol.clear();
      rules_.push_back(std::move(tcp.front()));
      return;
    }
    std::ranges::move(tcp, std::back_inserter(rules_));
    std::ranges::move(udp, std::back_inserter(rules_));
    rules_.push_back(std::move(icmp));
  }

  const Network& network_;
  const std::string& interface_id_;
  std::vector<Hop> hops_;
  std::set<int> ports_;
  std::vector<ProfileRule> rules_;
};

}  // namespace

std::vector<ProfileRule> ProfileOf(const Network& network, const std::string& interface_id) {
  MF_ASSERT(network.FindInterface(interface_id));
  return Compiler(network, interface_id).Compile();
}

}  // namespace mayfly::vpc
