// AllocateAddress … DisassociateAddress.
#include <fmt/format.h>

#include <algorithm>

#include "services/ec2/ec2_api.h"
#include "services/ec2/interfaces.h"
#include "services/ec2/limits.h"
#include "services/ec2/selection.h"
#include "services/ec2/tagging.h"
#include "vpc/address.h"

namespace mayfly::ec2 {
namespace {

// Of the addresses that are for benchmarks: no host on the internet has one.
constexpr std::string_view kPublicBlock = "198.18.0.0/15";

Address ShowAddress(const RegionState& region, const vpc::ElasticAddress& row) {
  Address shown{.allocation_id = row.id, .domain = "vpc", .tags = ShowTags(row.tags), .public_ip = row.public_ip};
  if (row.association_id.empty()) return shown;
  shown.association_id = row.association_id;
  shown.network_interface_id = row.interface_id;
  shown.network_interface_owner_id = row.scope.account_id;
  shown.private_ip_address = row.private_ip;
  shown.subnet_id = region.Find<vpc::Interface>(row.interface_id)->subnet_id;
  return shown;
}

constexpr Field<vpc::ElasticAddress> kAddressFields[] = {
    {"allocation-id", [](const RegionState&, const vpc::ElasticAddress& row, auto& values) { values.push_back(row.id); }},
    {"association-id", [](const RegionState&, const vpc::ElasticAddress& row, auto& values) { values.push_back(row.association_id); }},
    {"domain", [](const RegionState&, const vpc::ElasticAddress&, auto& values) { values.push_back("vpc"); }},
    {"instance-id", [](const RegionState&, const vpc::ElasticAddress&, auto&) {}},
    {"network-interface-id", [](const RegionState&, const vpc::ElasticAddress& row, auto& values) { values.push_back(row.interface_id); }},
    {"network-interface-owner-id",
     [](const RegionState&, const vpc::ElasticAddress& row, auto& values) { values.push_back(row.scope.account_id); }},
    {"private-ip-address", [](const RegionState&, const vpc::ElasticAddress& row, auto& values) { values.push_back(row.private_ip); }},
    {"public-ip", [](const RegionState&, const vpc::ElasticAddress& row, auto& values) { values.push_back(row.public_ip); }},
};

std::string NewPublicIp(const RegionState& region) {
  const vpc::Block block = *vpc::ParseBlock(kPublicBlock);
  for (;;) {
    const std::string ip =
        block.At(1 + std::stoul(region.NewId("").substr(2, 7), nullptr, 16) % (static_cast<uint64_t>(block.size()) - 2)).Text();
    if (!region.FindIf<vpc::ElasticAddress>([&](const vpc::ElasticAddress& row) { return row.public_ip == ip; })) return ip;
  }
}

Error NoSuchIp(std::string_view ip) { return Error::Service("InvalidAddress.NotFound", fmt::format("Address '{}' not found.", ip)); }

Result<RegionState::Pointer<vpc::ElasticAddress>> FindAddress(const RegionState& region, const std::optional<std::string>& allocation_id,
                                                              const std::optional<std::string>& ip) {
  if (allocation_id) return region.Get<vpc::ElasticAddress>(*allocation_id);
  if (!ip) return Fail(MissingParameter("AllocationId"));
  auto found = region.FindIf<vpc::ElasticAddress>([&](const vpc::ElasticAddress& row) { return row.public_ip == *ip; });
  if (!found) return Fail(NoSuchIp(*ip));
  return found;
}

Result<std::string> ReadPrivateIp(const vpc::Interface& interface, const std::optional<std::string>& wanted) {
  if (!wanted && !interface.private_ips.empty()) return interface.private_ips.front();
  if (!wanted) return Fail(InvalidValue(fmt::format("{} has no IPv4 address", interface.id)));
  if (std::ranges::find(interface.private_ips, *wanted) != interface.private_ips.end()) return *wanted;
  return Fail(InvalidValue(fmt::format("Invalid value '{}' for PrivateIpAddress: it is no address of {}", *wanted, interface.id)));
}

Result<std::string> Give(RegionState& region, const AssociateAddressRequest& request) {
  MF_TRY(const auto old, FindAddress(region, request.allocation_id, request.public_ip));
  if (request.instance_id)
    return Fail(Error::Service("InvalidInstanceID.NotFound", fmt::format("The instance ID '{}' does not exist", *request.instance_id)));
  if (!request.network_interface_id) return Fail(MissingParameter("NetworkInterfaceId"));
  MF_TRY(const auto interface, region.Get<vpc::Interface>(*request.network_interface_id));
  MF_TRY(std::string private_ip, ReadPrivateIp(*interface, request.private_ip_address));
  if (region.InVpc<vpc::InternetGateway>(interface->vpc_id).empty()) {
    return Fail(
        Error::Service("Gateway.NotAttached", fmt::format("Network {} is not attached to any internet gateway", interface->vpc_id)));
  }
  const auto other = PublicAddressOf(region, interface->id);
  if (old->interface_id == interface->id && old->private_ip == private_ip) return old->association_id;
  if (!old->association_id.empty() && !request.allow_reassociation.value_or(false)) {
    return Fail(Error::Service("Resource.AlreadyAssociated",
                               fmt::format("resource {} is already associated with associate-id {}", old->id, old->association_id)));
  }
  if (other) {
    return Fail(Error::Service("Resource.AlreadyAssociated", fmt::format("resource {} is already associated with associate-id {}",
                                                                         interface->id, other->association_id)));
  }
  vpc::ElasticAddress row = *old;
  row.association_id = region.NewId("eipassoc");
  row.interface_id = interface->id;
  row.private_ip = std::move(private_ip);
  return region.Put(std::move(row))->association_id;
}

Result<> Take(RegionState& region, const DisassociateAddressRequest& request) {
  if (!request.association_id && !request.public_ip) return Fail(MissingParameter("AssociationId"));
  const auto old = region.FindIf<vpc::ElasticAddress>([&](const vpc::ElasticAddress& row) {
    return request.association_id ? row.association_id == *request.association_id && !row.association_id.empty()
                                  : row.public_ip == *request.public_ip;
  });
  if (!old && request.public_ip) return Fail(NoSuchIp(*request.public_ip));
  if (!old)
    return Fail(
        Error::Service("InvalidAssociationID.NotFound", fmt::format("The association ID '{}' does not exist", *request.association_id)));
  vpc::ElasticAddress row = *old;
  row.association_id = row.interface_id = row.private_ip = "";
  region.Put(std::move(row));
  return {};
}

}  // namespace

Task<Result<AllocateAddressResponse>> AddressesApi::AllocateAddress(Context& ctx, AllocateAddressRequest request) {
  AllocateAddressResponse response;
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    vpc::ElasticAddress row;
    MF_TRY(row.tags, TagsFor(kKindOf<vpc::ElasticAddress>, request.tag_specifications));
    if (region.All<vpc::ElasticAddress>().size() >= kAddressesMax) {
      return Fail(Error::Service("AddressLimitExceeded", "The maximum number of addresses has been reached."));
    }
    row.id = region.NewId("eipalloc");
    row.public_ip = NewPublicIp(region);
    response = {.allocation_id = row.id, .domain = "vpc", .public_ip = row.public_ip};
    region.Put(std::move(row));
    return {};
  }));
  co_return response;
}

