// CreateSecurityGroup, DeleteSecurityGroup, DescribeSecurityGroups, DescribeSecurityGroupRules.
#include <fmt/format.h>

#include <algorithm>

#include "services/ec2/default_vpc.h"
#include "services/ec2/ec2_api.h"
#include "services/ec2/group_rules.h"
#include "services/ec2/groups.h"
#include "services/ec2/limits.h"
#include "services/ec2/selection.h"
#include "services/ec2/tagging.h"

namespace mayfly::ec2 {
namespace {

constexpr size_t kGroupTextMax = 255;  // of its name and its description

std::string GroupArn(const vpc::SecurityGroup& row) {
  return fmt::format("arn:aws:ec2:{}:{}:security-group/{}", row.scope.region, row.scope.account_id, row.id);
}

SecurityGroup ShowGroup(const vpc::SecurityGroup& row) {
  SecurityGroup shown{.group_id = row.id,
                      .ip_permissions_egress = ShowPermissions(row, Direction::Egress),
                      .tags = ShowTags(row.tags),
                      .vpc_id = row.vpc_id};
  shown.security_group_arn = GroupArn(row);
  shown.owner_id = row.scope.account_id;
  shown.group_name = row.name;
  shown.description = row.description;
  shown.ip_permissions = ShowPermissions(row, Direction::Ingress);
  return shown;
}

template <typename Read>
void AddOfRules(const vpc::SecurityGroup& row, bool egress, std::vector<std::string>& values, Read read) {
  for (const vpc::GroupRule& rule : row.rules) {
    if (rule.egress == egress) values.push_back(read(rule));
  }
}

template <bool kEgress>
void AddCidrs(const RegionState&, const vpc::SecurityGroup& row, std::vector<std::string>& values) {
  AddOfRules(row, kEgress, values, [](const vpc::GroupRule& rule) { return rule.cidr; });
}
template <bool kEgress>
void AddIpv6Cidrs(const RegionState&, const vpc::SecurityGroup& row, std::vector<std::string>& values) {
  AddOfRules(row, kEgress, values, [](const vpc::GroupRule& rule) { return rule.ipv6_cidr; });
}
template <bool kEgress>
void AddPeers(const RegionState&, const vpc::SecurityGroup& row, std::vector<std::string>& values) {
  AddOfRules(row, kEgress, values, [](const vpc::GroupRule& rule) { return rule.group_id; });
}
template <bool kEgress>
void AddProtocols(const RegionState&, const vpc::SecurityGroup& row, std::vector<std::string>& values) {
  AddOfRules(row, kEgress, values, [](const vpc::GroupRule& rule) { return rule.protocol; });
}
template <bool kEgress>
void AddFromPorts(const RegionState&, const vpc::SecurityGroup& row, std::vector<std::string>& values) {
  AddOfRules(row, kEgress, values, [](const vpc::GroupRule& rule) { return std::to_string(rule.from_port); });
}
template <bool kEgress>
void AddToPorts(const RegionState&, const vpc::SecurityGroup& row, std::vector<std::string>& values) {
  AddOfRules(row, kEgress, values, [](const vpc::GroupRule& rule) { return std::to_string(rule.to_port); });
}

constexpr Field<vpc::SecurityGroup> kGroupFields[] = {
    {"group-id", [](const RegionState&, const vpc::SecurityGroup& row, auto& values) { values.push_back(row.id); }},
    {"group-name", [](const RegionState&, const vpc::SecurityGroup& row, auto& values) { values.push_back(row.name); }},
    {"description", [](const RegionState&, const vpc::SecurityGroup& row, auto& values) { values.push_back(row.description); }},
    {"vpc-id", [](const RegionState&, const vpc::SecurityGroup& row, auto& values) { values.push_back(row.vpc_id); }},
    {"owner-id", [](const RegionState&, const vpc::SecurityGroup& row, auto& values) { values.push_back(row.scope.account_id); }},
    {"ip-permission.cidr", &AddCidrs<false>},
    {"ip-permission.ipv6-cidr", &AddIpv6Cidrs<false>},
    {"ip-permission.group-id", &AddPeers<false>},
    {"ip-permission.protocol", &AddProtocols<false>},
    {"ip-permission.from-port", &AddFromPorts<false>},
    {"ip-permission.to-port", &AddToPorts<false>},
    {"egress.ip-permission.cidr", &AddCidrs<true>},
    {"egress.ip-permission.ipv6-cidr", &AddIpv6Cidrs<true>},
    {"egress.ip-permission.group-id", &AddPeers<true>},
    {"egress.ip-permission.protocol", &AddProtocols<true>},
    {"egress.ip-permission.from-port", &AddFromPorts<true>},
    {"egress.ip-permission.to-port", &AddToPorts<true>},
};

Result<> CheckGroupText(std::string_view text, std::string_view parameter) {
  constexpr std::string_view kSigns = " ._-:/()#,@[]+=&;{}!$*";
  const auto is_allowed = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || kSigns.find(c) != std::string_view::npos;
  };
  if (text.size() <= kGroupTextMax && std::ranges::all_of(text, is_allowed)) return {};
  return Fail(InvalidValue(fmt::format("Value ({}) for parameter {} is invalid. Character sets beyond ASCII are not supported.",
                                       text.substr(0, kGroupTextMax), parameter)));
}

Result<std::string> VpcOfNewGroup(const RegionState& region, const CreateSecurityGroupRequest& request) {
  if (request.vpc_id) {
    MF_TRY(const auto vpc, region.Get<vpc::Vpc>(*request.vpc_id));
    return vpc->id;
  }
  const auto usual = region.FindIf<vpc::Vpc>([](const vpc::Vpc& row) { return row.is_default; });
  if (usual) return usual->id;
  return Fail(Error::Service("VPCIdNotSpecified", "No default VPC for this user"));
}

Result<vpc::SecurityGroup> ReadGroup(const RegionState& region, const CreateSecurityGroupRequest& request) {
  vpc::SecurityGroup row;
  if (request.group_name.empty()) return Fail(MissingParameter("groupName"));
  if (request.description.empty()) return Fail(MissingParameter("groupDescription"));
  MF_TRY_VOID(CheckGroupText(request.group_name, "groupName"));
  MF_TRY_VOID(CheckGroupText(request.description, "GroupDescription"));
  if (request.group_name.starts_with("sg-")) return Fail(InvalidValue("Group names may not be in the format sg-*"));
  if (request.group_name == "default")
    return Fail(Error::Service("InvalidParameterValue", "Cannot use reserved security group name: default"));
  MF_TRY(row.vpc_id, VpcOfNewGroup(region, request));
  row.name = request.group_name;
  row.description = request.description;
  MF_TRY(row.tags, TagsFor(kKindOf<vpc::SecurityGroup>, request.tag_specifications));
  if (region.FindIf<vpc::SecurityGroup>(
          [&](const vpc::SecurityGroup& other) { return other.vpc_id == row.vpc_id && other.name == row.name; })) {
    return Fail(
        Error::Service("InvalidGroup.Duplicate", fmt::format("The security group '{}' already exists for VPC '{}'", row.name, row.vpc_id)));
  }
  if (region.All<vpc::SecurityGroup>().size() < kGroupsMax) return row;
  return Fail(Error::Service("SecurityGroupLimitExceeded", "The maximum number of security groups has been reached."));
}

// Whether an interface or an endpoint has it, or another group's rule names it.
bool IsInUse(const RegionState& region, const vpc::SecurityGroup& group) {
  const auto has = [&](const auto& row) { return std::ranges::find(row.group_ids, group.id) != row.group_ids.end(); };
  return region.FindIf<vpc::Interface>(has) || region.FindIf<vpc::Endpoint>(has) ||
         region.FindIf<vpc::SecurityGroup>([&](const vpc::SecurityGroup& other) {
           return other.id != group.id && std::ranges::find(other.rules, group.id, &vpc::GroupRule::group_id) != other.rules.end();
         });
}

Result<std::string> RemoveGroup(RegionState& region, const DeleteSecurityGroupRequest& request) {
  MF_TRY(const auto row, FindGroup(region, request.group_id, request.group_name));
  if (row->name == "default")
    return Fail(
        Error::Service("CannotDelete", fmt::format("the specified group: \"{}\" name: \"default\" cannot be deleted by a user", row->id)));
  if (IsInUse(region, *row)) return Fail(DependencyViolation(fmt::format("resource {} has a dependent object", row->id)));
  region.Delete(*row);
  return row->id;
}

// A rule with its group, as DescribeSecurityGroupRules selects them.
struct RuleRow {
  std::string id;
  resources::StringPairs tags;
  RegionState::Pointer<vpc::SecurityGroup> group;
  const vpc::GroupRule* rule;
};

constexpr Field<RuleRow> kRuleFields[] = {
    {"group-id", [](const RegionState&, const RuleRow& row, auto& values) { values.push_back(row.group->id); }},
    {"security-group-rule-id", [](const RegionState&, const RuleRow& row, auto& values) { values.push_back(row.id); }},
};

std::vector<std::shared_ptr<const RuleRow>> AllRules(const RegionState& region) {
  std::vector<std::shared_ptr<const RuleRow>> rows;
  for (const auto& group : region.All<vpc::SecurityGroup>()) {
    for (const vpc::GroupRule& rule : group->rules) rows.push_back(std::make_shared<const RuleRow>(rule.id, rule.tags, group, &rule));
  }
  std::ranges::sort(rows, {}, [](const auto& row) { return row->id; });
  return rows;
}

Result<> KeepListed(std::vector<std::shared_ptr<const RuleRow>>& rows, const std::vector<std::string>& ids) {
  for (const std::string& id : ids) {
    if (std::ranges::find(rows, id, [](const auto& row) { return row->id; }) == rows.end()) {
      return Fail(Error::Service("InvalidSecurityGroupRuleId.NotFound", fmt::format("The security group rule ID '{}' does not exist", id)));
    }
  }
  std::erase_if(rows, [&](const auto& row) { return std::ranges::find(ids, row->id) == ids.end(); });
  return {};
}

}  // namespace

