// CreateVpc … DisassociateVpcCidrBlock, DescribeDhcpOptions.
#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "services/ec2/cidrs.h"
#include "services/ec2/default_vpc.h"
#include "services/ec2/ec2_api.h"
#include "services/ec2/limits.h"
#include "services/ec2/places.h"
#include "services/ec2/selection.h"
#include "services/ec2/tagging.h"

namespace mayfly::ec2 {
namespace {

constexpr int kVpcLengthMin = 16;
constexpr int kVpcLengthMax = 28;
constexpr int kVpcIpv6Length = 56;

// The same for ever: every region of an account has one set of options, which nobody changes.
std::string DhcpOptionsIdOf(const vpc::Scope& scope) { return "dopt-" + Sha256Hex("dhcp options of " + scope.Prefix()).substr(0, 17); }

VpcCidrBlockAssociation ShowCidr(const vpc::CidrAssociation& cidr, std::string_view state) {
  return {.association_id = cidr.id, .cidr_block = cidr.cidr, .cidr_block_state = VpcCidrBlockState{.state = std::string(state)}};
}

VpcIpv6CidrBlockAssociation ShowIpv6Cidr(const vpc::CidrAssociation& cidr, std::string_view state) {
  return {.association_id = cidr.id,
          .ipv6_cidr_block = cidr.cidr,
          .ipv6_cidr_block_state = VpcCidrBlockState{.state = std::string(state)},
          .ipv6_address_attribute = "public",
          .ip_source = "amazon"};
}

Vpc ShowVpc(const RegionState&, const vpc::Vpc& row) {
  Vpc shown{.owner_id = row.scope.account_id, .instance_tenancy = row.tenancy, .is_default = row.is_default, .tags = ShowTags(row.tags)};
  shown.vpc_id = row.id;
  shown.state = "available";
  shown.cidr_block = row.cidrs.front().cidr;
  shown.dhcp_options_id = DhcpOptionsIdOf(row.scope);
  shown.cidr_block_association_set.emplace();
  for (const auto& cidr : row.cidrs) shown.cidr_block_association_set->push_back(ShowCidr(cidr, "associated"));
  if (!row.ipv6_cidrs.empty()) shown.ipv6_cidr_block_association_set.emplace();
  for (const auto& cidr : row.ipv6_cidrs) shown.ipv6_cidr_block_association_set->push_back(ShowIpv6Cidr(cidr, "associated"));
  return shown;
}

constexpr Field<vpc::Vpc> kVpcFields[] = {
    {"vpc-id", [](const RegionState&, const vpc::Vpc& row, auto& values) { values.push_back(row.id); }},
    {"cidr", [](const RegionState&, const vpc::Vpc& row, auto& values) { values.push_back(row.cidrs.front().cidr); }},
    {"cidr-block-association.cidr-block",
     [](const RegionState&, const vpc::Vpc& row, auto& values) {
       for (const auto& one : row.cidrs) values.push_back(one.cidr);
     }},
    {"cidr-block-association.association-id",
     [](const RegionState&, const vpc::Vpc& row, auto& values) {
       for (const auto& one : row.cidrs) values.push_back(one.id);
     }},
    {"cidr-block-association.state", [](const RegionState&, const vpc::Vpc&, auto& values) { values.push_back("associated"); }},
    {"ipv6-cidr-block-association.ipv6-cidr-block",
     [](const RegionState&, const vpc::Vpc& row, auto& values) {
       for (const auto& one : row.ipv6_cidrs) values.push_back(one.cidr);
     }},
    {"ipv6-cidr-block-association.association-id",
     [](const RegionState&, const vpc::Vpc& row, auto& values) {
       for (const auto& one : row.ipv6_cidrs) values.push_back(one.id);
     }},
    {"dhcp-options-id", [](const RegionState&, const vpc::Vpc& row, auto& values) { values.push_back(DhcpOptionsIdOf(row.scope)); }},
    {"is-default", [](const RegionState&, const vpc::Vpc& row, auto& values) { values.push_back(TextOf(row.is_default)); }},
    {"isDefault", [](const RegionState&, const vpc::Vpc& row, auto& values) { values.push_back(TextOf(row.is_default)); }},
    {"owner-id", [](const RegionState&, const vpc::Vpc& row, auto& values) { values.push_back(row.scope.account_id); }},
    {"state", [](const RegionState&, const vpc::Vpc&, auto& values) { values.push_back("available"); }},
};

// This host, loopback, link-local, groups and what is reserved behind them.
bool IsNoNetwork(const vpc::Block& block) {
  constexpr std::string_view kNoNetworks[] = {"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"};
  return std::ranges::any_of(kNoNetworks, [&](std::string_view text) { return vpc::ParseBlock(text)->Overlaps(block); });
}

Error BadRange(const vpc::Block& block) {
  return Error::Service("InvalidVpc.Range", fmt::format("The CIDR '{}' is invalid.", block.Text()));
}

Result<std::string> ReadVpcCidr(std::string_view text) {
  MF_TRY(const vpc::Block block, ReadCidr(vpc::Family::V4, text, "cidrBlock"));
  if (block.length < kVpcLengthMin || block.length > kVpcLengthMax || IsNoNetwork(block)) return Fail(BadRange(block));
  return block.Text();
}

// Of the addresses that documentation may use: nobody's.
std::string NewIpv6Cidr(const RegionState& region) {
  const auto whole = vpc::ParseBlock("2001:db8::/32");
  for (;;) {
    const unsigned __int128 number = std::stoul(region.NewId("").substr(2, 6), nullptr, 16);
    const vpc::Block block{.base = whole->At(number << (128 - kVpcIpv6Length)), .length = kVpcIpv6Length};
    const bool is_taken = region.FindIf<vpc::Vpc>([&](const vpc::Vpc& row) { return IsInVpc(row, block); }) != nullptr;
    if (!is_taken) return block.Text();
  }
}

Result<vpc::Vpc> ReadVpc(const RegionState& region, const CreateVpcRequest& request) {
  if (!request.cidr_block) return Fail(MissingParameter("cidrBlock"));
  if (request.ipv6_cidr_block) return Fail(InvalidValue("Value for parameter ipv6CidrBlock is invalid: there are no IPv6 address pools."));
  vpc::Vpc row;
  MF_TRY(std::string cidr, ReadVpcCidr(*request.cidr_block));
  row.cidrs.push_back({.id = "", .cidr = std::move(cidr)});
  if (request.amazon_provided_ipv6_cidr_block.value_or(false)) row.ipv6_cidrs.push_back({.id = "", .cidr = NewIpv6Cidr(region)});
  row.tenancy = request.instance_tenancy.value_or(row.tenancy);
  MF_TRY(row.tags, TagsFor(kKindOf<vpc::Vpc>, request.tag_specifications));
  return row;
}

// What a VPC came with goes with it; anything else is in the way.
bool HasDependants(const RegionState& region, const std::string& id) {
  const auto is_in = [&](const auto& row) { return row.vpc_id == id; };
  return region.FindIf<vpc::Subnet>(is_in) || region.FindIf<vpc::InternetGateway>(is_in) || region.FindIf<vpc::Endpoint>(is_in) ||
         region.FindIf<vpc::Interface>(is_in) ||
         region.FindIf<vpc::RouteTable>([&](const vpc::RouteTable& row) { return is_in(row) && !row.is_main(); }) ||
         region.FindIf<vpc::SecurityGroup>([&](const vpc::SecurityGroup& row) { return is_in(row) && row.name != "default"; }) ||
         region.FindIf<vpc::NetworkAcl>([&](const vpc::NetworkAcl& row) { return is_in(row) && !row.is_default; });
}

template <typename T>
void DeleteAllIn(RegionState& region, const std::string& vpc_id) {
  for (const auto& row : region.InVpc<T>(vpc_id)) region.Delete(*row);
}

Result<> RemoveVpc(RegionState& region, const std::string& id) {
  MF_TRY(const auto row, region.Get<vpc::Vpc>(id));
  if (HasDependants(region, id)) return Fail(InUse("vpc", id));
  DeleteAllIn<vpc::RouteTable>(region, id);
  DeleteAllIn<vpc::SecurityGroup>(region, id);
  DeleteAllIn<vpc::NetworkAcl>(region, id);
  DeleteAllIn<vpc::NatGateway>(region, id);  // those that are shown as deleted
  region.Delete(*row);
  return {};
}

void SetFlag(bool& flag, const std::optional<AttributeBooleanValue>& value) {
  if (value && value->value) flag = *value->value;
}

Result<vpc::CidrAssociation> AddVpcCidr(const RegionState& region, vpc::Vpc& row, const std::string& text) {
  MF_TRY(std::string cidr, ReadVpcCidr(text));
  const vpc::Block block = *vpc::ParseBlock(cidr);
  const bool overlaps = std::ranges::any_of(row.cidrs, [&](const auto& other) { return vpc::ParseBlock(other.cidr)->Overlaps(block); });
  if (overlaps) return Fail(BadRange(block));
  if (row.cidrs.size() >= kCidrsOfVpcMax) {
    return Fail(Error::Service("CidrLimitExceeded",
                               fmt::format("This network '{}' has met its maximum number of allowed CIDRs: {}", row.id, kCidrsOfVpcMax)));
  }
  return row.cidrs.emplace_back(vpc::CidrAssociation{.id = region.NewId("vpc-cidr-assoc"), .cidr = std::move(cidr)});
}

Result<vpc::CidrAssociation> AddVpcIpv6Cidr(const RegionState& region, vpc::Vpc& row) {
  if (row.ipv6_cidrs.size() >= kCidrsOfVpcMax) {
    return Fail(Error::Service("CidrLimitExceeded",
                               fmt::format("This network '{}' has met its maximum number of allowed CIDRs: {}", row.id, kCidrsOfVpcMax)));
  }
  return row.ipv6_cidrs.emplace_back(vpc::CidrAssociation{.id = region.NewId("vpc-cidr-assoc"), .cidr = NewIpv6Cidr(region)});
}

Error NoSuchCidr(std::string_view id) {
  return Error::Service("InvalidVpcCidrBlockAssociationID.NotFound",
                        fmt::format("The vpc CIDR block association ID '{}' does not exist", id));
}

// Whether a subnet has addresses of the block.
bool IsUsed(const RegionState& region, const vpc::Vpc& row, const vpc::CidrAssociation& cidr) {
  const vpc::Block block = *vpc::ParseBlock(cidr.cidr);
  const auto has = [&](const std::string& part) { return !part.empty() && block.Contains(*vpc::ParseBlock(part)); };
  return region.FindIf<vpc::Subnet>([&](const vpc::Subnet& subnet) {
    return subnet.vpc_id == row.id && (has(subnet.cidr) || std::ranges::any_of(subnet.ipv6_cidrs, has, &vpc::CidrAssociation::cidr));
  }) != nullptr;
}

Result<vpc::CidrAssociation> TakeCidr(const RegionState& region, const vpc::Vpc& row, std::vector<vpc::CidrAssociation>& cidrs,
                                      const std::string& id) {
  const auto found = std::ranges::find(cidrs, id, &vpc::CidrAssociation::id);
  if (found == cidrs.end()) return Fail(NoSuchCidr(id));
  if (&*found == &row.cidrs.front()) {
    return Fail(
        Error::Service("OperationNotPermitted",
                       fmt::format("The vpc CIDR block with association ID {} may not be disassociated. It is the primary IPv4 CIDR block "
                                   "of the VPC",
                                   id)));
  }
  if (IsUsed(region, row, *found))
    return Fail(Error::Service("CidrBlockInUse", fmt::format("The vpc CIDR block '{}' is in use.", found->cidr)));
  vpc::CidrAssociation taken = std::move(*found);
  cidrs.erase(found);
  return taken;
}

}  // namespace

Task<Result<CreateVpcResponse>> VpcsApi::CreateVpc(Context& ctx, CreateVpcRequest request) {
  CreateVpcResponse response;
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    MF_TRY(vpc::Vpc row, ReadVpc(region, request));
    if (region.All<vpc::Vpc>().size() >= kVpcsMax)
      return Fail(Error::Service("VpcLimitExceeded", "The maximum number of VPCs has been reached."));
    response.vpc = ShowVpc(region, *MakeVpc(region, std::move(row)));
    return {};
  }));
  co_return response;
}

