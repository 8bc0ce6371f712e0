#include "services/ec2/default_vpc.h"

#include <algorithm>

#include "services/ec2/places.h"
#include "vpc/address.h"

namespace mayfly::ec2 {
namespace {

constexpr std::string_view kDefaultCidr = "172.31.0.0/16";
constexpr int kDefaultSubnetLength = 20;
constexpr int kAllowAllNumber = 100;

void MakeMainRouteTable(RegionState& region, const vpc::Vpc& vpc) {
  vpc::RouteTable table;
  table.id = region.NewId("rtb");
  table.vpc_id = vpc.id;
  table.associations.push_back({.id = region.NewId("rtbassoc"), .subnet_id = ""});
  region.Put(std::move(table));
}

void MakeDefaultGroup(RegionState& region, const vpc::Vpc& vpc) {
  vpc::SecurityGroup group;
  group.id = region.NewId("sg");
  group.vpc_id = vpc.id;
  group.name = "default";
  group.description = "default VPC security group";
  vpc::GroupRule in{.id = region.NewId("sgr"), .protocol = "-1"};
  in.group_id = group.id;
  group.rules = OpenEgress(region, vpc);
  group.rules.insert(group.rules.begin(), std::move(in));
  region.Put(std::move(group));
}

void MakeDefaultAcl(RegionState& region, const vpc::Vpc& vpc) {
  vpc::NetworkAcl acl;
  acl.id = region.NewId("acl");
  acl.vpc_id = vpc.id;
  acl.is_default = true;
  for (const bool egress : {false, true})
    acl.entries.push_back({.number = kAllowAllNumber, .egress = egress, .allow = true, .cidr = "0.0.0.0/0"});
  region.Put(std::move(acl));
  if (!vpc.ipv6_cidrs.empty()) AllowIpv6InDefaultAcl(region, vpc);
}

void MakeDefaultRoute(RegionState& region, const vpc::Vpc& vpc) {
  vpc::InternetGateway gateway;
  gateway.id = region.NewId("igw");
  gateway.vpc_id = vpc.id;
  const auto main = region.FindIf<vpc::RouteTable>([&](const vpc::RouteTable& table) { return table.vpc_id == vpc.id && table.is_main(); });
  vpc::RouteTable table = *main;
  table.routes.push_back({.destination = "0.0.0.0/0", .target = gateway.id});
  region.Put(std::move(table));
  region.Put(std::move(gateway));
}

}  // namespace

void AllowIpv6InDefaultAcl(RegionState& region, const vpc::Vpc& vpc) {
  const auto old = region.FindIf<vpc::NetworkAcl>([&](const vpc::NetworkAcl& one) { return one.vpc_id == vpc.id && one.is_default; });
  if (std::ranges::find(old->entries, kAllowAllNumber + 1, &vpc::AclEntry::number) != old->entries.end()) return;
  vpc::NetworkAcl acl = *old;
  for (const bool egress : {false, true}) {
    vpc::AclEntry entry{.number = kAllowAllNumber + 1, .egress = egress, .allow = true};
    entry.ipv6_cidr = "::/0";
    acl.entries.push_back(std::move(entry));
  }
  std::ranges::sort(acl.entries, {}, [](const vpc::AclEntry& entry) { return std::pair(!entry.egress, entry.number); });
  region.Put(std::move(acl));
}

std::vector<vpc::GroupRule> OpenEgress(const RegionState& region, const vpc::Vpc& vpc) {
  std::vector<vpc::GroupRule> rules;
  for (const std::string_view block : {"0.0.0.0/0", "::/0"}) {
    const bool is_ipv6 = block == "::/0";
    if (is_ipv6 && vpc.ipv6_cidrs.empty()) continue;
    vpc::GroupRule rule{.id = region.NewId("sgr"), .egress = true, .protocol = "-1"};
    (is_ipv6 ? rule.ipv6_cidr : rule.cidr) = block;
    rules.push_back(std::move(rule));
  }
  return rules;
}

RegionState::Pointer<vpc::Vpc> MakeVpc(RegionState& region, vpc::Vpc vpc) {
  vpc.id = region.NewId("vpc");
  for (auto* cidrs : {&vpc.cidrs, &vpc.ipv6_cidrs}) {
    for (vpc::CidrAssociation& cidr : *cidrs) cidr.id = region.NewId("vpc-cidr-assoc");
  }
  const auto made = region.Put(std::move(vpc));
  MakeMainRouteTable(region, *made);
  MakeDefaultGroup(region, *made);
  MakeDefaultAcl(region, *made);
  return made;
}

RegionState::Pointer<vpc::Subnet> AddSubnet(RegionState& region, vpc::Subnet subnet) {
  subnet.id = region.NewId("subnet");
  for (vpc::CidrAssociation& cidr : subnet.ipv6_cidrs) cidr.id = region.NewId("subnet-cidr-assoc");
  const auto added = region.Put(std::move(subnet));
  const auto acl =
      region.FindIf<vpc::NetworkAcl>([&](const vpc::NetworkAcl& one) { return one.vpc_id == added->vpc_id && one.is_default; });
  vpc::NetworkAcl next = *acl;
  next.associations.push_back({.id = region.NewId("aclassoc"), .subnet_id = added->id});
  region.Put(std::move(next));
  return added;
}

RegionState::Pointer<vpc::Subnet> MakeDefaultSubnet(RegionState& region, const vpc::Vpc& vpc, std::string zone) {
  const auto whole = vpc::ParseBlock(vpc.cidrs.front().cidr);
  const auto subnets = region.InVpc<vpc::Subnet>(vpc.id);
  const unsigned __int128 step = static_cast<unsigned __int128>(1) << (32 - kDefaultSubnetLength);
  for (unsigned __int128 offset = 0; offset < whole->size(); offset += step) {
    const vpc::Block block{.base = whole->At(offset), .length = kDefaultSubnetLength};
    if (std::ranges::any_of(subnets, [&](const auto& other) { return vpc::ParseBlock(other->cidr)->Overlaps(block); })) continue;
    vpc::Subnet subnet;
    subnet.vpc_id = vpc.id;
    subnet.cidr = block.Text();
    subnet.zone = std::move(zone);
    subnet.default_for_zone = subnet.map_public_ip = true;
    return AddSubnet(region, std::move(subnet));
  }
  return nullptr;
}

RegionState::Pointer<vpc::Vpc> MakeDefaultVpc(RegionState& region) {
  vpc::Vpc vpc;
  vpc.cidrs.push_back({.id = "", .cidr = std::string(kDefaultCidr)});
  vpc.is_default = vpc.dns_hostnames = true;
  const auto made = MakeVpc(region, std::move(vpc));
  MakeDefaultRoute(region, *made);
  for (std::string& zone : ZonesOf(region.scope().region)) MakeDefaultSubnet(region, *made, std::move(zone));
  return made;
}

}  // namespace mayfly::ec2
