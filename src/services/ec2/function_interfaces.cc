#include "services/ec2/function_interfaces.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "services/ec2/interfaces.h"
#include "services/ec2/places.h"
#include "services/ec2/prefix_lists.h"
#include "services/ec2/vpc_endpoints.h"
#include "vpc/address.h"

namespace mayfly::ec2 {
namespace {

constexpr std::string_view kFunctionRequester = "AROAMAYFLYLAMBDA00000:mayfly";
constexpr unsigned kResolverOffset = 2;

// What Lambda says of a refusal of EC2's.
Error InLambdasWords(std::string_view operation, const Error& error) {
  if (error.kind != Error::Kind::Service) return error;
  return Error::Service("InvalidParameterValueException", fmt::format("Error occurred while {}. EC2 Error Code: {}. EC2 Error Message: {}",
                                                                      operation, error.code, error.message));
}

Error NotOfOneVpc(std::string_view what) {
  return Error::Service("InvalidParameterValueException", fmt::format("{} must belong to the same VPC.", what));
}

// Of all of them. Errors: in Lambda's words.
Result<std::string> CommonVpcOf(const RegionState& region, const vpc::FunctionWish& wish) {
  std::string vpc_id;
  for (const std::string& id : wish.subnet_ids) {
    const auto subnet = region.Get<vpc::Subnet>(id);
    if (!subnet) return Fail(InLambdasWords("DescribeSubnets", subnet.error()));
    if (!vpc_id.empty() && vpc_id != (*subnet)->vpc_id) return Fail(NotOfOneVpc("Subnets"));
    vpc_id = (*subnet)->vpc_id;
  }
  for (const std::string& id : wish.group_ids) {
    const auto group = region.Get<vpc::SecurityGroup>(id);
    if (!group) return Fail(InLambdasWords("DescribeSecurityGroups", group.error()));
    if (vpc_id != (*group)->vpc_id) return Fail(NotOfOneVpc("Security Groups and subnets"));
  }
  return vpc_id;
}

std::vector<std::string> Sorted(std::vector<std::string> ids) {
  std::ranges::sort(ids);
  ids.erase(std::ranges::unique(ids).begin(), ids.end());
  return ids;
}

// What functions share an interface by.
struct Sharing {
  std::string subnet_id;
  std::vector<std::string> group_ids;
  bool ipv6;
};

bool Serves(const vpc::Interface& row, const Sharing& sharing) {
  return row.type == "lambda" && row.subnet_id == sharing.subnet_id && row.group_ids == sharing.group_ids &&
         row.ipv6s.empty() != sharing.ipv6;
}

template <typename T>
void AddRowsOf(const RegionState& region, const std::string& vpc_id, std::vector<T>& rows) {
  for (const auto& row : region.InVpc<T>(vpc_id)) rows.push_back(*row);
}

std::vector<vpc::PrefixList> PrefixListBlocks(const std::string& region) {
  std::vector<vpc::PrefixList> lists;
  for (const AwsPrefixList& list : PrefixListsOf(region)) {
    vpc::PrefixList& shown = lists.emplace_back(vpc::PrefixList{.id = list.id, .name = list.name, .blocks = {}});
    for (const std::string& cidr : list.cidrs) shown.blocks.push_back(*vpc::ParseBlock(cidr));
  }
  return lists;
}

// The one for all that share it, which may have to be made.
Result<std::string> InterfaceFor(RegionState& region, const std::string& function_arn, const Sharing& sharing) {
  if (const auto found = region.FindIf<vpc::Interface>([&](const vpc::Interface& row) { return Serves(row, sharing); })) return found->id;
  const std::string name = function_arn.substr(0, function_arn.rfind(':'));
  InterfaceWish wish{
      .subnet_id = sharing.subnet_id, .type = "lambda", .requester = std::string(kFunctionRequester), .group_ids = sharing.group_ids};
  wish.description = fmt::format("AWS Lambda VPC ENI-{}-{}", name.substr(name.rfind(':') + 1), region.NewUuid());
  wish.more_ipv6s = sharing.ipv6 ? 1 : 0;
  const auto made = MakeInterface(region, std::move(wish));
  if (!made) return Fail(InLambdasWords("CreateNetworkInterface", made.error()));
  return (*made)->id;
}

// Error: in Lambda's words; an IPv6 address is wanted of a subnet that has none.
Result<> CheckDualStack(const RegionState& region, const vpc::FunctionWish& wish) {
  for (const std::string& id : wish.subnet_ids) {
    if (!wish.ipv6 || !region.Find<vpc::Subnet>(id)->ipv6_cidrs.empty()) continue;
    return Fail(Error::Service("InvalidParameterValueException",
                               fmt::format("Ipv6AllowedForDualStack is true, but subnet {} has no IPv6 CIDR block.", id)));
  }
  return {};
}

Result<std::vector<std::string>> InterfacesFor(RegionState& region, const std::string& arn, const vpc::FunctionWish& wish) {
  MF_TRY_VOID(CheckDualStack(region, wish));
  const auto group_ids = Sorted(wish.group_ids);
  std::vector<std::string> ids;
  for (const std::string& subnet_id : Sorted(wish.subnet_ids)) {
    MF_TRY(ids.emplace_back(), InterfaceFor(region, arn, {subnet_id, group_ids, wish.ipv6}));
  }
  return ids;
}

// Deletes those of `candidates` that nobody is attached to.
void DropUnused(RegionState& region, const std::vector<std::string>& candidates) {
  std::set<std::string> used;
  for (const auto& row : region.All<vpc::FunctionAttachment>()) used.insert(row->interface_ids.begin(), row->interface_ids.end());
  for (const std::string& id : candidates) {
    const auto interface = region.Find<vpc::Interface>(id);
    if (interface && !used.contains(id)) RemoveInterface(region, *interface);
  }
}

vpc::FunctionAttachment AttachmentOf(const RegionState& region, const std::string& arn) {
  const auto old = region.Find<vpc::FunctionAttachment>(arn);
  vpc::FunctionAttachment row = old ? *old : vpc::FunctionAttachment();
  row.id = arn;
  return row;
}

}  // namespace

Task<Result<std::string>> FunctionInterfaces::Join(Context& ctx, vpc::FunctionMember member, vpc::FunctionWish wish) {
  std::string vpc_id;
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, member.scope, [&](RegionState& region) -> Result<> {
    MF_TRY(vpc_id, CommonVpcOf(region, wish));
    MF_TRY(const auto ids, InterfacesFor(region, member.arn, wish));
    vpc::FunctionAttachment row = AttachmentOf(region, member.arn);
    for (const std::string& id : ids) {
      if (std::ranges::find(row.interface_ids, id) == row.interface_ids.end()) row.interface_ids.push_back(id);
    }
    row.vpc_id = vpc_id;
    region.Put(std::move(row));
    return {};
  }));
  co_return vpc_id;
}

