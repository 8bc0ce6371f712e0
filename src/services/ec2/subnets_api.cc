// CreateSubnet … DisassociateSubnetCidrBlock.
#include <fmt/format.h>

#include <algorithm>

#include "services/ec2/cidrs.h"
#include "services/ec2/default_vpc.h"
#include "services/ec2/ec2_api.h"
#include "services/ec2/interfaces.h"
#include "services/ec2/limits.h"
#include "services/ec2/places.h"
#include "services/ec2/selection.h"
#include "services/ec2/tagging.h"

namespace mayfly::ec2 {
namespace {

constexpr int kSubnetLengthMin = 16;
constexpr int kSubnetLengthMax = 28;
constexpr int kSubnetIpv6Length = 64;

std::string SubnetArn(const vpc::Subnet& row) {
  return fmt::format("arn:aws:ec2:{}:{}:subnet/{}", row.scope.region, row.scope.account_id, row.id);
}

SubnetIpv6CidrBlockAssociation ShowSubnetCidr(const vpc::CidrAssociation& cidr, std::string_view state) {
  return {.association_id = cidr.id,
          .ipv6_cidr_block = cidr.cidr,
          .ipv6_cidr_block_state = SubnetCidrBlockState{.state = std::string(state)},
          .ipv6_address_attribute = "public",
          .ip_source = "amazon"};
}

Subnet ShowSubnet(const RegionState& region, const vpc::Subnet& row) {
  Subnet shown;
  shown.subnet_id = row.id;
  shown.vpc_id = row.vpc_id;
  shown.owner_id = row.scope.account_id;
  shown.subnet_arn = SubnetArn(row);
  shown.state = "available";
  if (!row.cidr.empty()) shown.cidr_block = row.cidr;
  shown.ipv6_cidr_block_association_set.emplace();
  for (const auto& cidr : row.ipv6_cidrs) shown.ipv6_cidr_block_association_set->push_back(ShowSubnetCidr(cidr, "associated"));
  shown.ipv6_native = row.cidr.empty();
  shown.assign_ipv6_address_on_creation = row.assign_ipv6;
  shown.available_ip_address_count = static_cast<int32_t>(FreeAddressCount(region, row));
  shown.availability_zone = row.zone;
  shown.availability_zone_id = ZoneIdOf(row.zone);
  shown.default_for_az = row.default_for_zone;
  shown.map_public_ip_on_launch = row.map_public_ip;
  shown.enable_dns64 = row.dns64;
  shown.private_dns_name_options_on_launch =
      PrivateDnsNameOptionsOnLaunch{.hostname_type = row.hostname_type,
                                    .enable_resource_name_dns_a_record = row.hostname_a_record,
                                    .enable_resource_name_dns_aaaa_record = row.hostname_aaaa_record};
  shown.tags = ShowTags(row.tags);
  return shown;
}

constexpr Field<vpc::Subnet> kSubnetFields[] = {
    {"subnet-id", [](const RegionState&, const vpc::Subnet& row, auto& values) { values.push_back(row.id); }},
    {"vpc-id", [](const RegionState&, const vpc::Subnet& row, auto& values) { values.push_back(row.vpc_id); }},
    {"subnet-arn", [](const RegionState&, const vpc::Subnet& row, auto& values) { values.push_back(SubnetArn(row)); }},
    {"cidr", [](const RegionState&, const vpc::Subnet& row, auto& values) { values.push_back(row.cidr); }},
    {"cidr-block", [](const RegionState&, const vpc::Subnet& row, auto& values) { values.push_back(row.cidr); }},
    {"cidrBlock", [](const RegionState&, const vpc::Subnet& row, auto& values) { values.push_back(row.cidr); }},
    {"ipv6-cidr-block-association.ipv6-cidr-block",
     [](const RegionState&, const vpc::Subnet& row, auto& values) {
       for (const auto& one : row.ipv6_cidrs) values.push_back(one.cidr);
     }},
    {"ipv6-cidr-block-association.association-id",
     [](const RegionState&, const vpc::Subnet& row, auto& values) {
       for (const auto& one : row.ipv6_cidrs) values.push_back(one.id);
     }},
    {"availability-zone", [](const RegionState&, const vpc::Subnet& row, auto& values) { values.push_back(row.zone); }},
    {"availabilityZone", [](const RegionState&, const vpc::Subnet& row, auto& values) { values.push_back(row.zone); }},
    {"availability-zone-id", [](const RegionState&, const vpc::Subnet& row, auto& values) { values.push_back(ZoneIdOf(row.zone)); }},
    {"availabilityZoneId", [](const RegionState&, const vpc::Subnet& row, auto& values) { values.push_back(ZoneIdOf(row.zone)); }},
    {"available-ip-address-count", [](const RegionState& region, const vpc::Subnet& row,
                                      auto& values) { values.push_back(std::to_string(FreeAddressCount(region, row))); }},
    {"default-for-az", [](const RegionState&, const vpc::Subnet& row, auto& values) { values.push_back(TextOf(row.default_for_zone)); }},
    {"defaultForAz", [](const RegionState&, const vpc::Subnet& row, auto& values) { values.push_back(TextOf(row.default_for_zone)); }},
    {"map-public-ip-on-launch",
     [](const RegionState&, const vpc::Subnet& row, auto& values) { values.push_back(TextOf(row.map_public_ip)); }},
    {"ipv6-native", [](const RegionState&, const vpc::Subnet& row, auto& values) { values.push_back(TextOf(row.cidr.empty())); }},
    {"owner-id", [](const RegionState&, const vpc::Subnet& row, auto& values) { values.push_back(row.scope.account_id); }},
    {"state", [](const RegionState&, const vpc::Subnet&, auto& values) { values.push_back("available"); }},
};

Error BadSubnetRange(const vpc::Block& block) {
  return Error::Service("InvalidSubnet.Range", fmt::format("The CIDR '{}' is invalid.", block.Text()));
}
Error SubnetConflict(const vpc::Block& block) {
  return Error::Service("InvalidSubnet.Conflict", fmt::format("The CIDR '{}' conflicts with another subnet", block.Text()));
}

Result<std::string> ReadZone(const RegionState& region, const std::optional<std::string>& name, const std::optional<std::string>& id) {
  const auto zones = ZonesOf(region.scope().region);
  const std::string wanted = name ? *name : id.value_or(zones.front());
  std::string zone = FindZone(region.scope().region, wanted);
  if (!zone.empty()) return zone;
  return Fail(InvalidValue(fmt::format(
      "Value ({}) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability "
      "zones: {}.",
      wanted, fmt::join(zones, ", "))));
}

Result<std::string> ReadSubnetCidr(const RegionState& region, const vpc::Vpc& vpc, std::string_view text) {
  MF_TRY(const vpc::Block block, ReadCidr(vpc::Family::V4, text, "cidrBlock"));
  if (block.length < kSubnetLengthMin || block.length > kSubnetLengthMax || !IsInVpc(vpc, block)) return Fail(BadSubnetRange(block));
  for (const auto& other : region.InVpc<vpc::Subnet>(vpc.id)) {
    if (const auto taken = vpc::ParseBlock(other->cidr); taken && taken->Overlaps(block)) return Fail(SubnetConflict(block));
  }
  return block.Text();
}

Result<vpc::CidrAssociation> ReadSubnetIpv6Cidr(const RegionState& region, const vpc::Vpc& vpc, std::string_view text) {
  MF_TRY(const vpc::Block block, ReadCidr(vpc::Family::V6, text, "ipv6CidrBlock"));
  if (block.length != kSubnetIpv6Length || !IsInVpc(vpc, block)) return Fail(BadSubnetRange(block));
  for (const auto& other : region.InVpc<vpc::Subnet>(vpc.id)) {
    const auto overlaps = [&](const vpc::CidrAssociation& one) { return vpc::ParseBlock(one.cidr)->Overlaps(block); };
    if (std::ranges::any_of(other->ipv6_cidrs, overlaps)) return Fail(SubnetConflict(block));
  }
  return vpc::CidrAssociation{.id = region.NewId("subnet-cidr-assoc"), .cidr = block.Text()};
}

Result<vpc::Subnet> ReadSubnet(const RegionState& region, const CreateSubnetRequest& request) {
  MF_TRY(const auto vpc, region.Get<vpc::Vpc>(request.vpc_id));
  vpc::Subnet row;
  row.vpc_id = vpc->id;
  if (request.cidr_block) {
    MF_TRY(row.cidr, ReadSubnetCidr(region, *vpc, *request.cidr_block));
  } else if (!request.ipv6_native.value_or(false)) {
    return Fail(MissingParameter("cidrBlock"));
  }
  if (request.ipv6_cidr_block) {
    MF_TRY(vpc::CidrAssociation cidr, ReadSubnetIpv6Cidr(region, *vpc, *request.ipv6_cidr_block));
    row.ipv6_cidrs.push_back(std::move(cidr));
  } else if (row.cidr.empty()) {
    return Fail(MissingParameter("ipv6CidrBlock"));
  }
  MF_TRY(row.zone, ReadZone(region, request.availability_zone, request.availability_zone_id));
  MF_TRY(row.tags, TagsFor(kKindOf<vpc::Subnet>, request.tag_specifications));
  if (region.InVpc<vpc::Subnet>(vpc->id).size() >= kSubnetsOfVpcMax)
    return Fail(Error::Service("SubnetLimitExceeded", "The maximum number of subnets has been reached."));
  return row;
}

// No table and no ACL speaks of the subnet any more.
void ForgetSubnet(RegionState& region, const vpc::Subnet& subnet) {
  const auto is_its = [&](const auto& association) { return association.subnet_id == subnet.id; };
  for (const auto& table : region.InVpc<vpc::RouteTable>(subnet.vpc_id)) {
    vpc::RouteTable next = *table;
    if (std::erase_if(next.associations, is_its) > 0) region.Put(std::move(next));
  }
  for (const auto& acl : region.InVpc<vpc::NetworkAcl>(subnet.vpc_id)) {
    vpc::NetworkAcl next = *acl;
    if (std::erase_if(next.associations, is_its) > 0) region.Put(std::move(next));
  }
}

Result<> RemoveSubnet(RegionState& region, const std::string& id) {
  MF_TRY(const auto row, region.Get<vpc::Subnet>(id));
  if (region.FindIf<vpc::Interface>([&](const vpc::Interface& one) { return one.subnet_id == id; })) return Fail(InUse("subnet", id));
  ForgetSubnet(region, *row);
  region.Delete(*row);
  return {};
}

void SetSubnetFlag(bool& flag, const std::optional<AttributeBooleanValue>& value) {
  if (value && value->value) flag = *value->value;
}

}  // namespace

Task<Result<CreateSubnetResponse>> SubnetsApi::CreateSubnet(Context& ctx, CreateSubnetRequest request) {
  CreateSubnetResponse response;
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    MF_TRY(vpc::Subnet row, ReadSubnet(region, request));
    response.subnet = ShowSubnet(region, *AddSubnet(region, std::move(row)));
    return {};
  }));
  co_return response;
}