Task<Result<CreateDefaultVpcResponse>> VpcsApi::CreateDefaultVpc(Context& ctx, CreateDefaultVpcRequest) {
  CreateDefaultVpcResponse response;
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    if (region.FindIf<vpc::Vpc>([](const vpc::Vpc& row) { return row.is_default; })) {
      return Fail(Error::Service("DefaultVpcAlreadyExists", "A Default VPC already exists for this account in this region."));
    }
    response.vpc = ShowVpc(region, *MakeDefaultVpc(region));
    return {};
  }));
  co_return response;
}

Task<Result<>> VpcsApi::DeleteVpc(Context& ctx, DeleteVpcRequest request) {
  co_return co_await networks_->Edit(ctx, [&](RegionState& region) { return RemoveVpc(region, request.vpc_id); });
}

Task<Result<DescribeVpcsResponse>> VpcsApi::DescribeVpcs(Context& ctx, DescribeVpcsRequest request) {
  MF_CO_TRY(const RegionState region, co_await networks_->Enter(ctx));
  MF_CO_TRY(auto page, Select<vpc::Vpc>(region, AskedOf(request, request.vpc_ids), kVpcFields));
  DescribeVpcsResponse response{.next_token = std::move(page.next_token), .vpcs = std::vector<Vpc>()};
  for (const auto& row : page.rows) response.vpcs->push_back(ShowVpc(region, *row));
  co_return response;
}

