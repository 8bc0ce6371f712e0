// Internet gateways and NAT gateways; VPN and egress-only gateways, of which there are none.
#include <fmt/format.h>

#include <algorithm>

#include "services/ec2/ec2_api.h"
#include "services/ec2/interfaces.h"
#include "services/ec2/limits.h"
#include "services/ec2/selection.h"
#include "services/ec2/tagging.h"

namespace mayfly::ec2 {
namespace {

constexpr int64_t kShownAsDeletedMillis = 3'600'000;  // a NAT gateway that is gone

InternetGateway ShowInternetGateway(const vpc::InternetGateway& row) {
  InternetGateway shown{.attachments = std::vector<InternetGatewayAttachment>(),
                        .internet_gateway_id = row.id,
                        .owner_id = row.scope.account_id,
                        .tags = ShowTags(row.tags)};
  if (!row.vpc_id.empty()) shown.attachments->push_back({.state = "available", .vpc_id = row.vpc_id});
  return shown;
}

constexpr Field<vpc::InternetGateway> kInternetGatewayFields[] = {
    {"internet-gateway-id", [](const RegionState&, const vpc::InternetGateway& row, auto& values) { values.push_back(row.id); }},
    {"owner-id", [](const RegionState&, const vpc::InternetGateway& row, auto& values) { values.push_back(row.scope.account_id); }},
    {"attachment.vpc-id",
     [](const RegionState&, const vpc::InternetGateway& row, auto& values) {
       if (!row.vpc_id.empty()) values.push_back(row.vpc_id);
     }},
    {"attachment.state",
     [](const RegionState&, const vpc::InternetGateway& row, auto& values) {
       if (!row.vpc_id.empty()) values.push_back("available");
     }},
};

Error NotAttached(std::string_view id, std::string_view vpc_id) {
  return Error::Service("Gateway.NotAttached", fmt::format("resource {} is not attached to network {}", id, vpc_id));
}

Result<> Attach(RegionState& region, const AttachInternetGatewayRequest& request) {
  MF_TRY(const auto gateway, region.Get<vpc::InternetGateway>(request.internet_gateway_id));
  MF_TRY(const auto vpc, region.Get<vpc::Vpc>(request.vpc_id));
  if (!gateway->vpc_id.empty()) {
    return Fail(Error::Service("Resource.AlreadyAssociated",
                               fmt::format("resource {} is already attached to network {}", gateway->id, gateway->vpc_id)));
  }
  if (!region.InVpc<vpc::InternetGateway>(vpc->id).empty()) {
    return Fail(InvalidValue(fmt::format("Network {} already has an internet gateway attached", vpc->id)));
  }
  vpc::InternetGateway row = *gateway;
  row.vpc_id = vpc->id;
  region.Put(std::move(row));
  return {};
}

// Whether somebody in the VPC is reached by a public address.
bool HasPublicAddresses(const RegionState& region, const std::string& vpc_id) {
  const auto addresses = region.Those<vpc::ElasticAddress>([](const vpc::ElasticAddress& row) { return !row.interface_id.empty(); });
  return std::ranges::any_of(addresses,
                             [&](const auto& address) { return region.Find<vpc::Interface>(address->interface_id)->vpc_id == vpc_id; });
}

Result<> Detach(RegionState& region, const DetachInternetGatewayRequest& request) {
  MF_TRY(const auto gateway, region.Get<vpc::InternetGateway>(request.internet_gateway_id));
  MF_TRY(const auto vpc, region.Get<vpc::Vpc>(request.vpc_id));
  if (gateway->vpc_id != vpc->id) return Fail(NotAttached(gateway->id, vpc->id));
  if (HasPublicAddresses(region, vpc->id)) {
    return Fail(DependencyViolation(fmt::format(
        "Network {} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.", vpc->id)));
  }
  vpc::InternetGateway row = *gateway;
  row.vpc_id.clear();
  region.Put(std::move(row));
  return {};
}

std::string StateOf(const vpc::NatGateway& row) { return row.deleted_millis == 0 ? "available" : "deleted"; }

NatGatewayAddress ShowNatAddress(const RegionState& region, const vpc::NatGateway& row) {
  NatGatewayAddress shown{.is_primary = true, .status = "succeeded"};
  if (!row.allocation_id.empty()) shown.allocation_id = row.allocation_id;
  if (!row.interface_id.empty()) shown.network_interface_id = row.interface_id;
  if (const auto interface = region.Find<vpc::Interface>(row.interface_id)) shown.private_ip = interface->private_ips.front();
  if (const auto address = PublicAddressOf(region, row.interface_id); address && !row.interface_id.empty()) {
    shown.public_ip = address->public_ip;
    shown.association_id = address->association_id;
  }
  return shown;
}

WallTime TimeOf(int64_t millis) { return WallTime(std::chrono::milliseconds(millis)); }

NatGateway ShowNatGateway(const RegionState& region, const vpc::NatGateway& row) {
  NatGateway shown;
  shown.create_time = TimeOf(row.created_millis);
  if (row.deleted_millis != 0) shown.delete_time = TimeOf(row.deleted_millis);
  shown.nat_gateway_addresses = std::vector<NatGatewayAddress>{ShowNatAddress(region, row)};
  shown.nat_gateway_id = row.id;
  shown.state = StateOf(row);
  shown.subnet_id = row.subnet_id;
  shown.vpc_id = row.vpc_id;
  shown.tags = ShowTags(row.tags);
  shown.connectivity_type = row.connectivity;
  return shown;
}

constexpr Field<vpc::NatGateway> kNatGatewayFields[] = {
    {"nat-gateway-id", [](const RegionState&, const vpc::NatGateway& row, auto& values) { values.push_back(row.id); }},
    {"state", [](const RegionState&, const vpc::NatGateway& row, auto& values) { values.push_back(StateOf(row)); }},
    {"subnet-id", [](const RegionState&, const vpc::NatGateway& row, auto& values) { values.push_back(row.subnet_id); }},
    {"vpc-id", [](const RegionState&, const vpc::NatGateway& row, auto& values) { values.push_back(row.vpc_id); }},
};

Result<RegionState::Pointer<vpc::ElasticAddress>> ReadFreeAddress(const RegionState& region, const std::string& allocation_id) {
  MF_TRY(auto address, region.Get<vpc::ElasticAddress>(allocation_id));
  if (address->association_id.empty()) return address;
  return Fail(Error::Service("Resource.AlreadyAssociated", fmt::format("Elastic IP address [{}] is already associated", allocation_id)));
}

Result<> CheckNatRoom(const RegionState& region, const vpc::Subnet& subnet) {
  const auto is_in_zone = [&](const vpc::NatGateway& row) {
    const auto other = region.Find<vpc::Subnet>(row.subnet_id);
    return row.deleted_millis == 0 && other && other->zone == subnet.zone;
  };
  if (region.Those<vpc::NatGateway>(is_in_zone).size() < kNatGatewaysOfZoneMax) return {};
  return Fail(Error::Service("NatGatewayLimitExceeded",
                             fmt::format("Performing this operation would exceed the limit of {} NAT gateways", kNatGatewaysOfZoneMax)));
}

Result<> CheckPublicNat(const RegionState& region, const vpc::Subnet& subnet, const CreateNatGatewayRequest& request) {
  if (!request.allocation_id) return Fail(MissingParameter("AllocationId"));
  MF_TRY(const auto address, ReadFreeAddress(region, *request.allocation_id));
  if (!region.InVpc<vpc::InternetGateway>(subnet.vpc_id).empty()) return {};
  return Fail(Error::Service("Gateway.NotAttached", fmt::format("Network {} has no Internet gateway attached", subnet.vpc_id)));
}

void GiveAddress(RegionState& region, const std::string& allocation_id, const vpc::Interface& interface) {
  vpc::ElasticAddress address = *region.Find<vpc::ElasticAddress>(allocation_id);
  address.association_id = region.NewId("eipassoc");
  address.interface_id = interface.id;
  address.private_ip = interface.private_ips.front();
  region.Put(std::move(address));
}

Result<RegionState::Pointer<vpc::NatGateway>> MakeNatGateway(RegionState& region, const CreateNatGatewayRequest& request) {
  if (!request.subnet_id) return Fail(MissingParameter("SubnetId"));
  MF_TRY(const auto subnet, region.Get<vpc::Subnet>(*request.subnet_id));
  vpc::NatGateway row;
  row.connectivity = request.connectivity_type.value_or(row.connectivity);
  MF_TRY(row.tags, TagsFor(kKindOf<vpc::NatGateway>, request.tag_specifications));
  if (subnet->cidr.empty()) return Fail(InvalidValue(fmt::format("Subnet {} has no IPv4 addresses", subnet->id)));
  MF_TRY_VOID(CheckNatRoom(region, *subnet));
  const bool is_public = row.connectivity == ConnectivityType::public_;
  if (is_public) MF_TRY_VOID(CheckPublicNat(region, *subnet, request));
  row.id = region.NewId("nat");
  InterfaceWish wish{.subnet_id = subnet->id,
                     .type = "nat_gateway",
                     .description = "Interface for NAT Gateway " + row.id,
                     .requester = "amazon-nat-gateway"};
  if (request.private_ip_address) wish.private_ips.push_back(*request.private_ip_address);
  MF_TRY(const auto interface, MakeInterface(region, std::move(wish)));
  if (is_public) GiveAddress(region, row.allocation_id = *request.allocation_id, *interface);
  row.vpc_id = subnet->vpc_id;
  row.subnet_id = subnet->id;
  row.interface_id = interface->id;
  row.created_millis = region.now_millis();
  return region.Put(std::move(row));
}

void ForgetDeletedNatGateways(RegionState& region) {
  const int64_t long_ago = region.now_millis() - kShownAsDeletedMillis;
  for (const auto& row :
       region.Those<vpc::NatGateway>([&](const vpc::NatGateway& one) { return one.deleted_millis != 0 && one.deleted_millis < long_ago; }))
    region.Delete(*row);
}

Result<> RemoveNatGateway(RegionState& region, const std::string& id) {
  MF_TRY(const auto old, region.Get<vpc::NatGateway>(id));
  if (old->deleted_millis != 0) return {};
  if (const auto interface = region.Find<vpc::Interface>(old->interface_id)) RemoveInterface(region, *interface);
  vpc::NatGateway row = *old;
  row.deleted_millis = region.now_millis();
  region.Put(std::move(row));
  return {};
}

}  // namespace

Task<Result<CreateInternetGatewayResponse>> GatewaysApi::CreateInternetGateway(Context& ctx, CreateInternetGatewayRequest request) {
  CreateInternetGatewayResponse response;
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    vpc::InternetGateway row;
    MF_TRY(row.tags, TagsFor(kKindOf<vpc::InternetGateway>, request.tag_specifications));
    if (region.All<vpc::InternetGateway>().size() >= kInternetGatewaysMax) {
      return Fail(Error::Service("InternetGatewayLimitExceeded", "The maximum number of internet gateways has been reached."));
    }
    row.id = region.NewId("igw");
    response.internet_gateway = ShowInternetGateway(*region.Put(std::move(row)));
    return {};
  }));
  co_return response;
}

