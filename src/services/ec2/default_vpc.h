// What a VPC comes with, and the default VPC of an account in a region. Changes of a RegionState; nothing here asks whether they may be.
#pragma once

#include <string>

#include "services/ec2/region_state.h"

namespace mayfly::ec2 {

// A VPC with its main route table, its default group (everything out, in from itself) and its default ACL (everything).
// `vpc` has its cidrs and is otherwise as the caller wants it; id and association ids are given here.
RegionState::Pointer<vpc::Vpc> MakeVpc(RegionState& region, vpc::Vpc vpc);

// 172.31.0.0/16, with an internet gateway, a route to it, and a public subnet in each zone.
RegionState::Pointer<vpc::Vpc> MakeDefaultVpc(RegionState& region);
// The default subnet of a zone: the first /20 of the VPC that is free. nullptr: none is.
RegionState::Pointer<vpc::Subnet> MakeDefaultSubnet(RegionState& region, const vpc::Vpc& vpc, std::string zone);

// After a VPC got IPv6 addresses: its default ACL lets all of them pass, as AWS adds it.
void AllowIpv6InDefaultAcl(RegionState& region, const vpc::Vpc& vpc);
// The rules with which a group begins: everything out.
std::vector<vpc::GroupRule> OpenEgress(const RegionState& region, const vpc::Vpc& vpc);

// Gives a new subnet its place: an id, and the VPC's default ACL.
RegionState::Pointer<vpc::Subnet> AddSubnet(RegionState& region, vpc::Subnet subnet);

}  // namespace mayfly::ec2