Task<Result<CreateDefaultSubnetResponse>> SubnetsApi::CreateDefaultSubnet(Context& ctx, CreateDefaultSubnetRequest request) {
  CreateDefaultSubnetResponse response;
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    MF_TRY(const std::string zone, ReadZone(region, request.availability_zone, request.availability_zone_id));
    const auto vpc = region.FindIf<vpc::Vpc>([](const vpc::Vpc& row) { return row.is_default; });
    if (!vpc) return Fail(Error::Service("DefaultVpcDoesNotExist", "No default VPC exists for this account in this region."));
    const auto other = region.FindIf<vpc::Subnet>([&](const vpc::Subnet& row) { return row.default_for_zone && row.zone == zone; });
    if (other)
      return Fail(Error::Service("DefaultSubnetAlreadyExistsInAvailabilityZone",
                                 fmt::format("'{}' is already the default subnet in {}.", other->id, zone)));
    const auto made = MakeDefaultSubnet(region, *vpc, zone);
    if (!made) return Fail(Error::Service("InsufficientCidrBlocks", "There is no free block for a default subnet in the default VPC."));
    response.subnet = ShowSubnet(region, *made);
    return {};
  }));
  co_return response;
}

Task<Result<>> SubnetsApi::DeleteSubnet(Context& ctx, DeleteSubnetRequest request) {
  co_return co_await networks_->Edit(ctx, [&](RegionState& region) { return RemoveSubnet(region, request.subnet_id); });
}

