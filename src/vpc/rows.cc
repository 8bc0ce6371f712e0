#include "vpc/rows.h"

#include <algorithm>

namespace mayfly::vpc {

static void VisitMembers(resources::Is<CidrAssociation> auto& row, auto&& visit) {
  visit("Id", row.id);
  visit("Cidr", row.cidr);
}

static void VisitMembers(resources::Is<Route> auto& row, auto&& visit) {
  visit("Destination", row.destination);
  visit("Target", row.target);
  visit("Origin", row.origin);
}

static void VisitMembers(resources::Is<RouteTableAssociation> auto& row, auto&& visit) {
  visit("Id", row.id);
  visit("SubnetId", row.subnet_id);
}

static void VisitMembers(resources::Is<GroupRule> auto& row, auto&& visit) {
  visit("Id", row.id);
  visit("Egress", row.egress);
  visit("Protocol", row.protocol);
  visit("FromPort", row.from_port);
  visit("ToPort", row.to_port);
  visit("Cidr", row.cidr);
  visit("Ipv6Cidr", row.ipv6_cidr);
  visit("GroupId", row.group_id);
  visit("PrefixListId", row.prefix_list_id);
  visit("Description", row.description);
  visit("Tags", row.tags);
}

static void VisitMembers(resources::Is<AclEntry> auto& row, auto&& visit) {
  visit("Number", row.number);
  visit("Egress", row.egress);
  visit("Protocol", row.protocol);
  visit("Allow", row.allow);
  visit("Cidr", row.cidr);
  visit("Ipv6Cidr", row.ipv6_cidr);
  visit("FromPort", row.from_port);
  visit("ToPort", row.to_port);
  visit("IcmpType", row.icmp_type);
  visit("IcmpCode", row.icmp_code);
}

static void VisitMembers(resources::Is<AclAssociation> auto& row, auto&& visit) {
  visit("Id", row.id);
  visit("SubnetId", row.subnet_id);
}

static void VisitMembers(resources::Is<RegionRow> auto& row, auto&& visit) {
  visit("Tags", row.tags);
  visit("HasDefaultVpc", row.has_default_vpc);
  visit("Generation", row.generation);
}

static void VisitMembers(resources::Is<Vpc> auto& row, auto&& visit) {
  visit("Tags", row.tags);
  visit("Cidrs", row.cidrs);
  visit("Ipv6Cidrs", row.ipv6_cidrs);
  visit("IsDefault", row.is_default);
  visit("Tenancy", row.tenancy);
  visit("DnsSupport", row.dns_support);
  visit("DnsHostnames", row.dns_hostnames);
  visit("UsageMetrics", row.usage_metrics);
}

static void VisitMembers(resources::Is<Subnet> auto& row, auto&& visit) {
  visit("Tags", row.tags);
  visit("VpcId", row.vpc_id);
  visit("Cidr", row.cidr);
  visit("Ipv6Cidrs", row.ipv6_cidrs);
  visit("Zone", row.zone);
  visit("DefaultForZone", row.default_for_zone);
  visit("MapPublicIp", row.map_public_ip);
  visit("AssignIpv6", row.assign_ipv6);
  visit("Dns64", row.dns64);
  visit("HostnameType", row.hostname_type);
  visit("HostnameARecord", row.hostname_a_record);
  visit("HostnameAaaaRecord", row.hostname_aaaa_record);
}

static void VisitMembers(resources::Is<RouteTable> auto& row, auto&& visit) {
  visit("Tags", row.tags);
  visit("VpcId", row.vpc_id);
  visit("Routes", row.routes);
  visit("Associations", row.associations);
}

static void VisitMembers(resources::Is<InternetGateway> auto& row, auto&& visit) {
  visit("Tags", row.tags);
  visit("VpcId", row.vpc_id);
}

static void VisitMembers(resources::Is<NatGateway> auto& row, auto&& visit) {
  visit("Tags", row.tags);
  visit("VpcId", row.vpc_id);
  visit("SubnetId", row.subnet_id);
  visit("Connectivity", row.connectivity);
  visit("AllocationId", row.allocation_id);
  visit("InterfaceId", row.interface_id);
  visit("CreatedMillis", row.created_millis);
  visit("DeletedMillis", row.deleted_millis);
}

static void VisitMembers(resources::Is<SecurityGroup> auto& row, auto&& visit) {
  visit("Tags", row.tags);
  visit("VpcId", row.vpc_id);
  visit("Name", row.name);
  visit("Description", row.description);
  visit("Rules", row.rules);
}

static void VisitMembers(resources::Is<NetworkAcl> auto& row, auto&& visit) {
  visit("Tags", row.tags);
  visit("VpcId", row.vpc_id);
  visit("IsDefault", row.is_default);
  visit("Entries", row.entries);
  visit("Associations", row.associations);
}

static void VisitMembers(resources::Is<Endpoint> auto& row, auto&& visit) {
  visit("Tags", row.tags);
  visit("VpcId", row.vpc_id);
  visit("Type", row.type);
  visit("ServiceName", row.service_name);
  visit("Policy", row.policy);
  visit("PrivateDns", row.private_dns);
  visit("AddressType", row.address_type);
  visit("RouteTableIds", row.route_table_ids);
  visit("SubnetIds", row.subnet_ids);
  visit("GroupIds", row.group_ids);
  visit("InterfaceIds", row.interface_ids);
  visit("CreatedMillis", row.created_millis);
}

static void VisitMembers(resources::Is<ElasticAddress> auto& row, auto&& visit) {
  visit("Tags", row.tags);
  visit("PublicIp", row.public_ip);
  visit("AssociationId", row.association_id);
  visit("InterfaceId", row.interface_id);
  visit("PrivateIp", row.private_ip);
}

static void VisitMembers(resources::Is<Interface> auto& row, auto&& visit) {
  visit("Tags", row.tags);
  visit("VpcId", row.vpc_id);
  visit("SubnetId", row.subnet_id);
  visit("Type", row.type);
  visit("Description", row.description);
  visit("Mac", row.mac);
  visit("PrivateIps", row.private_ips);
  visit("Ipv6s", row.ipv6s);
  visit("GroupIds", row.group_ids);
  visit("SourceDestCheck", row.source_dest_check);
  visit("Requester", row.requester);
  visit("CreatedMillis", row.created_millis);
  visit("AttachedTo", row.attached_to);
  visit("AttachedPort", row.attached_port);
  visit("DeleteOnDetach", row.delete_on_detach);
}

static void VisitMembers(resources::Is<FunctionAttachment> auto& row, auto&& visit) {
  visit("Tags", row.tags);
  visit("VpcId", row.vpc_id);
  visit("InterfaceIds", row.interface_ids);
}

namespace {

template <typename T>
Result<> ReadRow(std::string_view key, const json::Value& value, T& row) {
  const size_t account_end = key.find('/');
  const size_t region_end = account_end == std::string_view::npos ? account_end : key.find('/', account_end + 1);
  if (region_end == std::string_view::npos) return Fail(Error::Fault("a key without account and region: " + std::string(key)));
  row.scope = {std::string(key.substr(0, account_end)), std::string(key.substr(account_end + 1, region_end - account_end - 1))};
  row.id = key.substr(region_end + 1);
  resources::ReadMembers(value, row);
  return {};
}

}  // namespace

bool RouteTable::is_main() const {
  return std::ranges::any_of(associations, [](const RouteTableAssociation& one) { return one.subnet_id.empty(); });
}

bool GroupRule::SameAs(const GroupRule& other) const {
  return egress == other.egress && protocol == other.protocol && from_port == other.from_port && to_port == other.to_port &&
         cidr == other.cidr && ipv6_cidr == other.ipv6_cidr && group_id == other.group_id && prefix_list_id == other.prefix_list_id;
}

json::Value ToJson(const RegionRow& row) { return resources::WriteMembers(row); }
json::Value ToJson(const Vpc& row) { return resources::WriteMembers(row); }
json::Value ToJson(const Subnet& row) { return resources::WriteMembers(row); }
json::Value ToJson(const RouteTable& row) { return resources::WriteMembers(row); }
json::Value ToJson(const InternetGateway& row) { return resources::WriteMembers(row); }
json::Value ToJson(const NatGateway& row) { return resources::WriteMembers(row); }
json::Value ToJson(const SecurityGroup& row) { return resources::WriteMembers(row); }
json::Value ToJson(const NetworkAcl& row) { return resources::WriteMembers(row); }
json::Value ToJson(const Endpoint& row) { return resources::WriteMembers(row); }
json::Value ToJson(const ElasticAddress& row) { return resources::WriteMembers(row); }
json::Value ToJson(const Interface& row) { return resources::WriteMembers(row); }
json::Value ToJson(const FunctionAttachment& row) { return resources::WriteMembers(row); }

Result<> FromJson(std::string_view key, const json::Value& value, RegionRow& row) { return ReadRow(key, value, row); }
Result<> FromJson(std::string_view key, const json::Value& value, Vpc& row) { return ReadRow(key, value, row); }
Result<> FromJson(std::string_view key, const json::Value& value, Subnet& row) { return ReadRow(key, value, row); }
Result<> FromJson(std::string_view key, const json::Value& value, RouteTable& row) { return ReadRow(key, value, row); }
Result<> FromJson(std::string_view key, const json::Value& value, InternetGateway& row) { return ReadRow(key, value, row); }
Result<> FromJson(std::string_view key, const json::Value& value, NatGateway& row) { return ReadRow(key, value, row); }
Result<> FromJson(std::string_view key, const json::Value& value, SecurityGroup& row) { return ReadRow(key, value, row); }
Result<> FromJson(std::string_view key, const json::Value& value, NetworkAcl& row) { return ReadRow(key, value, row); }
Result<> FromJson(std::string_view key, const json::Value& value, Endpoint& row) { return ReadRow(key, value, row); }
Result<> FromJson(std::string_view key, const json::Value& value, ElasticAddress& row) { return ReadRow(key, value, row); }
Result<> FromJson(std::string_view key, const json::Value& value, Interface& row) { return ReadRow(key, value, row); }
Result<> FromJson(std::string_view key, const json::Value& value, FunctionAttachment& row) { return ReadRow(key, value, row); }

}  // namespace mayfly::vpc