Task<Result<DescribeVpcAttributeResponse>> VpcsApi::DescribeVpcAttribute(Context& ctx, DescribeVpcAttributeRequest request) {
  MF_CO_TRY(const RegionState region, co_await networks_->Enter(ctx));
  MF_CO_TRY(const auto row, region.Get<vpc::Vpc>(request.vpc_id));
  DescribeVpcAttributeResponse response;
  response.vpc_id = row->id;
  if (request.attribute == VpcAttributeName::enableDnsHostnames)
    response.enable_dns_hostnames = AttributeBooleanValue{.value = row->dns_hostnames};
  else if (request.attribute == VpcAttributeName::enableDnsSupport)
    response.enable_dns_support = AttributeBooleanValue{.value = row->dns_support};
  else
    response.enable_network_address_usage_metrics = AttributeBooleanValue{.value = row->usage_metrics};
  co_return response;
}

Task<Result<>> VpcsApi::ModifyVpcAttribute(Context& ctx, ModifyVpcAttributeRequest request) {
  co_return co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    MF_TRY(const auto old, region.Get<vpc::Vpc>(request.vpc_id));
    vpc::Vpc row = *old;
    SetFlag(row.dns_hostnames, request.enable_dns_hostnames);
    SetFlag(row.dns_support, request.enable_dns_support);
    SetFlag(row.usage_metrics, request.enable_network_address_usage_metrics);
    region.Put(std::move(row));
    return {};
  });
}