Task<Result<DescribeSubnetsResponse>> SubnetsApi::DescribeSubnets(Context& ctx, DescribeSubnetsRequest request) {
  MF_CO_TRY(const RegionState region, co_await networks_->Enter(ctx));
  MF_CO_TRY(auto page, Select<vpc::Subnet>(region, AskedOf(request, request.subnet_ids), kSubnetFields));
  DescribeSubnetsResponse response{.next_token = std::move(page.next_token), .subnets = std::vector<Subnet>()};
  for (const auto& row : page.rows) response.subnets->push_back(ShowSubnet(region, *row));
  co_return response;
}

Task<Result<>> SubnetsApi::ModifySubnetAttribute(Context& ctx, ModifySubnetAttributeRequest request) {
  co_return co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    MF_TRY(const auto old, region.Get<vpc::Subnet>(request.subnet_id));
    vpc::Subnet row = *old;
    SetSubnetFlag(row.map_public_ip, request.map_public_ip_on_launch);
    SetSubnetFlag(row.assign_ipv6, request.assign_ipv6_address_on_creation);
    SetSubnetFlag(row.dns64, request.enable_dns64);
    SetSubnetFlag(row.hostname_a_record, request.enable_resource_name_dns_a_record_on_launch);
    SetSubnetFlag(row.hostname_aaaa_record, request.enable_resource_name_dns_aaaa_record_on_launch);
    row.hostname_type = request.private_dns_hostname_type_on_launch.value_or(row.hostname_type);
    if (row.assign_ipv6 && row.ipv6_cidrs.empty()) {
      return Fail(
          InvalidValue("Invalid value 'true' for assignIpv6AddressOnCreation. The subnet must have an associated IPv6 CIDR block."));
    }
    region.Put(std::move(row));
    return {};
  });
}