Task<Result<>> AddressesApi::ReleaseAddress(Context& ctx, ReleaseAddressRequest request) {
  co_return co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    MF_TRY(const auto row, FindAddress(region, request.allocation_id, request.public_ip));
    if (!row->association_id.empty())
      return Fail(Error::Service("InvalidIPAddress.InUse", fmt::format("Address with allocation id {} is currently in use.", row->id)));
    region.Delete(*row);
    return {};
  });
}

Task<Result<DescribeAddressesResponse>> AddressesApi::DescribeAddresses(Context& ctx, DescribeAddressesRequest request) {
  MF_CO_TRY(const RegionState region, co_await networks_->Enter(ctx));
  for (const std::string& ip : request.public_ips.value_or(std::vector<std::string>())) {
    MF_CO_TRY(const auto found, FindAddress(region, std::nullopt, ip));
  }
  MF_CO_TRY(const auto page, Select<vpc::ElasticAddress>(region, AskedOf(request, request.allocation_ids), kAddressFields));
  DescribeAddressesResponse response{.addresses = std::vector<Address>()};
  for (const auto& row : page.rows) {
    if (!request.public_ips || std::ranges::find(*request.public_ips, row->public_ip) != request.public_ips->end())
      response.addresses->push_back(ShowAddress(region, *row));
  }
  co_return response;
}

Task<Result<DescribeAddressesAttributeResponse>> AddressesApi::DescribeAddressesAttribute(Context& ctx,
                                                                                          DescribeAddressesAttributeRequest request) {
  MF_CO_TRY(const RegionState region, co_await networks_->Enter(ctx));
  for (const std::string& id : request.allocation_ids.value_or(std::vector<std::string>())) {
    MF_CO_TRY(const auto row, region.Get<vpc::ElasticAddress>(id));
  }
  co_return DescribeAddressesAttributeResponse{.addresses = std::vector<AddressAttribute>(), .next_token = std::nullopt};
}

Task<Result<AssociateAddressResponse>> AddressesApi::AssociateAddress(Context& ctx, AssociateAddressRequest request) {
  AssociateAddressResponse response;
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    MF_TRY(response.association_id, Give(region, request));
    return {};
  }));
  co_return response;
}

Task<Result<>> AddressesApi::DisassociateAddress(Context& ctx, DisassociateAddressRequest request) {
  co_return co_await networks_->Edit(ctx, [&](RegionState& region) { return Take(region, request); });
}

}  // namespace mayfly::ec2