Task<Result<>> FunctionInterfaces::Keep(Context& ctx, vpc::FunctionMember member, std::optional<vpc::FunctionWish> wish) {
  co_return co_await networks_->Edit(ctx, member.scope, [&](RegionState& region) -> Result<> {
    vpc::FunctionAttachment row = AttachmentOf(region, member.arn);
    const std::vector<std::string> before = row.interface_ids;
    if (wish) {
      MF_TRY(row.vpc_id, CommonVpcOf(region, *wish));
      MF_TRY(row.interface_ids, InterfacesFor(region, member.arn, *wish));
      if (row.interface_ids == before) return {};
      region.Put(std::move(row));
    } else if (region.Find<vpc::FunctionAttachment>(member.arn)) {
      region.Delete(row);
    }
    DropUnused(region, before);
    return {};
  });
}

std::vector<std::string> FunctionInterfaces::Attached(const vpc::Scope& scope, std::string_view arn_prefix) const {
  std::vector<std::string> arns;
  for (const auto& row : networks_->tables().Of<vpc::FunctionAttachment>().List(scope.KeyOf(arn_prefix), "", SIZE_MAX))
    arns.push_back(row.value->id);
  return arns;
}

std::vector<vpc::Scope> FunctionInterfaces::ScopesWithAttached() const {
  std::vector<vpc::Scope> scopes;
  for (const auto& row : networks_->tables().Of<vpc::FunctionAttachment>().List("", "", SIZE_MAX)) {
    if (scopes.empty() || !(scopes.back() == row.value->scope)) scopes.push_back(row.value->scope);
  }
  return scopes;
}

