// What networks consist of, as it is stored: one row per resource, in a table of its kind (tables are services/ec2's).
//
// A row's key is "ACCOUNT/REGION/ID". Plain values: what may stand in them, and what they may refer to, is the API's to check.
// Texts of addresses and blocks are canonical (address.h), but for what a prefix list or a group is named by.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "resources/json_members.h"

namespace mayfly::vpc {

// Whose it is, and where.
struct Scope {
  std::string account_id;
  std::string region;

  std::string Prefix() const { return account_id + '/' + region + '/'; }
  std::string KeyOf(std::string_view id) const { return Prefix() + std::string(id); }
  bool operator==(const Scope&) const = default;
};

struct Resource {
  Scope scope;     // scope and id are the row's key
  std::string id;  // "vpc-0123456789abcdef0"
  resources::StringPairs tags;

  std::string Key() const { return scope.KeyOf(id); }
};

// What the default VPC and the first Describe of an account in a region leave behind; "ACCOUNT/REGION/region".
struct RegionRow : Resource {
  bool has_default_vpc = false;  // it was made; it may have been deleted since
  int64_t generation = 0;        // of all networks here: counts changes
};

struct CidrAssociation {
  std::string id;
  std::string cidr;
};

struct Vpc : Resource {
  std::vector<CidrAssociation> cidrs;  // IPv4; the first is the VPC's own
  std::vector<CidrAssociation> ipv6_cidrs;
  bool is_default = false;
  std::string tenancy = "default";
  bool dns_support = true;
  bool dns_hostnames = false;
  bool usage_metrics = false;
};

struct Subnet : Resource {
  std::string vpc_id;
  std::string cidr;                         // empty: IPv6 only
  std::vector<CidrAssociation> ipv6_cidrs;  // one at most
  std::string zone;
  bool default_for_zone = false;
  bool map_public_ip = false;
  bool assign_ipv6 = false;
  bool dns64 = false;
  std::string hostname_type = "ip-name";
  bool hostname_a_record = false;
  bool hostname_aaaa_record = false;
};

struct Route {
  std::string destination;  // a block, or the id of a prefix list
  std::string target;       // "local", or an id: igw-, nat-, vpce-, eni-
  std::string origin = "CreateRoute";

  bool is_local() const { return target == "local"; }
};

struct RouteTableAssociation {
  std::string id;
  std::string subnet_id;  // empty: the VPC's main table
};

struct RouteTable : Resource {
  std::string vpc_id;
  std::vector<Route> routes;
  std::vector<RouteTableAssociation> associations;

  bool is_main() const;
};

struct InternetGateway : Resource {
  std::string vpc_id;  // empty: detached
};

struct NatGateway : Resource {
  std::string vpc_id;
  std::string subnet_id;
  std::string connectivity = "public";
  std::string allocation_id;  // of a public one
  std::string interface_id;
  int64_t created_millis = 0;
  int64_t deleted_millis = 0;  // 0: it works
};

// One rule of a security group. Exactly one of the four ways to name the other side is not empty.
struct GroupRule {
  std::string id;  // "sgr-…"
  bool egress = false;
  std::string protocol;  // "tcp", "udp", "icmp", "icmpv6", "-1" (all), or a number
  int from_port = -1;    // of icmp: type and code, -1 for all
  int to_port = -1;
  std::string cidr;
  std::string ipv6_cidr;
  std::string group_id;
  std::string prefix_list_id;
  std::string description;
  resources::StringPairs tags;

