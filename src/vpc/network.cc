#include "vpc/network.h"

#include <algorithm>
#include <map>

namespace mayfly::vpc {
namespace {

const auto* FindById(const auto& rows, std::string_view id) {
  const auto found = std::ranges::find(rows, id, [](const auto& row) -> std::string_view { return row.id; });
  return found == rows.end() ? nullptr : &*found;
}

void AddBlocks(const std::vector<CidrAssociation>& cidrs, std::vector<Block>& blocks) {
  for (const CidrAssociation& cidr : cidrs) blocks.push_back(*ParseBlock(cidr.cidr));
}

bool LeadsToInternet(const Network& network, const Subnet& subnet) {
  for (const Route& route : network.TableOf(subnet).routes) {
    if (route.destination == "0.0.0.0/0" && FindById(network.internet_gateways, route.target)) return true;
  }
  return false;
}

// What a route that somebody has made leads to.
void Follow(const Network& network, Hop& hop) {
  if (FindById(network.internet_gateways, hop.target)) {
    hop.way = Way::Internet;
  } else if (const NatGateway* nat = FindById(network.nat_gateways, hop.target)) {
    const Subnet* subnet = network.FindSubnet(nat->subnet_id);
    if (hop.block.base.family != Family::V4 || nat->connectivity != "public" || !LeadsToInternet(network, *subnet)) return;
    hop.way = Way::Nat;
    hop.nat_subnet = subnet;
  }
}

void AddRouteHops(const Network& network, const Route& route, std::vector<Hop>& hops) {
  std::vector<Block> blocks;
  if (const auto block = ParseBlock(route.destination)) blocks.push_back(*block);
  if (const PrefixList* list = network.FindPrefixList(route.destination)) blocks = list->blocks;
  for (const Block& block : blocks) {
    Hop hop{.way = Way::None, .block = block, .destination = route.destination, .target = route.target};
    Follow(network, hop);
    hops.push_back(std::move(hop));
  }
}

void AddEndpointHops(const Network& network, const RouteTable& table, std::vector<Hop>& hops) {
  for (const Endpoint& endpoint : network.endpoints) {
    if (std::ranges::find(endpoint.route_table_ids, table.id) == endpoint.route_table_ids.end()) continue;
    const PrefixList* list = network.FindPrefixList(endpoint.service_name);
    if (!list) continue;
    for (const Block& block : list->blocks)
      hops.push_back({.way = Way::Endpoint, .block = block, .destination = list->id, .target = endpoint.id});
  }
}

}  // namespace

const Subnet* Network::FindSubnet(std::string_view id) const { return FindById(subnets, id); }
const SecurityGroup* Network::FindGroup(std::string_view id) const { return FindById(groups, id); }
const Interface* Network::FindInterface(std::string_view id) const { return FindById(interfaces, id); }

const PrefixList* Network::FindPrefixList(std::string_view id_or_name) const {
  const auto found =
      std::ranges::find_if(prefix_lists, [&](const PrefixList& list) { return list.id == id_or_name || list.name == id_or_name; });
  return found == prefix_lists.end() ? nullptr : &*found;
}

const Interface* Network::InterfaceAt(const Address& address) const {
  const std::string text = address.Text();
  const auto has = [&](const Interface& one) {
    return std::ranges::find(one.private_ips, text) != one.private_ips.end() || std::ranges::find(one.ipv6s, text) != one.ipv6s.end();
  };
  const auto found = std::ranges::find_if(interfaces, has);
  return found == interfaces.end() ? nullptr : &*found;
}

const RouteTable& Network::TableOf(const Subnet& subnet) const {
  const auto uses = [](const RouteTable& table, std::string_view id) {
    return std::ranges::find(table.associations, id, &RouteTableAssociation::subnet_id) != table.associations.end();
  };
  auto found = std::ranges::find_if(route_tables, [&](const RouteTable& table) { return uses(table, subnet.id); });
  if (found == route_tables.end()) found = std::ranges::find_if(route_tables, &RouteTable::is_main);
  MF_ASSERT(found != route_tables.end());
  return *found;
}

const NetworkAcl& Network::AclOf(const Subnet& subnet) const {
  const auto found = std::ranges::find_if(acls, [&](const NetworkAcl& acl) {
    return std::ranges::find(acl.associations, subnet.id, &AclAssociation::subnet_id) != acl.associations.end();
  });
  MF_ASSERT(found != acls.end());
  return *found;
}

bool Network::Contains(const Address& address) const {
  return std::ranges::any_of(BlocksOf(vpc), [&](const Block& block) { return block.Contains(address); });
}

bool Network::HasPublicAddress(const Interface& interface) const {
  return std::ranges::find(addresses, interface.id, &ElasticAddress::interface_id) != addresses.end();
}

std::vector<Block> BlocksOf(const Subnet& subnet) {
  std::vector<Block> blocks;
  if (const auto block = ParseBlock(subnet.cidr)) blocks.push_back(*block);
  AddBlocks(subnet.ipv6_cidrs, blocks);
  return blocks;
}

std::vector<Block> BlocksOf(const Vpc& vpc) {
  std::vector<Block> blocks;
  AddBlocks(vpc.cidrs, blocks);
  AddBlocks(vpc.ipv6_cidrs, blocks);
  return blocks;
}

std::vector<Address> AddressesOf(const Interface& interface) {
  std::vector<Address> addresses;
  for (const auto* texts : {&interface.private_ips, &interface.ipv6s}) {
    for (const std::string& text : *texts) addresses.push_back(*ParseAddress(text));
  }
  return addresses;
}

std::vector<Hop> HopsOf(const Network& network, const RouteTable& table) {
  std::vector<Hop> hops;  // in the order in which equal ones count
  for (const Block& block : BlocksOf(network.vpc))
    hops.push_back({.way = Way::Local, .block = block, .destination = block.Text(), .target = "local"});
  AddEndpointHops(network, table, hops);
  for (const Route& route : table.routes) AddRouteHops(network, route, hops);
  std::map<int, std::vector<Hop>, std::greater<>> by_length;
  for (Hop& hop : hops) by_length[hop.block.length].push_back(std::move(hop));
  hops.clear();
  for (auto& [length, equal] : by_length) std::ranges::move(equal, std::back_inserter(hops));
  return hops;
}

}  // namespace mayfly::vpc