Task<Result<AssociateVpcCidrBlockResponse>> VpcsApi::AssociateVpcCidrBlock(Context& ctx, AssociateVpcCidrBlockRequest request) {
  AssociateVpcCidrBlockResponse response;
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    MF_TRY(const auto old, region.Get<vpc::Vpc>(request.vpc_id));
    vpc::Vpc row = *old;
    response.vpc_id = row.id;
    if (request.cidr_block) {
      MF_TRY(const vpc::CidrAssociation cidr, AddVpcCidr(region, row, *request.cidr_block));
      response.cidr_block_association = ShowCidr(cidr, "associating");
    } else if (request.amazon_provided_ipv6_cidr_block.value_or(false)) {
      MF_TRY(const vpc::CidrAssociation cidr, AddVpcIpv6Cidr(region, row));
      response.ipv6_cidr_block_association = ShowIpv6Cidr(cidr, "associating");
      AllowIpv6InDefaultAcl(region, row);
    } else {
      return Fail(MissingParameter("cidrBlock"));
    }
    region.Put(std::move(row));
    return {};
  }));
  co_return response;
}

Task<Result<DisassociateVpcCidrBlockResponse>> VpcsApi::DisassociateVpcCidrBlock(Context& ctx, DisassociateVpcCidrBlockRequest request) {
  DisassociateVpcCidrBlockResponse response;
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    const auto has = [&](const vpc::CidrAssociation& one) { return one.id == request.association_id; };
    const auto old = region.FindIf<vpc::Vpc>(
        [&](const vpc::Vpc& row) { return std::ranges::any_of(row.cidrs, has) || std::ranges::any_of(row.ipv6_cidrs, has); });
    if (!old) return Fail(NoSuchCidr(request.association_id));
    vpc::Vpc row = *old;
    response.vpc_id = row.id;
    const bool is_ipv6 = std::ranges::any_of(row.ipv6_cidrs, has);
    MF_TRY(const vpc::CidrAssociation taken, TakeCidr(region, row, is_ipv6 ? row.ipv6_cidrs : row.cidrs, request.association_id));
    if (is_ipv6)
      response.ipv6_cidr_block_association = ShowIpv6Cidr(taken, "disassociating");
    else
      response.cidr_block_association = ShowCidr(taken, "disassociating");
    region.Put(std::move(row));
    return {};
  }));
  co_return response;
}

Task<Result<DescribeDhcpOptionsResponse>> VpcsApi::DescribeDhcpOptions(Context& ctx, DescribeDhcpOptionsRequest request) {
  MF_CO_TRY(const RegionState region, co_await networks_->Enter(ctx));
  const std::string id = DhcpOptionsIdOf(region.scope());
  for (const std::string& asked : request.dhcp_options_ids.value_or(std::vector<std::string>())) {
    if (asked != id)
      co_return Fail(Error::Service("InvalidDhcpOptionsID.NotFound", fmt::format("The dhcpOption ID '{}' does not exist", asked)));
  }
  DhcpOptions options{.owner_id = region.scope().account_id, .tags = std::vector<Tag>(), .dhcp_options_id = id};
  options.dhcp_configurations = {{.key = "domain-name", .values = {{{.value = InternalDomain(region.scope().region)}}}},
                                 {.key = "domain-name-servers", .values = {{{.value = "AmazonProvidedDNS"}}}}};
  const bool is_wanted = std::ranges::all_of(request.filters.value_or(std::vector<Filter>()), [&](const Filter& filter) {
    return filter.name != "dhcp-options-id" || IsWanted(filter.values.value_or(std::vector<std::string>()), {id});
  });
  DescribeDhcpOptionsResponse response{.next_token = std::nullopt, .dhcp_options = std::vector<DhcpOptions>()};
  if (is_wanted) response.dhcp_options->push_back(std::move(options));
  co_return response;
}

}  // namespace mayfly::ec2