Result<RegionState::Pointer<vpc::SecurityGroup>> FindGroup(const RegionState& region, const std::optional<std::string>& id,
                                                           const std::optional<std::string>& name) {
  if (id) return region.Get<vpc::SecurityGroup>(*id);
  if (!name) return Fail(Error::Service("MissingParameter", "The request must contain the parameter groupName or groupId"));
  const auto usual = region.FindIf<vpc::Vpc>([](const vpc::Vpc& row) { return row.is_default; });
  auto found = region.FindIf<vpc::SecurityGroup>(
      [&](const vpc::SecurityGroup& row) { return usual && row.vpc_id == usual->id && row.name == *name; });
  if (found) return found;
  return Fail(Error::Service("InvalidGroup.NotFound",
                             fmt::format("The security group '{}' does not exist in default VPC '{}'", *name, usual ? usual->id : "null")));
}

Task<Result<CreateSecurityGroupResponse>> SecurityGroupsApi::CreateSecurityGroup(Context& ctx, CreateSecurityGroupRequest request) {
  CreateSecurityGroupResponse response;
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    MF_TRY(vpc::SecurityGroup row, ReadGroup(region, request));
    row.id = region.NewId("sg");
    row.rules = OpenEgress(region, *region.Find<vpc::Vpc>(row.vpc_id));
    const auto made = region.Put(std::move(row));
    response = {.group_id = made->id, .tags = ShowTags(made->tags), .security_group_arn = GroupArn(*made)};
    return {};
  }));
  co_return response;
}

