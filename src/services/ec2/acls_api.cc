// CreateNetworkAcl … ReplaceNetworkAclAssociation.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "services/ec2/cidrs.h"
#include "services/ec2/ec2_api.h"
#include "services/ec2/limits.h"
#include "services/ec2/selection.h"
#include "services/ec2/tagging.h"

namespace mayfly::ec2 {
namespace {

constexpr int kEntryNumberMax = 32'766;
constexpr int kLastEntryNumber = 32'767;  // what refuses all that no other entry takes
constexpr int kAclPortMax = 65'535;

NetworkAclEntry ShowEntry(const vpc::AclEntry& row) {
  NetworkAclEntry shown;
  if (!row.cidr.empty()) shown.cidr_block = row.cidr;
  if (!row.ipv6_cidr.empty()) shown.ipv6_cidr_block = row.ipv6_cidr;
  shown.egress = row.egress;
  if (row.protocol == "1" || row.protocol == "58") shown.icmp_type_code = IcmpTypeCode{.code = row.icmp_code, .type = row.icmp_type};
  if (row.from_port >= 0) shown.port_range = PortRange{.from = row.from_port, .to = row.to_port};
  shown.protocol = row.protocol;
  shown.rule_action = row.allow ? "allow" : "deny";
  shown.rule_number = row.number;
  return shown;
}

NetworkAcl ShowAcl(const RegionState& region, const vpc::NetworkAcl& row) {
  NetworkAcl shown{
      .associations = std::vector<NetworkAclAssociation>(), .entries = std::vector<NetworkAclEntry>(), .is_default = row.is_default};
  for (const auto& one : row.associations)
    shown.associations->push_back({.network_acl_association_id = one.id, .network_acl_id = row.id, .subnet_id = one.subnet_id});
  for (const auto& entry : row.entries) shown.entries->push_back(ShowEntry(entry));
  const auto vpc = region.Find<vpc::Vpc>(row.vpc_id);
  for (const bool egress : {true, false}) {
    shown.entries->push_back(ShowEntry({.number = kLastEntryNumber, .egress = egress, .cidr = "0.0.0.0/0"}));
    if (!vpc->ipv6_cidrs.empty())
      shown.entries->push_back(ShowEntry({.number = kLastEntryNumber + 1, .egress = egress, .ipv6_cidr = "::/0"}));
  }
  shown.network_acl_id = row.id;
  shown.tags = ShowTags(row.tags);
  shown.vpc_id = row.vpc_id;
  shown.owner_id = row.scope.account_id;
  return shown;
}

template <typename Read>
void AddOfEntries(const RegionState& region, const vpc::NetworkAcl& row, std::vector<std::string>& values, Read read) {
  const NetworkAcl shown = ShowAcl(region, row);
  for (const auto& entry : *shown.entries) {
    if (const auto value = read(entry)) values.push_back(*value);
  }
}

constexpr Field<vpc::NetworkAcl> kAclFields[] = {
    {"network-acl-id", [](const RegionState&, const vpc::NetworkAcl& row, auto& values) { values.push_back(row.id); }},
    {"vpc-id", [](const RegionState&, const vpc::NetworkAcl& row, auto& values) { values.push_back(row.vpc_id); }},
    {"owner-id", [](const RegionState&, const vpc::NetworkAcl& row, auto& values) { values.push_back(row.scope.account_id); }},
    {"default", [](const RegionState&, const vpc::NetworkAcl& row, auto& values) { values.push_back(TextOf(row.is_default)); }},
    {"association.subnet-id",
     [](const RegionState&, const vpc::NetworkAcl& row, auto& values) {
       for (const auto& one : row.associations) values.push_back(one.subnet_id);
     }},
    {"association.association-id",
     [](const RegionState&, const vpc::NetworkAcl& row, auto& values) {
       for (const auto& one : row.associations) values.push_back(one.id);
     }},
    {"association.network-acl-id",
     [](const RegionState&, const vpc::NetworkAcl& row, auto& values) {
       if (!row.associations.empty()) values.push_back(row.id);
     }},
    {"entry.cidr", [](const RegionState& region, const vpc::NetworkAcl& row,
                      auto& values) { AddOfEntries(region, row, values, [](const NetworkAclEntry& entry) { return entry.cidr_block; }); }},
    {"entry.ipv6-cidr",
     [](const RegionState& region, const vpc::NetworkAcl& row, auto& values) {
       AddOfEntries(region, row, values, [](const NetworkAclEntry& entry) { return entry.ipv6_cidr_block; });
     }},
    {"entry.protocol",
     [](const RegionState& region, const vpc::NetworkAcl& row, auto& values) {
       AddOfEntries(region, row, values, [](const NetworkAclEntry& entry) { return entry.protocol; });
     }},
    {"entry.rule-action",
     [](const RegionState& region, const vpc::NetworkAcl& row, auto& values) {
       AddOfEntries(region, row, values, [](const NetworkAclEntry& entry) { return entry.rule_action; });
     }},
    {"entry.egress",
     [](const RegionState& region, const vpc::NetworkAcl& row, auto& values) {
       AddOfEntries(region, row, values, [](const NetworkAclEntry& entry) { return std::optional(TextOf(*entry.egress)); });
     }},
    {"entry.rule-number",
     [](const RegionState& region, const vpc::NetworkAcl& row, auto& values) {
       AddOfEntries(region, row, values, [](const NetworkAclEntry& entry) { return std::optional(std::to_string(*entry.rule_number)); });
     }},
};

Result<std::string> ReadProtocolNumber(const std::string& text) {
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"all", "-1"}, {"icmp", "1"}, {"tcp", "6"}, {"udp", "17"}, {"icmpv6", "58"}};
  const std::string lower = LowerCase(text);
  for (const auto& [name, number] : kNames) {
    if (lower == name) return std::string(number);
  }
  const auto number = ParseNumber<int>(lower);
  if (number && *number >= -1 && *number <= 255) return std::to_string(*number);
  return Fail(InvalidValue(fmt::format("Invalid value '{}' for protocol.", text)));
}