  bool SameAs(const GroupRule& other) const;  // but for id, description and tags
};

struct SecurityGroup : Resource {
  std::string vpc_id;
  std::string name;
  std::string description;
  std::vector<GroupRule> rules;
};

struct AclEntry {
  int number = 0;  // 32767 is the last one, which refuses all; it is not stored
  bool egress = false;
  std::string protocol = "-1";  // a number
  bool allow = false;
  std::string cidr;  // one of the two
  std::string ipv6_cidr;
  int from_port = -1;  // -1: all
  int to_port = -1;
  int icmp_type = -1;
  int icmp_code = -1;
};

struct AclAssociation {
  std::string id;
  std::string subnet_id;
};

struct NetworkAcl : Resource {
  std::string vpc_id;
  bool is_default = false;
  std::vector<AclEntry> entries;  // by direction and number
  std::vector<AclAssociation> associations;
};

struct Endpoint : Resource {
  std::string vpc_id;
  std::string type = "Gateway";
  std::string service_name;  // "com.amazonaws.us-east-1.s3"
  std::string policy;
  bool private_dns = false;
  std::string address_type = "ipv4";
  std::vector<std::string> route_table_ids;  // of a gateway
  std::vector<std::string> subnet_ids;       // of interfaces
  std::vector<std::string> group_ids;
  std::vector<std::string> interface_ids;
  int64_t created_millis = 0;
};

struct ElasticAddress : Resource {  // "eipalloc-…"
  std::string public_ip;
  std::string association_id;  // empty: free
  std::string interface_id;
  std::string private_ip;
};

struct Interface : Resource {  // "eni-…"
  std::string vpc_id;
  std::string subnet_id;
  std::string type = "interface";  // lambda, nat_gateway, vpc_endpoint
  std::string description;
  std::string mac;
  std::vector<std::string> private_ips;  // the first is the primary one
  std::vector<std::string> ipv6s;
  std::vector<std::string> group_ids;
  bool source_dest_check = true;
  std::string requester;  // empty: the account itself; else who manages it: "amazon-elb", "AROA…:…"
  std::string attached_to;   // what the address stands for: "172.17.0.2"; "": nothing that would answer
  int attached_port = 0;     // there; 0: the one that was asked for
  bool delete_on_detach = false;
  int64_t created_millis = 0;

  bool is_managed() const { return !requester.empty(); }
  bool is_in_use() const { return is_managed() || !attached_to.empty(); }
};

// A version of a function that is in a VPC; its id is the function's ARN with its version.
struct FunctionAttachment : Resource {
  std::string vpc_id;
  std::vector<std::string> interface_ids;  // one per subnet
};

json::Value ToJson(const RegionRow& row);
json::Value ToJson(const Vpc& row);
json::Value ToJson(const Subnet& row);
json::Value ToJson(const RouteTable& row);
json::Value ToJson(const InternetGateway& row);
json::Value ToJson(const NatGateway& row);
json::Value ToJson(const SecurityGroup& row);
json::Value ToJson(const NetworkAcl& row);
json::Value ToJson(const Endpoint& row);
json::Value ToJson(const ElasticAddress& row);
json::Value ToJson(const Interface& row);
json::Value ToJson(const FunctionAttachment& row);

// Error: Fault, for a key without account and region.
Result<> FromJson(std::string_view key, const json::Value& value, RegionRow& row);
Result<> FromJson(std::string_view key, const json::Value& value, Vpc& row);
Result<> FromJson(std::string_view key, const json::Value& value, Subnet& row);
Result<> FromJson(std::string_view key, const json::Value& value, RouteTable& row);
Result<> FromJson(std::string_view key, const json::Value& value, InternetGateway& row);
Result<> FromJson(std::string_view key, const json::Value& value, NatGateway& row);
Result<> FromJson(std::string_view key, const json::Value& value, SecurityGroup& row);
Result<> FromJson(std::string_view key, const json::Value& value, NetworkAcl& row);
Result<> FromJson(std::string_view key, const json::Value& value, Endpoint& row);
Result<> FromJson(std::string_view key, const json::Value& value, ElasticAddress& row);
Result<> FromJson(std::string_view key, const json::Value& value, Interface& row);
Result<> FromJson(std::string_view key, const json::Value& value, FunctionAttachment& row);

}  // namespace mayfly::vpc
