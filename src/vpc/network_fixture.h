// A network for tests of rules: made of a few words, in place of the API.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "vpc/network.h"

namespace mayfly::vpc::testing {

inline GroupRule Rule(bool egress, std::string protocol, int from, int to) {
  GroupRule rule;
  rule.id = "sgr-1";
  rule.egress = egress;
  rule.protocol = std::move(protocol);
  rule.from_port = from;
  rule.to_port = to;
  return rule;
}

inline GroupRule In(std::string protocol, int port, std::string peer) {
  GroupRule rule = Rule(false, std::move(protocol), port, port);
  (peer.starts_with("sg-") ? rule.group_id : peer.find(':') == std::string::npos ? rule.cidr : rule.ipv6_cidr) = std::move(peer);
  return rule;
}

inline GroupRule Out(std::string protocol, int port, std::string peer) {
  GroupRule rule = In(std::move(protocol), port, std::move(peer));
  rule.egress = true;
  return rule;
}

// 10.0.0.0/16 with public (10.0.0.0/24) and private (10.0.1.0/24), an internet gateway for the one and a NAT gateway for the other; the
// interfaces eni-a, eni-b (10.0.1.10, .11) and eni-c (10.0.0.10) have the groups sg-a, sg-b, sg-c, which let everything out and nothing in.
class NetworkFixture {
 public:
  NetworkFixture() {
    network.vpc.id = "vpc-1";
    network.vpc.cidrs = {{.id = "a-1", .cidr = "10.0.0.0/16"}};
    AddSubnet("subnet-public", "10.0.0.0/24");
    AddSubnet("subnet-private", "10.0.1.0/24");
    AddTable("rtb-main", "", {});
    AddTable("rtb-public", "subnet-public", {{.destination = "0.0.0.0/0", .target = "igw-1"}});
    AddTable("rtb-private", "subnet-private", {{.destination = "0.0.0.0/0", .target = "nat-1"}});
    InternetGateway gateway;
    gateway.id = "igw-1";
    network.internet_gateways.push_back(gateway);
    NatGateway nat;
    nat.id = "nat-1";
    nat.subnet_id = "subnet-public";
    network.nat_gateways.push_back(nat);
    for (const char* id : {"acl-public", "acl-private"}) AddAcl(id, std::string("subnet-") + (id + 4));
    AddInterface("eni-a", "subnet-private", "10.0.1.10", "sg-a");
    AddInterface("eni-b", "subnet-private", "10.0.1.11", "sg-b");
    AddInterface("eni-c", "subnet-public", "10.0.0.10", "sg-c");
  }

  SecurityGroup& group(std::string_view id) { return *const_cast<SecurityGroup*>(network.FindGroup(id)); }
  NetworkAcl& acl(std::string_view id) {
    for (NetworkAcl& one : network.acls) {
      if (one.id == id) return one;
    }
    MF_ASSERT(false);
    return network.acls.front();
  }

  void AddSubnet(std::string id, std::string cidr) {
    Subnet subnet;
    subnet.id = std::move(id);
    subnet.vpc_id = network.vpc.id;
    subnet.cidr = std::move(cidr);
    network.subnets.push_back(std::move(subnet));
  }
  void AddTable(std::string id, std::string subnet_id, std::vector<Route> routes) {
    RouteTable table;
    table.id = std::move(id);
    table.routes = std::move(routes);
    table.associations = {{.id = "rtbassoc-" + table.id, .subnet_id = std::move(subnet_id)}};
    network.route_tables.push_back(std::move(table));
  }
  void AddAcl(std::string id, std::string subnet_id) {
    NetworkAcl acl;
    acl.id = std::move(id);
    acl.associations = {{.id = "aclassoc-" + acl.id, .subnet_id = std::move(subnet_id)}};
    for (const bool egress : {true, false}) acl.entries.push_back({.number = 100, .egress = egress, .allow = true, .cidr = "0.0.0.0/0"});
    network.acls.push_back(std::move(acl));
  }
  void AddInterface(std::string id, std::string subnet_id, std::string address, std::string group_id) {
    SecurityGroup group;
    group.id = group_id;
    group.rules = {Out("-1", -1, "0.0.0.0/0")};
    network.groups.push_back(std::move(group));
    Interface interface;
    interface.id = std::move(id);
    interface.subnet_id = std::move(subnet_id);
    interface.private_ips = {std::move(address)};
    interface.group_ids = {std::move(group_id)};
    network.interfaces.push_back(std::move(interface));
  }

  Network network;
};

}  // namespace mayfly::vpc::testing