template <typename Request>
Result<> ReadEntryPorts(const Request& request, vpc::AclEntry& entry) {
  if (entry.protocol == "1" || entry.protocol == "58") {
    if (!request.icmp_type_code) return Fail(MissingParameter("icmpTypeCode.type"));
    entry.icmp_type = request.icmp_type_code->type.value_or(-1);
    entry.icmp_code = request.icmp_type_code->code.value_or(-1);
    return {};
  }
  if (entry.protocol != "6" && entry.protocol != "17") return {};
  if (!request.port_range || !request.port_range->from || !request.port_range->to) return Fail(MissingParameter("portRange.from"));
  entry.from_port = *request.port_range->from;
  entry.to_port = *request.port_range->to;
  if (entry.from_port >= 0 && entry.from_port <= entry.to_port && entry.to_port <= kAclPortMax) return {};
  return Fail(InvalidValue(fmt::format("Invalid value '{}-{}' for portRange.", entry.from_port, entry.to_port)));
}

template <typename Request>
Result<vpc::AclEntry> ReadEntry(const Request& request) {
  vpc::AclEntry entry{.number = request.rule_number, .egress = request.egress, .allow = request.rule_action == RuleAction::allow};
  if (entry.number < 1 || entry.number > kEntryNumberMax) {
    return Fail(
        InvalidValue(fmt::format("Invalid value '{}' for ruleNumber. Must be a number between 1 and {}", entry.number, kEntryNumberMax)));
  }
  MF_TRY(entry.protocol, ReadProtocolNumber(request.protocol));
  if (request.cidr_block) {
    MF_TRY(const vpc::Block block, ReadCidr(vpc::Family::V4, *request.cidr_block, "cidrBlock"));
    entry.cidr = block.Text();
  } else if (request.ipv6_cidr_block) {
    MF_TRY(const vpc::Block block, ReadCidr(vpc::Family::V6, *request.ipv6_cidr_block, "ipv6CidrBlock"));
    entry.ipv6_cidr = block.Text();
  } else {
    return Fail(MissingParameter("cidrBlock or ipv6CidrBlock"));
  }
  MF_TRY_VOID(ReadEntryPorts(request, entry));
  return entry;
}