Task<Result<AssociateSubnetCidrBlockResponse>> SubnetsApi::AssociateSubnetCidrBlock(Context& ctx, AssociateSubnetCidrBlockRequest request) {
  AssociateSubnetCidrBlockResponse response;
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    MF_TRY(const auto old, region.Get<vpc::Subnet>(request.subnet_id));
    if (!request.ipv6_cidr_block) return Fail(MissingParameter("ipv6CidrBlock"));
    if (!old->ipv6_cidrs.empty()) {
      return Fail(Error::Service("SubnetCidrBlockLimitExceeded", fmt::format("The subnet '{}' has an IPv6 CIDR block already.", old->id)));
    }
    const auto vpc = region.Find<vpc::Vpc>(old->vpc_id);
    MF_TRY(vpc::CidrAssociation cidr, ReadSubnetIpv6Cidr(region, *vpc, *request.ipv6_cidr_block));
    response = {.ipv6_cidr_block_association = ShowSubnetCidr(cidr, "associating"), .subnet_id = old->id};
    vpc::Subnet row = *old;
    row.ipv6_cidrs.push_back(std::move(cidr));
    region.Put(std::move(row));
    return {};
  }));
  co_return response;
}

Task<Result<DisassociateSubnetCidrBlockResponse>> SubnetsApi::DisassociateSubnetCidrBlock(Context& ctx,
                                                                                          DisassociateSubnetCidrBlockRequest request) {
  DisassociateSubnetCidrBlockResponse response;
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    const auto old = region.FindIf<vpc::Subnet>(
        [&](const vpc::Subnet& row) { return !row.ipv6_cidrs.empty() && row.ipv6_cidrs.front().id == request.association_id; });
    if (!old) {
      return Fail(Error::Service("InvalidSubnetCidrBlockAssociationID.NotFound",
                                 fmt::format("The subnet CIDR block association ID '{}' does not exist", request.association_id)));
    }
    const bool has_addresses =
        region.FindIf<vpc::Interface>([&](const vpc::Interface& row) { return row.subnet_id == old->id && !row.ipv6s.empty(); }) != nullptr;
    if (has_addresses) return Fail(InUse("subnet CIDR block", request.association_id));
    response = {.ipv6_cidr_block_association = ShowSubnetCidr(old->ipv6_cidrs.front(), "disassociating"), .subnet_id = old->id};
    vpc::Subnet row = *old;
    row.ipv6_cidrs.clear();
    row.assign_ipv6 = false;
    region.Put(std::move(row));
    return {};
  }));
  co_return response;
}

}  // namespace mayfly::ec2