Task<Result<>> GatewaysApi::DeleteInternetGateway(Context& ctx, DeleteInternetGatewayRequest request) {
  co_return co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    MF_TRY(const auto row, region.Get<vpc::InternetGateway>(request.internet_gateway_id));
    if (!row->vpc_id.empty()) return Fail(InUse("internetGateway", row->id));
    region.Delete(*row);
    return {};
  });
}

Task<Result<DescribeInternetGatewaysResponse>> GatewaysApi::DescribeInternetGateways(Context& ctx,
                                                                                     DescribeInternetGatewaysRequest request) {
  MF_CO_TRY(const RegionState region, co_await networks_->Enter(ctx));
  MF_CO_TRY(auto page, Select<vpc::InternetGateway>(region, AskedOf(request, request.internet_gateway_ids), kInternetGatewayFields));
  DescribeInternetGatewaysResponse response{.internet_gateways = std::vector<InternetGateway>(), .next_token = std::move(page.next_token)};
  for (const auto& row : page.rows) response.internet_gateways->push_back(ShowInternetGateway(*row));
  co_return response;
}

Task<Result<>> GatewaysApi::AttachInternetGateway(Context& ctx, AttachInternetGatewayRequest request) {
  co_return co_await networks_->Edit(ctx, [&](RegionState& region) { return Attach(region, request); });
}