auto FindEntry(auto& entries, bool egress, int number) {
  return std::ranges::find_if(entries, [&](const vpc::AclEntry& entry) { return entry.egress == egress && entry.number == number; });
}

void Insert(vpc::NetworkAcl& acl, vpc::AclEntry entry) {
  const auto order = [](const vpc::AclEntry& one) { return std::pair(!one.egress, one.number); };
  acl.entries.insert(std::ranges::upper_bound(acl.entries, order(entry), {}, order), std::move(entry));
}

Result<> AddEntry(RegionState& region, const CreateNetworkAclEntryRequest& request) {
  MF_TRY(const auto old, region.Get<vpc::NetworkAcl>(request.network_acl_id));
  MF_TRY(vpc::AclEntry entry, ReadEntry(request));
  if (FindEntry(old->entries, entry.egress, entry.number) != old->entries.end()) {
    return Fail(Error::Service("NetworkAclEntryAlreadyExists",
                               fmt::format("The network acl entry identified by {} already exists.", entry.number)));
  }
  const auto is_alike = [&](const vpc::AclEntry& one) { return one.egress == entry.egress; };
  if (static_cast<size_t>(std::ranges::count_if(old->entries, is_alike)) >= kEntriesOfAclMax) {
    return Fail(Error::Service("NetworkAclEntryLimitExceeded", "The maximum number of network acl entries has been reached."));
  }
  vpc::NetworkAcl acl = *old;
  Insert(acl, std::move(entry));
  region.Put(std::move(acl));
  return {};
}

Error NoSuchEntry(int number) {
  return Error::Service("InvalidNetworkAclEntry.NotFound", fmt::format("The network acl entry identified by {} does not exist", number));
}

// Takes an entry out. Error: there is none.
Result<vpc::NetworkAcl> WithoutEntry(const RegionState& region, const std::string& id, bool egress, int number) {
  MF_TRY(const auto old, region.Get<vpc::NetworkAcl>(id));
  vpc::NetworkAcl acl = *old;
  const auto found = FindEntry(acl.entries, egress, number);
  if (found == acl.entries.end()) return Fail(NoSuchEntry(number));
  acl.entries.erase(found);
  return acl;
}

Result<std::string> MoveAssociation(RegionState& region, const ReplaceNetworkAclAssociationRequest& request) {
  MF_TRY(const auto to, region.Get<vpc::NetworkAcl>(request.network_acl_id));
  const auto has = [&](const vpc::AclAssociation& one) { return one.id == request.association_id; };
  const auto from = region.FindIf<vpc::NetworkAcl>([&](const vpc::NetworkAcl& row) { return std::ranges::any_of(row.associations, has); });
  if (!from)
    return Fail(
        Error::Service("InvalidAssociationID.NotFound", fmt::format("The association ID '{}' does not exist", request.association_id)));
  if (from->vpc_id != to->vpc_id)
    return Fail(InvalidValue(fmt::format("Network ACLs {} and {} belong to different networks", from->id, to->id)));
  vpc::NetworkAcl source = *from;
  const std::string subnet_id = std::ranges::find_if(source.associations, has)->subnet_id;
  std::erase_if(source.associations, has);
  region.Put(std::move(source));
  vpc::NetworkAcl target = *region.Find<vpc::NetworkAcl>(to->id);
  target.associations.push_back({.id = region.NewId("aclassoc"), .subnet_id = subnet_id});
  return region.Put(std::move(target))->associations.back().id;
}

