// Generated networks for tests: a seed makes a network with subnets, routes, gateways, ACLs, groups and interfaces as they come, and
// connections in it.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/random.h"
#include "vpc/reachability.h"

namespace mayfly::vpc::testing {

inline constexpr int kPorts[] = {80, 443, 5432};
inline constexpr const char* kOutside[] = {"192.0.2.1", "198.51.100.1"};
inline constexpr int kFirstSourcePort = 33'000;

class Setup {
 public:
  explicit Setup(uint64_t seed) : random_(seed) {
    network_.vpc.id = "vpc-1";
    network_.vpc.cidrs = {{.id = "a-1", .cidr = "10.0.0.0/16"}};
    network_.prefix_lists.push_back({.id = "pl-1", .name = "store", .blocks = {*ParseBlock("198.51.100.0/24")}});
    InternetGateway gateway;
    gateway.id = "igw-1";
    if (Chance(80)) network_.internet_gateways.push_back(gateway);
    const int subnets = 2 + Number(2);
    for (int i = 0; i < subnets; ++i) AddSubnet(i);
    AddNatGateway();
    AddTables();
    if (Chance(60)) LeadNatSubnetOut();
    AddAcls();
    AddGroups();
    const int interfaces = 3 + Number(3);
    for (int i = 0; i < interfaces; ++i) AddInterface(i);
    AddEndpoint();
    AddConnections();
  }

  const Network& network() const { return network_; }
  const std::vector<Connection>& connections() const { return connections_; }

 private:
  int Number(int bound) { return static_cast<int>(random_.Below(static_cast<uint64_t>(bound))); }
  bool Chance(int percent) { return Number(100) < percent; }
  template <typename T>
  const T& Any(const std::vector<T>& from) {
    return from[static_cast<size_t>(Number(static_cast<int>(from.size())))];
  }

  void AddSubnet(int number) {
    Subnet subnet;
    subnet.id = fmt::format("subnet-{}", number);
    subnet.cidr = fmt::format("10.0.{}.0/24", number);
    network_.subnets.push_back(std::move(subnet));
  }

  void AddNatGateway() {
    NatGateway nat;
    nat.id = "nat-1";
    nat.subnet_id = Any(network_.subnets).id;
    if (Chance(20)) nat.connectivity = "private";
    if (Chance(80)) network_.nat_gateways.push_back(nat);
  }

  std::vector<Route> Routes() {
    std::vector<Route> routes;
    const char* kTargets[] = {"igw-1", "nat-1", "nat-1", "nat-gone"};
    if (Chance(80)) routes.push_back({.destination = "0.0.0.0/0", .target = kTargets[Number(4)]});
    if (Chance(30)) routes.push_back({.destination = "192.0.2.0/24", .target = kTargets[Number(4)]});
    return routes;
  }

  void AddTables() {
    for (size_t i = 0; i <= network_.subnets.size(); ++i) {
      RouteTable table;
      table.id = fmt::format("rtb-{}", i);
      table.routes = Routes();
      const bool is_main = i == network_.subnets.size();
      if (is_main)
        table.associations = {{.id = "m", .subnet_id = ""}};
      else if (Chance(70))
        table.associations = {{.id = table.id, .subnet_id = network_.subnets[i].id}};
      network_.route_tables.push_back(std::move(table));
    }
  }

  // Else few NAT gateways lead anywhere.
  void LeadNatSubnetOut() {
    if (network_.nat_gateways.empty()) return;
    const std::string table_id = network_.TableOf(*network_.FindSubnet(network_.nat_gateways.front().subnet_id)).id;
    for (RouteTable& table : network_.route_tables) {
      if (table.id == table_id) table.routes = {{.destination = "0.0.0.0/0", .target = "igw-1"}};
    }
  }

  AclEntry Entry(int number, bool egress) {
    const char* kBlocks[] = {"0.0.0.0/0", "10.0.0.0/16", "10.0.0.0/24", "10.0.1.0/24", "192.0.2.0/24"};
    AclEntry entry{.number = number,
                   .egress = egress,
                   .protocol = Chance(30)   ? "-1"
                               : Chance(80) ? "6"
                                            : "17",
                   .allow = Chance(60),
                   .cidr = kBlocks[Number(5)]};
    if (entry.protocol == "-1") return entry;
    entry.from_port = Chance(50) ? 1024 : kPorts[Number(3)];
    entry.to_port = entry.from_port == 1024 ? 65'535 : entry.from_port;
    return entry;
  }

