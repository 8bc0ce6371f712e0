#include "services/ec2/group_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "services/ec2/cidrs.h"
#include "services/ec2/limits.h"
#include "services/ec2/prefix_lists.h"
#include "services/ec2/tagging.h"

namespace mayfly::ec2 {
namespace {

constexpr int kPortMax = 65'535;
constexpr int kProtocolMax = 255;
constexpr size_t kDescriptionMax = 255;

// Protocols that have names, by number.
constexpr std::pair<std::string_view, std::string_view> kProtocolNames[] = {{"6", "tcp"}, {"17", "udp"}, {"1", "icmp"}, {"58", "icmpv6"}};

Result<std::string> ReadProtocol(const std::optional<std::string>& text) {
  if (!text || text->empty()) return Fail(MissingParameter("ipProtocol"));
  const std::string lower = LowerCase(*text);
  for (const auto& [number, name] : kProtocolNames) {
    if (lower == number || lower == name) return std::string(name);
  }
  if (lower == "-1" || lower == "all") return std::string("-1");
  const auto number = ParseNumber<int>(lower);
  if (number && *number >= 0 && *number <= kProtocolMax) return std::to_string(*number);
  return Fail(InvalidValue(fmt::format("Invalid value '{}' for IP protocol. Unknown protocol.", *text)));
}

bool HasPorts(std::string_view protocol) { return protocol == "tcp" || protocol == "udp"; }
bool HasTypes(std::string_view protocol) { return protocol == "icmp" || protocol == "icmpv6"; }

Error BadPort(int port) {
  return InvalidValue(fmt::format("Invalid value '{}' for portRange. Must be a number between 0 and {}", port, kPortMax));
}

Result<> ReadPorts(const std::optional<int32_t>& from, const std::optional<int32_t>& to, vpc::GroupRule& rule) {
  if (!HasPorts(rule.protocol) && !HasTypes(rule.protocol)) return {};
  rule.from_port = from.value_or(-1);
  rule.to_port = to.value_or(HasTypes(rule.protocol) ? -1 : rule.from_port);
  if (HasTypes(rule.protocol)) return {};
  if (!from || !to) return Fail(InvalidValue("Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange."));
  if (rule.from_port == -1 && rule.to_port == -1) rule.from_port = 0, rule.to_port = kPortMax;
  for (const int port : {rule.from_port, rule.to_port}) {
    if (port < 0 || port > kPortMax) return Fail(BadPort(port));
  }
  if (rule.from_port <= rule.to_port) return {};
  return Fail(InvalidValue(fmt::format("Invalid TCP/UDP port range ({}:{})", rule.from_port, rule.to_port)));
}

Result<std::string> ReadDescription(const std::optional<std::string>& text) {
  if (!text) return std::string();
  if (text->size() <= kDescriptionMax) return *text;
  return Fail(InvalidValue("Invalid rule description. Rule descriptions may be up to 255 characters in length."));
}

Result<std::string> ReadRuleCidr(vpc::Family family, const std::string& text) {
  const auto block = vpc::ParseBlock(text.find('/') == std::string::npos ? fmt::format("{}/{}", text, vpc::BitsOf(family)) : text);
  if (block && block->base.family == family) return block->Text();
  return Fail(InvalidValue(fmt::format("CIDR block {} is malformed", text)));
}

Result<std::string> ReadPeer(const RegionState& region, const vpc::SecurityGroup& group, const std::optional<std::string>& id,
                             const std::optional<std::string>& name) {
  if (id) {
    MF_TRY(const auto peer, region.Get<vpc::SecurityGroup>(*id));
    if (peer->vpc_id == group.vpc_id) return peer->id;
    return Fail(
        Error::Service("InvalidGroup.NotFound", fmt::format("You have specified two resources that belong to different networks.")));
  }
  if (!name) return Fail(MissingParameter("groupId"));
  const auto peer =
      region.FindIf<vpc::SecurityGroup>([&](const vpc::SecurityGroup& row) { return row.vpc_id == group.vpc_id && row.name == *name; });
  if (!peer) return Fail(Missing(kKindOf<vpc::SecurityGroup>, *name));
  return peer->id;
}

Result<std::string> ReadPrefixList(const RegionState& region, const std::string& id) {
  const auto lists = PrefixListsOf(region.scope().region);
  if (std::ranges::find(lists, id, &AwsPrefixList::id) != lists.end()) return id;
  return Fail(Error::Service("InvalidPrefixListId.NotFound", fmt::format("The prefix list ID '{}' does not exist", id)));
}

// The rules of one permission: `rule` has its protocol and ports.
Result<> AddRules(const RegionState& region, const vpc::SecurityGroup& group, const IpPermission& permission, const vpc::GroupRule& rule,
                  std::vector<vpc::GroupRule>& rules) {
  for (const auto& range : permission.ip_ranges.value_or(std::vector<IpRange>())) {
    MF_TRY(rules.emplace_back(rule).cidr, ReadRuleCidr(vpc::Family::V4, range.cidr_ip.value_or("")));
    MF_TRY(rules.back().description, ReadDescription(range.description));
  }
  for (const auto& range : permission.ipv6_ranges.value_or(std::vector<Ipv6Range>())) {
    MF_TRY(rules.emplace_back(rule).ipv6_cidr, ReadRuleCidr(vpc::Family::V6, range.cidr_ipv6.value_or("")));
    MF_TRY(rules.back().description, ReadDescription(range.description));
  }
  for (const auto& pair : permission.user_id_group_pairs.value_or(std::vector<UserIdGroupPair>())) {
    MF_TRY(rules.emplace_back(rule).group_id, ReadPeer(region, group, pair.group_id, pair.group_name));
    MF_TRY(rules.back().description, ReadDescription(pair.description));
  }
  for (const auto& list : permission.prefix_list_ids.value_or(std::vector<PrefixListId>())) {
    MF_TRY(rules.emplace_back(rule).prefix_list_id, ReadPrefixList(region, list.prefix_list_id.value_or("")));
    MF_TRY(rules.back().description, ReadDescription(list.description));
  }
  return {};
}

bool IsOf(const vpc::GroupRule& rule, Direction direction) { return rule.egress == (direction == Direction::Egress); }

std::optional<std::string> Unless(const std::string& text, std::string_view none = "") {
  return text == none ? std::nullopt : std::optional(text);
}

std::string PeerOf(const vpc::GroupRule& rule) {
  return !rule.cidr.empty()        ? rule.cidr
         : !rule.ipv6_cidr.empty() ? rule.ipv6_cidr
         : !rule.group_id.empty()  ? rule.group_id
                                   : rule.prefix_list_id;
}

void AddPeer(const vpc::SecurityGroup& group, const vpc::GroupRule& rule, IpPermission& permission) {
  const auto description = Unless(rule.description);
  if (!rule.cidr.empty())
    permission.ip_ranges->push_back({.description = description, .cidr_ip = rule.cidr});
  else if (!rule.ipv6_cidr.empty())
    permission.ipv6_ranges->push_back({.description = description, .cidr_ipv6 = rule.ipv6_cidr});
  else if (!rule.group_id.empty()) {
    permission.user_id_group_pairs->push_back({.description = description, .user_id = group.scope.account_id, .group_id = rule.group_id});
  } else {
    permission.prefix_list_ids->push_back({.description = description, .prefix_list_id = rule.prefix_list_id});
  }
}

IpPermission EmptyPermission(const vpc::GroupRule& rule) {
  IpPermission permission{.ip_protocol = rule.protocol};
  if (HasPorts(rule.protocol) || HasTypes(rule.protocol)) {
    permission.from_port = rule.from_port;
    permission.to_port = rule.to_port;
  }
  permission.user_id_group_pairs.emplace();
  permission.ip_ranges.emplace();
  permission.ipv6_ranges.emplace();
  permission.prefix_list_ids.emplace();
  return permission;
}

}  // namespace

Result<std::vector<vpc::GroupRule>> ReadRules(const RegionState& region, const vpc::SecurityGroup& group, Direction direction,
                                              const std::vector<IpPermission>& permissions) {
  std::vector<vpc::GroupRule> rules;
  for (const IpPermission& permission : permissions) {
    vpc::GroupRule rule{.egress = direction == Direction::Egress};
    MF_TRY(rule.protocol, ReadProtocol(permission.ip_protocol));
    MF_TRY_VOID(ReadPorts(permission.from_port, permission.to_port, rule));
    const size_t before = rules.size();
    MF_TRY_VOID(AddRules(region, group, permission, rule, rules));
    if (rules.size() == before)
      return Fail(Error::Service("InvalidParameterValue", "Invalid value for IpPermissions: no source or destination is named."));
  }
  return rules;
}

std::optional<IpPermission> ReadOnePermission(const std::optional<std::string>& protocol, const std::optional<int32_t>& from_port,
                                              const std::optional<int32_t>& to_port, const std::optional<std::string>& cidr) {
  if (!protocol && !cidr) return std::nullopt;
  IpPermission permission{.ip_protocol = protocol, .from_port = from_port, .to_port = to_port};
  if (cidr) permission.ip_ranges = std::vector<IpRange>{{.cidr_ip = *cidr}};
  return permission;
}

Result<vpc::GroupRule> ReadRule(const RegionState& region, const vpc::SecurityGroup& group, Direction direction,
                                const SecurityGroupRuleRequest& request) {
  IpPermission permission{.ip_protocol = request.ip_protocol, .from_port = request.from_port, .to_port = request.to_port};
  if (request.cidr_ipv4) permission.ip_ranges = std::vector<IpRange>{{.description = request.description, .cidr_ip = *request.cidr_ipv4}};
  if (request.cidr_ipv6)
    permission.ipv6_ranges = std::vector<Ipv6Range>{{.description = request.description, .cidr_ipv6 = *request.cidr_ipv6}};
  if (request.prefix_list_id)
    permission.prefix_list_ids = std::vector<PrefixListId>{{.description = request.description, .prefix_list_id = *request.prefix_list_id}};
  if (request.referenced_group_id) {
    permission.user_id_group_pairs =
        std::vector<UserIdGroupPair>{{.description = request.description, .group_id = *request.referenced_group_id}};
  }
  MF_TRY(auto rules, ReadRules(region, group, direction, {permission}));
  if (rules.size() == 1) return std::move(rules.front());
  return Fail(
      Error::Service("InvalidParameterCombination", "A rule names exactly one of CidrIpv4, CidrIpv6, PrefixListId and ReferencedGroupId."));
}

std::string Describe(const vpc::GroupRule& rule) {
  const bool all = rule.protocol == "-1";
  std::string text = fmt::format("peer: {}, {}", PeerOf(rule), all ? "ALL" : rule.protocol);
  std::ranges::transform(text.begin() + static_cast<ptrdiff_t>(text.rfind(' ')), text.end(),
                         text.begin() + static_cast<ptrdiff_t>(text.rfind(' ')),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  if (HasPorts(rule.protocol)) text += fmt::format(", from port: {}, to port: {}", rule.from_port, rule.to_port);
  return text + ", ALLOW";
}

Result<> CheckNewRule(const vpc::SecurityGroup& group, const vpc::GroupRule& rule) {
  if (std::ranges::any_of(group.rules, [&](const vpc::GroupRule& other) { return other.SameAs(rule); })) {
    return Fail(Error::Service("InvalidPermission.Duplicate", fmt::format("the specified rule \"{}\" already exists", Describe(rule))));
  }
  const auto is_alike = [&](const vpc::GroupRule& other) {
    return other.egress == rule.egress && other.ipv6_cidr.empty() == rule.ipv6_cidr.empty();
  };
  if (static_cast<size_t>(std::ranges::count_if(group.rules, is_alike)) < kRulesOfGroupMax) return {};
  return Fail(Error::Service("RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached."));
}

std::vector<IpPermission> ShowPermissions(const vpc::SecurityGroup& group, Direction direction) {
  std::vector<IpPermission> shown;
  for (const vpc::GroupRule& rule : group.rules) {
    if (!IsOf(rule, direction)) continue;
    const IpPermission empty = EmptyPermission(rule);
    const auto is_same = [&](const IpPermission& one) {
      return one.ip_protocol == empty.ip_protocol && one.from_port == empty.from_port && one.to_port == empty.to_port;
    };
    auto found = std::ranges::find_if(shown, is_same);
    if (found == shown.end()) found = shown.insert(shown.end(), empty);
    AddPeer(group, rule, *found);
  }
  return shown;
}

SecurityGroupRule ShowRule(const RegionState& region, const vpc::SecurityGroup& group, const vpc::GroupRule& rule) {
  SecurityGroupRule shown{
      .security_group_rule_id = rule.id, .group_id = group.id, .group_owner_id = group.scope.account_id, .is_egress = rule.egress};
  shown.ip_protocol = rule.protocol;
  shown.from_port = rule.from_port;
  shown.to_port = rule.to_port;
  shown.cidr_ipv4 = Unless(rule.cidr);
  shown.cidr_ipv6 = Unless(rule.ipv6_cidr);
  shown.prefix_list_id = Unless(rule.prefix_list_id);
  if (!rule.group_id.empty())
    shown.referenced_group_info =
        ReferencedSecurityGroup{.group_id = rule.group_id, .user_id = group.scope.account_id, .vpc_id = group.vpc_id};
  shown.description = Unless(rule.description);
  shown.tags = ShowTags(rule.tags);
  shown.security_group_rule_arn =
      fmt::format("arn:aws:ec2:{}:{}:security-group-rule/{}", region.scope().region, group.scope.account_id, rule.id);
  return shown;
}

RevokedSecurityGroupRule ShowRevoked(const vpc::SecurityGroup& group, const vpc::GroupRule& rule) {
  RevokedSecurityGroupRule shown{
      .security_group_rule_id = rule.id, .group_id = group.id, .is_egress = rule.egress, .ip_protocol = rule.protocol};
  shown.from_port = rule.from_port;
  shown.to_port = rule.to_port;
  shown.cidr_ipv4 = Unless(rule.cidr);
  shown.cidr_ipv6 = Unless(rule.ipv6_cidr);
  shown.prefix_list_id = Unless(rule.prefix_list_id);
  shown.referenced_group_id = Unless(rule.group_id);
  shown.description = Unless(rule.description);
  return shown;
}

}  // namespace mayfly::ec2