Result<> RemoveAcl(RegionState& region, const std::string& id) {
  MF_TRY(const auto row, region.Get<vpc::NetworkAcl>(id));
  if (row->is_default) return Fail(InvalidValue(fmt::format("cannot delete default network ACL {}", id)));
  if (!row->associations.empty()) return Fail(InUse("networkAcl", id));
  region.Delete(*row);
  return {};
}

}  // namespace

Task<Result<CreateNetworkAclResponse>> NetworkAclsApi::CreateNetworkAcl(Context& ctx, CreateNetworkAclRequest request) {
  CreateNetworkAclResponse response;
  response.client_token = request.client_token;
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    MF_TRY(const auto vpc, region.Get<vpc::Vpc>(request.vpc_id));
    vpc::NetworkAcl row;
    MF_TRY(row.tags, TagsFor(kKindOf<vpc::NetworkAcl>, request.tag_specifications));
    if (region.InVpc<vpc::NetworkAcl>(vpc->id).size() >= kAclsOfVpcMax) {
      return Fail(Error::Service("NetworkAclLimitExceeded", "The maximum number of network acls has been reached."));
    }
    row.id = region.NewId("acl");
    row.vpc_id = vpc->id;
    response.network_acl = ShowAcl(region, *region.Put(std::move(row)));
    return {};
  }));
  co_return response;
}

Task<Result<>> NetworkAclsApi::DeleteNetworkAcl(Context& ctx, DeleteNetworkAclRequest request) {
  co_return co_await networks_->Edit(ctx, [&](RegionState& region) { return RemoveAcl(region, request.network_acl_id); });
}

Task<Result<DescribeNetworkAclsResponse>> NetworkAclsApi::DescribeNetworkAcls(Context& ctx, DescribeNetworkAclsRequest request) {
  MF_CO_TRY(const RegionState region, co_await networks_->Enter(ctx));
  MF_CO_TRY(auto page, Select<vpc::NetworkAcl>(region, AskedOf(request, request.network_acl_ids), kAclFields));
  DescribeNetworkAclsResponse response{.network_acls = std::vector<NetworkAcl>(), .next_token = std::move(page.next_token)};
  for (const auto& row : page.rows) response.network_acls->push_back(ShowAcl(region, *row));
  co_return response;
}

Task<Result<>> NetworkAclsApi::CreateNetworkAclEntry(Context& ctx, CreateNetworkAclEntryRequest request) {
  co_return co_await networks_->Edit(ctx, [&](RegionState& region) { return AddEntry(region, request); });
}

Task<Result<>> NetworkAclsApi::ReplaceNetworkAclEntry(Context& ctx, ReplaceNetworkAclEntryRequest request) {
  co_return co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    MF_TRY(vpc::AclEntry entry, ReadEntry(request));
    MF_TRY(vpc::NetworkAcl acl, WithoutEntry(region, request.network_acl_id, entry.egress, entry.number));
    Insert(acl, std::move(entry));
    region.Put(std::move(acl));
    return {};
  });
}

Task<Result<>> NetworkAclsApi::DeleteNetworkAclEntry(Context& ctx, DeleteNetworkAclEntryRequest request) {
  co_return co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    MF_TRY(vpc::NetworkAcl acl, WithoutEntry(region, request.network_acl_id, request.egress, request.rule_number));
    region.Put(std::move(acl));
    return {};
  });
}

Task<Result<ReplaceNetworkAclAssociationResponse>> NetworkAclsApi::ReplaceNetworkAclAssociation(
    Context& ctx, ReplaceNetworkAclAssociationRequest request) {
  ReplaceNetworkAclAssociationResponse response;
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    MF_TRY(response.new_association_id, MoveAssociation(region, request));
    return {};
  }));
  co_return response;
}

}  // namespace mayfly::ec2
