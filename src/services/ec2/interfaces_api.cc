// CreateNetworkInterface … ModifyNetworkInterfaceAttribute.
#include <fmt/format.h>

#include <algorithm>

#include "services/ec2/ec2_api.h"
#include "services/ec2/interfaces.h"
#include "services/ec2/limits.h"
#include "services/ec2/places.h"
#include "services/ec2/selection.h"
#include "services/ec2/tagging.h"

namespace mayfly::ec2 {
namespace {

std::string PrivateDnsName(const vpc::Interface& row, const std::string& ip) { return HostNameOf(ip, row.scope.region); }

NetworkInterfaceAssociation ShowPublic(const vpc::ElasticAddress& row) {
  return {.allocation_id = row.id, .association_id = row.association_id, .ip_owner_id = row.scope.account_id, .public_ip = row.public_ip};
}

std::vector<GroupIdentifier> ShowGroups(const RegionState& region, const std::vector<std::string>& ids) {
  std::vector<GroupIdentifier> shown;
  for (const std::string& id : ids) {
    const auto group = region.Find<vpc::SecurityGroup>(id);
    MF_ASSERT(group);
    shown.push_back({.group_id = id, .group_name = group->name});
  }
  return shown;
}

// What has an interface of its own has it attached.
std::optional<NetworkInterfaceAttachment> ShowAttachment(const vpc::Interface& row) {
  if (!row.is_in_use()) return std::nullopt;
  const std::string letters = row.id.substr(row.id.find('-') + 1);
  NetworkInterfaceAttachment shown{.attachment_id = (row.is_managed() ? "ela-attach-" : "eni-attach-") + letters,
                                   .delete_on_termination = row.delete_on_detach,
                                   .device_index = row.is_managed() ? 1 : 0};
  shown.instance_owner_id = row.is_managed() ? "amazon-aws" : row.scope.account_id;
  shown.status = "attached";
  return shown;
}

std::vector<NetworkInterfacePrivateIpAddress> ShowPrivateIps(const vpc::Interface& row,
                                                             const RegionState::Pointer<vpc::ElasticAddress>& address) {
  std::vector<NetworkInterfacePrivateIpAddress> shown;
  for (const std::string& ip : row.private_ips) {
    shown.push_back({.primary = ip == row.private_ips.front(), .private_dns_name = PrivateDnsName(row, ip), .private_ip_address = ip});
    if (address && address->private_ip == ip) shown.back().association = ShowPublic(*address);
  }
  return shown;
}

NetworkInterface ShowInterface(const RegionState& region, const vpc::Interface& row) {
  NetworkInterface shown;
  const auto address = PublicAddressOf(region, row.id);
  if (address) shown.association = ShowPublic(*address);
  shown.attachment = ShowAttachment(row);
  shown.availability_zone = region.Find<vpc::Subnet>(row.subnet_id)->zone;
  shown.availability_zone_id = ZoneIdOf(*shown.availability_zone);
  shown.description = row.description;
  shown.groups = ShowGroups(region, row.group_ids);
  shown.interface_type = row.type;
  shown.ipv6_addresses.emplace();
  for (const std::string& ip : row.ipv6s) shown.ipv6_addresses->push_back({.ipv6_address = ip});
  shown.mac_address = row.mac;
  shown.network_interface_id = row.id;
  shown.owner_id = row.scope.account_id;
  if (!row.private_ips.empty()) {
    shown.private_dns_name = PrivateDnsName(row, row.private_ips.front());
    shown.private_ip_address = row.private_ips.front();
  }
  shown.private_ip_addresses = ShowPrivateIps(row, address);
  if (row.is_managed()) shown.requester_id = row.requester;
  shown.requester_managed = row.is_managed();
  shown.source_dest_check = row.source_dest_check;
  shown.status = row.is_in_use() ? "in-use" : "available";
  shown.subnet_id = row.subnet_id;
  shown.tag_set = ShowTags(row.tags);
  shown.vpc_id = row.vpc_id;
  return shown;
}

void AddPublic(const RegionState& region, const vpc::Interface& row, std::vector<std::string>& values,
               std::string vpc::ElasticAddress::* field) {
  if (const auto address = PublicAddressOf(region, row.id)) values.push_back((*address).*field);
}

void Append(std::vector<std::string>& values, const std::vector<std::string>& more) {
  values.insert(values.end(), more.begin(), more.end());
}

constexpr Field<vpc::Interface> kInterfaceFields[] = {
    {"network-interface-id", [](const RegionState&, const vpc::Interface& row, auto& values) { values.push_back(row.id); }},
    {"vpc-id", [](const RegionState&, const vpc::Interface& row, auto& values) { values.push_back(row.vpc_id); }},
    {"subnet-id", [](const RegionState&, const vpc::Interface& row, auto& values) { values.push_back(row.subnet_id); }},
    {"group-id", [](const RegionState&, const vpc::Interface& row, auto& values) { Append(values, row.group_ids); }},
    {"group-name",
     [](const RegionState& region, const vpc::Interface& row, auto& values) {
       for (const auto& group : ShowGroups(region, row.group_ids)) values.push_back(*group.group_name);
     }},
    {"description", [](const RegionState&, const vpc::Interface& row, auto& values) { values.push_back(row.description); }},
    {"interface-type", [](const RegionState&, const vpc::Interface& row, auto& values) { values.push_back(row.type); }},
    {"private-ip-address", [](const RegionState&, const vpc::Interface& row, auto& values) { Append(values, row.private_ips); }},
    {"addresses.private-ip-address", [](const RegionState&, const vpc::Interface& row, auto& values) { Append(values, row.private_ips); }},
    {"ipv6-addresses.ipv6-address", [](const RegionState&, const vpc::Interface& row, auto& values) { Append(values, row.ipv6s); }},
    {"private-dns-name",
     [](const RegionState&, const vpc::Interface& row, auto& values) {
       if (!row.private_ips.empty()) values.push_back(PrivateDnsName(row, row.private_ips.front()));
     }},
    {"association.allocation-id",
     [](const RegionState& region, const vpc::Interface& row, auto& values) { AddPublic(region, row, values, &vpc::ElasticAddress::id); }},
    {"association.association-id", [](const RegionState& region, const vpc::Interface& row,
                                      auto& values) { AddPublic(region, row, values, &vpc::ElasticAddress::association_id); }},
    {"association.public-ip", [](const RegionState& region, const vpc::Interface& row,
                                 auto& values) { AddPublic(region, row, values, &vpc::ElasticAddress::public_ip); }},
    {"attachment.instance-id", [](const RegionState&, const vpc::Interface&, auto&) {}},
    {"attachment.instance-owner-id",
     [](const RegionState&, const vpc::Interface& row, auto& values) {
       if (row.is_managed()) values.push_back("amazon-aws");
     }},
    {"attachment.status",
     [](const RegionState&, const vpc::Interface& row, auto& values) {
       if (row.is_in_use()) values.push_back("attached");
     }},
    {"availability-zone", [](const RegionState& region, const vpc::Interface& row,
                             auto& values) { values.push_back(region.Find<vpc::Subnet>(row.subnet_id)->zone); }},
    {"mac-address", [](const RegionState&, const vpc::Interface& row, auto& values) { values.push_back(row.mac); }},
    {"owner-id", [](const RegionState&, const vpc::Interface& row, auto& values) { values.push_back(row.scope.account_id); }},
    {"requester-id",
     [](const RegionState&, const vpc::Interface& row, auto& values) {
       if (row.is_managed()) values.push_back(row.requester);
     }},
    {"requester-managed", [](const RegionState&, const vpc::Interface& row, auto& values) { values.push_back(TextOf(row.is_managed())); }},
    {"source-dest-check",
     [](const RegionState&, const vpc::Interface& row, auto& values) { values.push_back(TextOf(row.source_dest_check)); }},
    {"status",
     [](const RegionState&, const vpc::Interface& row, auto& values) { values.push_back(row.is_in_use() ? "in-use" : "available"); }},
};

InterfaceWish ReadInterface(const CreateNetworkInterfaceRequest& request) {
  InterfaceWish wish{.subnet_id = request.subnet_id, .description = request.description.value_or("")};
  if (request.groups) wish.group_ids = *request.groups;
  if (request.private_ip_address) wish.private_ips.push_back(*request.private_ip_address);
  for (const auto& address : request.private_ip_addresses.value_or(std::vector<PrivateIpAddressSpecification>())) {
    if (address.private_ip_address)
      wish.private_ips.insert(address.primary.value_or(false) ? wish.private_ips.begin() : wish.private_ips.end(),
                              *address.private_ip_address);
  }
  wish.more_private_ips = static_cast<size_t>(std::max(0, request.secondary_private_ip_address_count.value_or(0)));
  for (const auto& address : request.ipv6_addresses.value_or(std::vector<InstanceIpv6Address>()))
    wish.ipv6s.push_back(address.ipv6_address.value_or(""));
  wish.more_ipv6s = static_cast<size_t>(std::max(0, request.ipv6_address_count.value_or(0)));
  return wish;
}

Result<RegionState::Pointer<vpc::Interface>> GetOwn(const RegionState& region, const std::string& id) {
  MF_TRY(auto row, region.Get<vpc::Interface>(id));
  if (!row->is_managed()) return row;
  return Fail(
      Error::Service("OperationNotPermitted", fmt::format("You do not have permission to access the specified resource ({}).", id)));
}

Result<> RemoveOwnInterface(RegionState& region, const std::string& id) {
  MF_TRY(const auto row, region.Get<vpc::Interface>(id));
  if (row->is_in_use())
    return Fail(Error::Service("InvalidParameterValue", fmt::format("Network interface '{}' is currently in use.", id)));
  RemoveInterface(region, *row);
  return {};
}

Result<> ChangeInterface(RegionState& region, const ModifyNetworkInterfaceAttributeRequest& request) {
  MF_TRY(const auto old, GetOwn(region, request.network_interface_id));
  vpc::Interface row = *old;
  if (request.description) row.description = request.description->value.value_or("");
  if (row.description.size() > kInterfaceTextMax) return Fail(InvalidValue("Invalid description: it may be up to 255 characters long."));
  if (request.source_dest_check) row.source_dest_check = request.source_dest_check->value.value_or(true);
  if (request.groups) {
    MF_TRY(row.group_ids, ReadGroups(region, *request.groups, row.vpc_id));
  }
  region.Put(std::move(row));
  return {};
}

}  // namespace

Task<Result<CreateNetworkInterfaceResponse>> InterfacesApi::CreateNetworkInterface(Context& ctx, CreateNetworkInterfaceRequest request) {
  CreateNetworkInterfaceResponse response;
  response.client_token = request.client_token;
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    InterfaceWish wish = ReadInterface(request);
    MF_TRY(wish.tags, TagsFor(kKindOf<vpc::Interface>, request.tag_specifications));
    MF_TRY(const auto row, MakeInterface(region, std::move(wish)));
    response.network_interface = ShowInterface(region, *row);
    return {};
  }));
  co_return response;
}