std::string FunctionInterfaces::VpcOf(const vpc::Scope& scope, const std::string& subnet_id) const {
  const auto subnet = networks_->Look(scope).Find<vpc::Subnet>(subnet_id);
  return subnet ? subnet->vpc_id : "";
}

std::vector<vpc::FunctionLink> FunctionInterfaces::LinksOf(const vpc::FunctionMember& member) const {
  std::vector<vpc::FunctionLink> links;
  const RegionState region = networks_->Look(member.scope);
  const auto attachment = region.Find<vpc::FunctionAttachment>(member.arn);
  if (!attachment) return links;
  for (const std::string& id : attachment->interface_ids) {
    const auto interface = region.Find<vpc::Interface>(id);
    MF_ASSERT(interface);
    const auto subnet = region.Find<vpc::Subnet>(interface->subnet_id);
    const auto block = vpc::ParseBlock(subnet->cidr);
    const auto whole = vpc::ParseBlock(region.Find<vpc::Vpc>(interface->vpc_id)->cidrs.front().cidr);
    links.push_back({.vpc_id = interface->vpc_id,
                     .interface_id = id,
                     .subnet_id = subnet->id,
                     .address = interface->private_ips.empty() ? "" : interface->private_ips.front(),
                     .subnet_cidr = subnet->cidr,
                     .gateway = block ? block->At(1).Text() : "",
                     .resolver = whole->At(kResolverOffset).Text(),
                     .group_ids = interface->group_ids});
  }
  return links;
}

std::optional<vpc::Network> FunctionInterfaces::NetworkOf(const vpc::Scope& scope, const std::string& vpc_id) const {
  const RegionState region = networks_->Look(scope);
  const auto vpc = region.Find<vpc::Vpc>(vpc_id);
  if (!vpc) return std::nullopt;
  vpc::Network network{.vpc = *vpc};
  AddRowsOf(region, vpc_id, network.subnets);
  AddRowsOf(region, vpc_id, network.route_tables);
  AddRowsOf(region, vpc_id, network.acls);
  AddRowsOf(region, vpc_id, network.groups);
  AddRowsOf(region, vpc_id, network.interfaces);
  AddRowsOf(region, vpc_id, network.internet_gateways);
  AddRowsOf(region, vpc_id, network.nat_gateways);
  std::erase_if(network.nat_gateways, [](const vpc::NatGateway& nat) { return nat.deleted_millis != 0; });
  AddRowsOf(region, vpc_id, network.endpoints);
  for (const auto& address :
       region.Those<vpc::ElasticAddress>([&](const vpc::ElasticAddress& row) { return network.FindInterface(row.interface_id); })) {
    network.addresses.push_back(*address);
  }
  network.prefix_lists = PrefixListBlocks(scope.region);
  return network;
}

// Host names and those of endpoints only where both attributes of the VPC are on, as AWS has it.
vpc::NetworkNames FunctionInterfaces::NamesOf(const vpc::Network& network) const {
  vpc::NetworkNames names{.resolves = network.vpc.dns_support, .domain = InternalDomain(network.vpc.scope.region), .addresses = {}};
  if (!network.vpc.dns_support || !network.vpc.dns_hostnames) return names;
  for (const vpc::Interface& interface : network.interfaces) {
    for (const std::string& ip : interface.private_ips) names.addresses.emplace_back(HostNameOf(ip, network.vpc.scope.region), ip);
  }
  for (const vpc::Endpoint& endpoint : network.endpoints) {
    if (!endpoint.private_dns || endpoint.type != "Interface") continue;
    const std::string short_name = endpoint.service_name.substr(endpoint.service_name.rfind('.') + 1);
    for (const std::string& id : endpoint.interface_ids) {
      const vpc::Interface* interface = network.FindInterface(id);
      if (!interface || interface->private_ips.empty()) continue;
      names.addresses.emplace_back(PrivateDnsNameOf(short_name, network.vpc.scope.region), interface->private_ips.front());
    }
  }
  return names;
}

}  // namespace mayfly::ec2
