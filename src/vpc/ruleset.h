// The rules of a VPC for nftables: what Decide (reachability.h) says of connections, the kernel does. A pure function of a Network.
//
// The text is for `nft -f -` in a network namespace that stands for the VPC and routes between its interfaces: the table `inet vpc` is
// replaced as a whole, in one transaction. It filters what is forwarded, by addresses:
//
//   forward          each packet: leaves its subnet (ACL, routes), enters the other (ACL); answers pass then, new connections go on
//   leave-SUBNET     the ACL of what leaves it, and its routes      enter-SUBNET     the ACL of what enters it
//   routes-TABLE     where a packet to outside of the VPC goes      answers-TABLE    the same for what comes back
//   acl-…-in, -out   entries by their numbers; who is not taken is dropped
//   eni-…-in, -out   all groups of an interface; sg-…-in, -out: a group's rules; sets sg-…-4, -6: the addresses that have the group
//
// What it leaves to whoever makes the namespace: that packets of an interface have its addresses as source, and that addresses outside of
// the VPC are reached by a way that rewrites sources (NAT). Nobody outside begins a connection. Size: a chain per subnet, table, ACL, group
// and interface; a rule for each of theirs.
#pragma once

#include <string>

#include "vpc/network.h"

namespace mayfly::vpc {

std::string Ruleset(const Network& network);

}  // namespace mayfly::vpc