Task<Result<>> GatewaysApi::DetachInternetGateway(Context& ctx, DetachInternetGatewayRequest request) {
  co_return co_await networks_->Edit(ctx, [&](RegionState& region) { return Detach(region, request); });
}

Task<Result<CreateNatGatewayResponse>> GatewaysApi::CreateNatGateway(Context& ctx, CreateNatGatewayRequest request) {
  if (request.secondary_allocation_ids || request.secondary_private_ip_addresses || request.secondary_private_ip_address_count) {
    co_return Fail(Error::Service("NotImplementedException", "NAT gateways with several addresses are not implemented by Mayfly yet."));
  }
  CreateNatGatewayResponse response;
  response.client_token = request.client_token;
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    ForgetDeletedNatGateways(region);
    MF_TRY(const auto row, MakeNatGateway(region, request));
    response.nat_gateway = ShowNatGateway(region, *row);
    return {};
  }));
  co_return response;
}

Task<Result<DeleteNatGatewayResponse>> GatewaysApi::DeleteNatGateway(Context& ctx, DeleteNatGatewayRequest request) {
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) { return RemoveNatGateway(region, request.nat_gateway_id); }));
  co_return DeleteNatGatewayResponse{.nat_gateway_id = request.nat_gateway_id};
}

Task<Result<DescribeNatGatewaysResponse>> GatewaysApi::DescribeNatGateways(Context& ctx, DescribeNatGatewaysRequest request) {
  MF_CO_TRY(const RegionState region, co_await networks_->Enter(ctx));
  Asked asked = AskedOf(request, request.nat_gateway_ids);
  if (request.filter) asked.filters = &*request.filter;
  MF_CO_TRY(auto page, Select<vpc::NatGateway>(region, asked, kNatGatewayFields));
  DescribeNatGatewaysResponse response{.nat_gateways = std::vector<NatGateway>(), .next_token = std::move(page.next_token)};
  const int64_t long_ago = region.now_millis() - kShownAsDeletedMillis;
  for (const auto& row : page.rows) {
    if (row->deleted_millis == 0 || row->deleted_millis >= long_ago) response.nat_gateways->push_back(ShowNatGateway(region, *row));
  }
  co_return response;
}

Task<Result<DescribeVpnGatewaysResponse>> GatewaysApi::DescribeVpnGateways(Context&, DescribeVpnGatewaysRequest request) {
  for (const std::string& id : request.vpn_gateway_ids.value_or(std::vector<std::string>())) {
    co_return Fail(Error::Service("InvalidVpnGatewayID.NotFound", fmt::format("The vpnGateway ID '{}' does not exist", id)));
  }
  co_return DescribeVpnGatewaysResponse{.vpn_gateways = std::vector<VpnGateway>()};
}

Task<Result<DescribeEgressOnlyInternetGatewaysResponse>> GatewaysApi::DescribeEgressOnlyInternetGateways(
    Context&, DescribeEgressOnlyInternetGatewaysRequest) {
  co_return DescribeEgressOnlyInternetGatewaysResponse{.egress_only_internet_gateways = std::vector<EgressOnlyInternetGateway>()};
}

}  // namespace mayfly::ec2