Task<Result<>> InterfacesApi::DeleteNetworkInterface(Context& ctx, DeleteNetworkInterfaceRequest request) {
  co_return co_await networks_->Edit(ctx, [&](RegionState& region) { return RemoveOwnInterface(region, request.network_interface_id); });
}

Task<Result<DescribeNetworkInterfacesResponse>> InterfacesApi::DescribeNetworkInterfaces(Context& ctx,
                                                                                         DescribeNetworkInterfacesRequest request) {
  MF_CO_TRY(const RegionState region, co_await networks_->Enter(ctx));
  MF_CO_TRY(auto page, Select<vpc::Interface>(region, AskedOf(request, request.network_interface_ids), kInterfaceFields));
  DescribeNetworkInterfacesResponse response{.network_interfaces = std::vector<NetworkInterface>(),
                                             .next_token = std::move(page.next_token)};
  for (const auto& row : page.rows) response.network_interfaces->push_back(ShowInterface(region, *row));
  co_return response;
}

Task<Result<DescribeNetworkInterfaceAttributeResponse>> InterfacesApi::DescribeNetworkInterfaceAttribute(
    Context& ctx, DescribeNetworkInterfaceAttributeRequest request) {
  MF_CO_TRY(const RegionState region, co_await networks_->Enter(ctx));
  MF_CO_TRY(const auto row, region.Get<vpc::Interface>(request.network_interface_id));
  DescribeNetworkInterfaceAttributeResponse response;
  response.network_interface_id = row->id;
  const std::string attribute = request.attribute.value_or("");
  if (attribute == NetworkInterfaceAttribute::description)
    response.description = AttributeValue{.value = row->description};
  else if (attribute == NetworkInterfaceAttribute::groupSet)
    response.groups = ShowGroups(region, row->group_ids);
  else if (attribute == NetworkInterfaceAttribute::sourceDestCheck)
    response.source_dest_check = AttributeBooleanValue{.value = row->source_dest_check};
  else if (attribute == NetworkInterfaceAttribute::attachment)
    response.attachment = ShowAttachment(*row);
  co_return response;
}

Task<Result<>> InterfacesApi::ModifyNetworkInterfaceAttribute(Context& ctx, ModifyNetworkInterfaceAttributeRequest request) {
  co_return co_await networks_->Edit(ctx, [&](RegionState& region) { return ChangeInterface(region, request); });
}

}  // namespace mayfly::ec2
