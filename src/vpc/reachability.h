// The rule model: whether a connection passes, and which rule decides. Pure functions of a Network.
//
// What AWS does: routes say where a packet goes; network ACLs look at each packet that leaves or enters a subnet, by the numbers of their
// entries, and forget it; security groups look at new connections of an interface, all groups together, and let answers pass.
// Ruleset (ruleset.h) is compiled from the same rules; a test holds the two against each other.
#pragma once

#include <string>
#include <string_view>

#include "vpc/network.h"

namespace mayfly::vpc {

// What a packet is, as far as rules look at it.
struct Packet {
  std::string_view protocol = "tcp";  // tcp, udp, icmp, icmpv6
  Address source;
  Address destination;
  int destination_port = 0;  // of icmp: its type
};

struct Connection {
  std::string interface_id;  // whence
  Address destination;
  int port = 0;
  std::string_view protocol = "tcp";
  int source_port = 40'000;  // answers go to it: rules of ACLs that name ports see it
};

struct Verdict {
  bool passes = false;
  Way way = Way::None;
  std::string rule;  // what decides, in words: "sg-…: no outbound rule lets it pass", "acl-…: inbound entry 100 refuses it"
};

// The interface is one of the network's.
Verdict Decide(const Network& network, const Connection& connection);
// The same for who asks often. `hops`: HopsOf the table of the interface's subnet.
Verdict DecideAlong(const Network& network, const std::vector<Hop>& hops, const Connection& connection);

// --- parts of it, which the ruleset is compiled from as well ---

// Protocols by the numbers that ACLs have: "6" of "tcp".
std::string_view NumberOf(std::string_view protocol);

// The first entry that takes the packet; nullptr: none, and so it is refused.
const AclEntry* FirstEntry(const NetworkAcl& acl, bool egress, const Packet& packet);
// Whether the rule takes the packet; the other side is its destination when the rule is for what goes out.
bool Takes(const Network& network, const GroupRule& rule, const Packet& packet);

}  // namespace mayfly::vpc
