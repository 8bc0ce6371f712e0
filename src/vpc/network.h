// Network: one VPC with all that decides about its connections, as plain values. Pure.
//
// Taken from the durable rows; what those promise holds here, too: what a row refers to is there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vpc/address.h"
#include "vpc/rows.h"

namespace mayfly::vpc {

// Blocks that a name stands for in rules and routes.
struct PrefixList {
  std::string id;
  std::string name;  // that of the service whose addresses they are
  std::vector<Block> blocks;
};

struct Network {
  Vpc vpc;
  std::vector<Subnet> subnets;
  std::vector<RouteTable> route_tables;
  std::vector<NetworkAcl> acls;
  std::vector<SecurityGroup> groups;
  std::vector<Interface> interfaces;
  std::vector<InternetGateway> internet_gateways;  // attached to it
  std::vector<NatGateway> nat_gateways;            // that work
  std::vector<Endpoint> endpoints;
  std::vector<ElasticAddress> addresses;  // of its interfaces
  std::vector<PrefixList> prefix_lists;

  // nullptr: there is none.
  const Subnet* FindSubnet(std::string_view id) const;
  const SecurityGroup* FindGroup(std::string_view id) const;
  const Interface* FindInterface(std::string_view id) const;
  const Interface* InterfaceAt(const Address& address) const;
  const PrefixList* FindPrefixList(std::string_view id_or_name) const;

  // What a subnet uses: its own, or the VPC's main table and default ACL.
  const RouteTable& TableOf(const Subnet& subnet) const;
  const NetworkAcl& AclOf(const Subnet& subnet) const;
  // Whether an address is one of the VPC's.
  bool Contains(const Address& address) const;
  bool HasPublicAddress(const Interface& interface) const;
};

std::vector<Block> BlocksOf(const Subnet& subnet);
std::vector<Block> BlocksOf(const Vpc& vpc);
std::vector<Address> AddressesOf(const Interface& interface);

// --- routes ---

// Where what a route catches goes.
enum class Way : unsigned char { None, Local, Internet, Nat, Endpoint };

struct Hop {
  Way way = Way::None;
  Block block;                         // what it catches
  std::string destination;             // as the table has it
  std::string target;                  // id of what it leads to
  const Subnet* nat_subnet = nullptr;  // of a NAT gateway: its subnet, when it leads to the internet from there
};

// All routes of a table, the most specific first; of equal ones in the order in which EC2 takes them: local, then lists, then others.
// None: it leads nowhere (its target is gone, or cannot be passed through).
std::vector<Hop> HopsOf(const Network& network, const RouteTable& table);

}  // namespace mayfly::vpc
