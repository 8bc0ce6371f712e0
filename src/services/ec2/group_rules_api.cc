// Authorize…, Revoke…, ModifySecurityGroupRules, UpdateSecurityGroupRuleDescriptions….
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "services/ec2/ec2_api.h"
#include "services/ec2/group_rules.h"
#include "services/ec2/groups.h"
#include "services/ec2/tagging.h"

namespace mayfly::ec2 {
namespace {

Error NoSuchRule(std::string_view id) {
  return Error::Service("InvalidSecurityGroupRuleId.NotFound", fmt::format("The security group rule ID '{}' does not exist", id));
}

template <typename Request>
std::optional<std::string> GroupNameOf(const Request& request) {
  if constexpr (requires { request.group_name; }) return request.group_name;
  return std::nullopt;
}

// In either form. Error: MissingParameter, there are none.
template <typename Request>
Result<std::vector<vpc::GroupRule>> RulesOf(const RegionState& region, const vpc::SecurityGroup& group, Direction direction,
                                            const Request& request) {
  if (request.ip_permissions && !request.ip_permissions->empty()) return ReadRules(region, group, direction, *request.ip_permissions);
  auto one = ReadOnePermission(request.ip_protocol, request.from_port, request.to_port, request.cidr_ip);
  if (request.source_security_group_name) {
    if (!one) one = IpPermission{.ip_protocol = "-1"};
    one->user_id_group_pairs = std::vector<UserIdGroupPair>{{.group_name = *request.source_security_group_name}};
  }
  if (!one) return Fail(MissingParameter("ipPermissions"));
  return ReadRules(region, group, direction, {*one});
}

template <typename Response, typename Request>
Result<Response> Authorize(RegionState& region, Direction direction, const Request& request) {
  MF_TRY(const auto old, FindGroup(region, request.group_id, GroupNameOf(request)));
  MF_TRY(auto rules, RulesOf(region, *old, direction, request));
  MF_TRY(const auto tags, TagsFor("security-group-rule", request.tag_specifications));
  vpc::SecurityGroup group = *old;
  Response response{.return_ = true, .security_group_rules = std::vector<SecurityGroupRule>()};
  for (vpc::GroupRule& rule : rules) {
    MF_TRY_VOID(CheckNewRule(group, rule));
    rule.id = region.NewId("sgr");
    rule.tags = tags;
    response.security_group_rules->push_back(ShowRule(region, group, rule));
    group.rules.push_back(std::move(rule));
  }
  region.Put(std::move(group));
  return response;
}

// Takes the rules of these ids. Error: one is not of the group, or not of that direction.
template <typename Response>
Result<> RevokeByIds(vpc::SecurityGroup& group, Direction direction, const std::vector<std::string>& ids, Response& response) {
  for (const std::string& id : ids) {
    const auto found = std::ranges::find(group.rules, id, &vpc::GroupRule::id);
    if (found == group.rules.end() || found->egress != (direction == Direction::Egress)) return Fail(NoSuchRule(id));
    response.revoked_security_group_rules->push_back(ShowRevoked(group, *found));
    group.rules.erase(found);
  }
  return {};
}

template <typename Response>
Result<> RevokeRules(vpc::SecurityGroup& group, const std::vector<vpc::GroupRule>& rules, Response& response) {
  for (const vpc::GroupRule& rule : rules) {
    const auto found = std::ranges::find_if(group.rules, [&](const vpc::GroupRule& one) { return one.SameAs(rule); });
    if (found == group.rules.end())
      return Fail(Error::Service("InvalidPermission.NotFound", "The specified rule does not exist in this security group."));
    response.revoked_security_group_rules->push_back(ShowRevoked(group, *found));
    group.rules.erase(found);
  }
  return {};
}

template <typename Response, typename Request>
Result<Response> Revoke(RegionState& region, Direction direction, const Request& request) {
  MF_TRY(const auto old, FindGroup(region, request.group_id, GroupNameOf(request)));
  vpc::SecurityGroup group = *old;
  Response response{.return_ = true, .revoked_security_group_rules = std::vector<RevokedSecurityGroupRule>()};
  if (request.security_group_rule_ids && !request.security_group_rule_ids->empty()) {
    MF_TRY_VOID(RevokeByIds(group, direction, *request.security_group_rule_ids, response));
  } else {
    MF_TRY(const auto rules, RulesOf(region, group, direction, request));
    MF_TRY_VOID(RevokeRules(group, rules, response));
  }
  region.Put(std::move(group));
  return response;
}

template <typename Request>
Result<> ReplaceDescriptions(RegionState& region, Direction direction, const Request& request) {
  MF_TRY(const auto old, FindGroup(region, request.group_id, GroupNameOf(request)));
  vpc::SecurityGroup group = *old;
  MF_TRY(const auto rules, ReadRules(region, group, direction, request.ip_permissions.value_or(std::vector<IpPermission>())));
  for (const vpc::GroupRule& rule : rules) {
    const auto found = std::ranges::find_if(group.rules, [&](const vpc::GroupRule& one) { return one.SameAs(rule); });
    if (found == group.rules.end())
      return Fail(Error::Service("InvalidPermission.NotFound", "The specified rule does not exist in this security group."));
    found->description = rule.description;
  }
  for (const auto& one : request.security_group_rule_descriptions.value_or(std::vector<SecurityGroupRuleDescription>())) {
    const auto found = std::ranges::find(group.rules, one.security_group_rule_id.value_or(""), &vpc::GroupRule::id);
    if (found == group.rules.end()) return Fail(NoSuchRule(one.security_group_rule_id.value_or("")));
    found->description = one.description.value_or("");
  }
  region.Put(std::move(group));
  return {};
}

Result<> ReplaceRules(RegionState& region, const ModifySecurityGroupRulesRequest& request) {
  MF_TRY(const auto old, region.Get<vpc::SecurityGroup>(request.group_id));
  vpc::SecurityGroup group = *old;
  for (const SecurityGroupRuleUpdate& update : request.security_group_rules) {
    const auto found = std::ranges::find(group.rules, update.security_group_rule_id, &vpc::GroupRule::id);
    if (found == group.rules.end()) return Fail(NoSuchRule(update.security_group_rule_id));
    const Direction direction = found->egress ? Direction::Egress : Direction::Ingress;
    MF_TRY(vpc::GroupRule rule, ReadRule(region, group, direction, update.security_group_rule.value_or(SecurityGroupRuleRequest())));
    rule.id = found->id;
    rule.tags = found->tags;
    *found = vpc::GroupRule{.id = rule.id};  // it may be replaced by its like
    MF_TRY_VOID(CheckNewRule(group, rule));
    *found = std::move(rule);
  }
  region.Put(std::move(group));
  return {};
}

}  // namespace

Task<Result<AuthorizeSecurityGroupIngressResponse>> SecurityGroupsApi::AuthorizeSecurityGroupIngress(
    Context& ctx, AuthorizeSecurityGroupIngressRequest request) {
  AuthorizeSecurityGroupIngressResponse response;
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    MF_TRY(response, Authorize<AuthorizeSecurityGroupIngressResponse>(region, Direction::Ingress, request));
    return {};
  }));
  co_return response;
}

