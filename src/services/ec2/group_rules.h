// Rules of security groups: as requests have them, as they are stored, and as answers show them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/ec2.h"
#include "services/ec2/region_state.h"

namespace mayfly::ec2 {

enum class Direction : bool { Ingress, Egress };

// The rules that permissions mean, one for each other side that they name, without ids; "" for what the request does not name. Errors:
// MissingParameter, InvalidParameterValue, InvalidPermission.Malformed, InvalidGroup.NotFound, InvalidGroupId.Malformed.
Result<std::vector<vpc::GroupRule>> ReadRules(const RegionState& region, const vpc::SecurityGroup& group, Direction direction,
                                              const std::vector<IpPermission>& permissions);
// The other form of requests: one rule, in parameters of its own. nullopt: there is none.
std::optional<IpPermission> ReadOnePermission(const std::optional<std::string>& protocol, const std::optional<int32_t>& from_port,
                                              const std::optional<int32_t>& to_port, const std::optional<std::string>& cidr);
// One that ModifySecurityGroupRules asks for.
Result<vpc::GroupRule> ReadRule(const RegionState& region, const vpc::SecurityGroup& group, Direction direction,
                                const SecurityGroupRuleRequest& request);

// Errors: InvalidPermission.Duplicate, RulesPerSecurityGroupLimitExceeded.
Result<> CheckNewRule(const vpc::SecurityGroup& group, const vpc::GroupRule& rule);

// Rules of one direction, gathered as EC2 does: those of equal protocol and ports are one permission.
std::vector<IpPermission> ShowPermissions(const vpc::SecurityGroup& group, Direction direction);
SecurityGroupRule ShowRule(const RegionState& region, const vpc::SecurityGroup& group, const vpc::GroupRule& rule);
RevokedSecurityGroupRule ShowRevoked(const vpc::SecurityGroup& group, const vpc::GroupRule& rule);

// "peer: 10.0.0.0/8, TCP, from port: 80, to port: 80, ALLOW"
std::string Describe(const vpc::GroupRule& rule);

}  // namespace mayfly::ec2
