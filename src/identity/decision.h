// Judge: what all policies that have a say about one request come to. The one place where the order and the rules of AWS stand; whoever
// enforces, simulates or explains asks here.
// Source: IAM user guide, "Policy evaluation logic", "Cross-account policy evaluation logic", "Troubleshoot access denied error messages".
//
//   1. an explicit deny of any policy ends it
//   2. control policies of the organization: of the resource's side and of the caller's, each level has to allow
//   3. the resource's policy: of the caller's own account it is enough alone, unless it names only the account (then that account's
//      policies decide) or a role (then the session's boundary and session policy must allow, too); across accounts it is needed,
//      and not enough. A service, and nobody, have only this one
//   4. policies of the identity, which the root of an account does not need   5. its permissions boundary   6. its session's policies
// Pure functions; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "identity/principal_policies.h"

namespace mayfly::identity {

enum class PolicyKind : unsigned char { Identity, Resource, Boundary, Session, ServiceControl, ResourceControl, RoleTrust };

// The resource's side of a request.
struct ResourceSide {
  std::string_view owner_account_id;  // whose resource it is
  Decision decision;                  // of the resource's own policies; ImplicitDeny without one
  bool must_allow = false;            // nobody gets in without the resource's policy, its own account neither: keys of KMS, trust of roles
  PolicyKind kind = PolicyKind::Resource;      // what the policy is called when it refuses
  std::span<const PolicyPointer> controls{};   // RCPs, each of which has to allow; empty: none
};

struct Verdict {
  DecisionType type = DecisionType::ImplicitDeny;
  PolicyKind by = PolicyKind::Identity;  // of a refusal: which kind of policy is named for it

  bool allows() const { return type == DecisionType::Allow; }
};

// Of policies of which one has to allow and none may deny.
Decision EvaluateAll(std::span<const PolicyPointer> policies, const PolicyRequest& request);

// `access`: of a principal with an account; of others (services, nobody) it is not looked at.
Verdict Judge(const PolicyRequest& request, const PrincipalAccess& access, const ResourceSide& resource);

// "User: ARN is not authorized to perform: ACTION on resource: RESOURCE because no identity-based policy allows the ACTION action", or
// "… with an explicit deny in a permissions boundary". Of S3 a resource "*" is left out.
std::string DeniedText(const PolicyRequest& request, const Verdict& verdict);

}  // namespace mayfly::identity