Task<Result<AuthorizeSecurityGroupEgressResponse>> SecurityGroupsApi::AuthorizeSecurityGroupEgress(
    Context& ctx, AuthorizeSecurityGroupEgressRequest request) {
  AuthorizeSecurityGroupEgressResponse response;
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    MF_TRY(response, Authorize<AuthorizeSecurityGroupEgressResponse>(region, Direction::Egress, request));
    return {};
  }));
  co_return response;
}

Task<Result<RevokeSecurityGroupIngressResponse>> SecurityGroupsApi::RevokeSecurityGroupIngress(Context& ctx,
                                                                                               RevokeSecurityGroupIngressRequest request) {
  RevokeSecurityGroupIngressResponse response;
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    MF_TRY(response, Revoke<RevokeSecurityGroupIngressResponse>(region, Direction::Ingress, request));
    return {};
  }));
  co_return response;
}

Task<Result<RevokeSecurityGroupEgressResponse>> SecurityGroupsApi::RevokeSecurityGroupEgress(Context& ctx,
                                                                                             RevokeSecurityGroupEgressRequest request) {
  RevokeSecurityGroupEgressResponse response;
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    MF_TRY(response, Revoke<RevokeSecurityGroupEgressResponse>(region, Direction::Egress, request));
    return {};
  }));
  co_return response;
}

Task<Result<ModifySecurityGroupRulesResponse>> SecurityGroupsApi::ModifySecurityGroupRules(Context& ctx,
                                                                                           ModifySecurityGroupRulesRequest request) {
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) { return ReplaceRules(region, request); }));
  co_return ModifySecurityGroupRulesResponse{.return_ = true};
}

Task<Result<UpdateSecurityGroupRuleDescriptionsIngressResponse>> SecurityGroupsApi::UpdateSecurityGroupRuleDescriptionsIngress(
    Context& ctx, UpdateSecurityGroupRuleDescriptionsIngressRequest request) {
  MF_CO_TRY_VOID(
      co_await networks_->Edit(ctx, [&](RegionState& region) { return ReplaceDescriptions(region, Direction::Ingress, request); }));
  co_return UpdateSecurityGroupRuleDescriptionsIngressResponse{.return_ = true};
}

Task<Result<UpdateSecurityGroupRuleDescriptionsEgressResponse>> SecurityGroupsApi::UpdateSecurityGroupRuleDescriptionsEgress(
    Context& ctx, UpdateSecurityGroupRuleDescriptionsEgressRequest request) {
  MF_CO_TRY_VOID(
      co_await networks_->Edit(ctx, [&](RegionState& region) { return ReplaceDescriptions(region, Direction::Egress, request); }));
  co_return UpdateSecurityGroupRuleDescriptionsEgressResponse{.return_ = true};
}

}  // namespace mayfly::ec2