  void AddAcls() {
    const size_t count = 1 + static_cast<size_t>(Number(2));
    for (size_t i = 0; i < count; ++i) {
      NetworkAcl acl;
      acl.id = fmt::format("acl-{}", i);
      for (const bool egress : {true, false}) {
        for (int number = 10; number < 10 + 10 * Number(4); number += 10) acl.entries.push_back(Entry(number, egress));
        if (Chance(90)) acl.entries.push_back({.number = 100, .egress = egress, .allow = true, .cidr = "0.0.0.0/0"});
      }
      network_.acls.push_back(std::move(acl));
    }
    for (const Subnet& subnet : network_.subnets) {
      auto& acl = network_.acls[static_cast<size_t>(Number(static_cast<int>(count)))];
      acl.associations.push_back({.id = subnet.id, .subnet_id = subnet.id});
    }
  }

  GroupRule Rule(bool egress, int groups) {
    const char* kBlocks[] = {"0.0.0.0/0", "10.0.0.0/16", "10.0.1.0/24", "192.0.2.1/32"};
    GroupRule rule;
    rule.egress = egress;
    rule.protocol = Chance(25) ? "-1" : Chance(75) ? "tcp" : "udp";
    if (rule.protocol != "-1") {
      rule.from_port = kPorts[Number(3)];
      rule.to_port = Chance(30) ? 6000 : rule.from_port;
    }
    if (Chance(45))
      rule.group_id = fmt::format("sg-{}", Number(groups));
    else if (egress && Chance(15))
      rule.prefix_list_id = "pl-1";
    else
      rule.cidr = kBlocks[Number(4)];
    return rule;
  }

  void AddGroups() {
    const int groups = 2 + Number(3);
    for (int i = 0; i < groups; ++i) {
      SecurityGroup group;
      group.id = fmt::format("sg-{}", i);
      for (int n = Number(4); n > 0; --n) group.rules.push_back(Rule(false, groups));
      for (int n = Number(3); n > 0; --n) group.rules.push_back(Rule(true, groups));
      if (Chance(60)) group.rules.push_back({.id = "all", .egress = true, .protocol = "-1", .cidr = "0.0.0.0/0"});
      network_.groups.push_back(std::move(group));
    }
  }

  void AddInterface(int number) {
    const Subnet& subnet = Any(network_.subnets);
    Interface interface;
    interface.id = fmt::format("eni-{}", number);
    interface.subnet_id = subnet.id;
    interface.private_ips = {ParseBlock(subnet.cidr)->At(static_cast<unsigned>(10 + number)).Text()};
    interface.group_ids = {Any(network_.groups).id};
    if (const std::string& more = Any(network_.groups).id; Chance(40) && more != interface.group_ids.front())
      interface.group_ids.push_back(more);
    if (Chance(30)) {
      ElasticAddress address;
      address.interface_id = interface.id;
      network_.addresses.push_back(address);
    }
    network_.interfaces.push_back(std::move(interface));
  }

  void AddEndpoint() {
    Endpoint endpoint;
    endpoint.id = "vpce-1";
    endpoint.service_name = "store";
    endpoint.route_table_ids = {Any(network_.route_tables).id};
    if (Chance(50)) network_.endpoints.push_back(endpoint);
  }

  void AddConnections() {
    std::vector<std::string> destinations(std::begin(kOutside), std::end(kOutside));
    for (const Interface& one : network_.interfaces) destinations.push_back(one.private_ips.front());
    int source_port = kFirstSourcePort;
    for (const Interface& from : network_.interfaces) {
      for (const std::string& to : destinations) {
        if (to == from.private_ips.front()) continue;
        for (const int port : {kPorts[0], kPorts[2]}) {
          for (const std::string_view protocol : {"tcp", "udp"}) {
            connections_.push_back({.interface_id = from.id,
                                    .destination = *ParseAddress(to),
                                    .port = port,
                                    .protocol = protocol,
                                    .source_port = source_port++});
          }
        }
      }
    }
  }

  SeededRandom random_;
  Network network_;
  std::vector<Connection> connections_;
};

}  // namespace mayfly::vpc::testing