Task<Result<DeleteSecurityGroupResponse>> SecurityGroupsApi::DeleteSecurityGroup(Context& ctx, DeleteSecurityGroupRequest request) {
  DeleteSecurityGroupResponse response{.return_ = true, .group_id = std::nullopt};
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    MF_TRY(response.group_id, RemoveGroup(region, request));
    return {};
  }));
  co_return response;
}

Task<Result<DescribeSecurityGroupsResponse>> SecurityGroupsApi::DescribeSecurityGroups(Context& ctx,
                                                                                       DescribeSecurityGroupsRequest request) {
  MF_CO_TRY(const RegionState region, co_await networks_->Enter(ctx));
  std::optional<std::vector<std::string>> ids = request.group_ids;
  for (const std::string& name : request.group_names.value_or(std::vector<std::string>())) {
    MF_CO_TRY(const auto group, FindGroup(region, std::nullopt, name));
    if (!ids) ids.emplace();
    ids->push_back(group->id);
  }
  MF_CO_TRY(auto page, Select<vpc::SecurityGroup>(region, AskedOf(request, ids), kGroupFields));
  DescribeSecurityGroupsResponse response{.next_token = std::move(page.next_token), .security_groups = std::vector<SecurityGroup>()};
  for (const auto& row : page.rows) response.security_groups->push_back(ShowGroup(*row));
  co_return response;
}

Task<Result<DescribeSecurityGroupRulesResponse>> SecurityGroupsApi::DescribeSecurityGroupRules(Context& ctx,
                                                                                               DescribeSecurityGroupRulesRequest request) {
  MF_CO_TRY(const RegionState region, co_await networks_->Enter(ctx));
  auto rows = AllRules(region);
  if (request.security_group_rule_ids) MF_CO_TRY_VOID(KeepListed(rows, *request.security_group_rule_ids));
  const Asked asked = AskedOf(request, std::nullopt);
  std::vector<std::shared_ptr<const RuleRow>> passing;
  if (asked.filters) MF_CO_TRY_VOID(CheckFilters(*asked.filters));
  for (auto& row : rows) {
    MF_CO_TRY(const bool passes, Passes<RuleRow>(region, *row, request.filters.value_or(std::vector<Filter>()), kRuleFields));
    if (passes) passing.push_back(std::move(row));
  }
  MF_CO_TRY(auto page, PageOf(std::move(passing), asked));
  DescribeSecurityGroupRulesResponse response{.security_group_rules = std::vector<SecurityGroupRule>(),
                                              .next_token = std::move(page.next_token)};
  for (const auto& row : page.rows) response.security_group_rules->push_back(ShowRule(region, *row->group, *row->rule));
  co_return response;
}

}  // namespace mayfly::ec2
