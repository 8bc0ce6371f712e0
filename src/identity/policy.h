// Policy: a policy document, parsed, and what it says about a request.
// Source: IAM user guide, "JSON policy elements", "Policy evaluation logic", "Grammar of the IAM JSON policy language".
//
// Policies of resources (functions, layer versions) and of identities (users, roles) are of one form; the first name their
// principals, the second must not. How the decisions of several policies are put together: authorization.h.
// Immutable; shared; any thread. Parsing and evaluating take time in proportion to the document.
// Limits: kPolicyBytesMax; an object must not have one member twice.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "identity/policy_condition.h"
#include "identity/policy_principal.h"

namespace mayfly::identity {

inline constexpr size_t kPolicyBytesMax = 20'480;

// What is asked of policies. Views of what the caller holds.
struct PolicyRequest {
  const RequestPrincipal& principal;
  std::string_view action;    // "lambda:InvokeFunction"
  std::string_view resource;  // ARN, or "*" where the action is about none
  const ConditionKeys& keys;
};

enum class DecisionType : unsigned char { ImplicitDeny, Allow, ExplicitDeny };

struct Decision {
  DecisionType type = DecisionType::ImplicitDeny;
  std::string sid;            // of the statement that decided; may be empty
  bool is_delegated = false;  // allowed by naming the principal's account: that account's identity policies must allow it, too
  bool is_of_role = false;    // allowed by naming the role that the principal is a session of: what limits the session counts, too
};

class Policy {
 public:
  enum class Kind : unsigned char { Identity, Resource };

  // Error (Service, MalformedPolicyDocument): what is wrong, in AWS's words where they are known, and in which statement.
  static Result<std::shared_ptr<const Policy>> Parse(std::string_view document, Kind kind);

  // A statement that denies wins over all that allow.
  Decision Evaluate(const PolicyRequest& request) const;

  // Whether anything of a request but its principal, action and resource has a part in what it says: a condition, a variable.
  bool depends_on_request() const { return depends_on_request_; }
  // The names of the condition keys and variables that stand in it.
  void AddContextKeys(std::set<std::string>& names) const;

  // One action on one resource, as a statement that allows has them (NotAction and NotResource: "*"). Conditions are not looked at.
  struct Grant {
    PolicyPattern action;
    PolicyPattern resource;

    bool Covers(std::string_view asked_action, std::string_view asked_resource) const;
  };
  void AddGrants(std::vector<Grant>& grants) const;

 private:
  friend class PolicyParser;

  enum class Effect : unsigned char { Allow, Deny };
  // Texts of which one must match, or with `is_not` none may ("NotAction").
  struct Selection {
    bool is_not = false;
    std::vector<PolicyPattern> patterns;
  };
  struct Statement {
    std::string sid;
    Effect effect = Effect::Deny;
    PrincipalSet principals;
    Selection actions;
    Selection resources;
    std::vector<PolicyCondition> conditions;
  };

  static bool Depends(const Statement& statement);
  static bool Selects(const Selection& actions, std::string_view action);
  static bool SelectsResource(const Selection& resources, const PolicyRequest& request);
  PrincipalSet::Match Applies(const Statement& statement, const PolicyRequest& request) const;

  Kind kind_ = Kind::Resource;
  bool depends_on_request_ = false;
  std::vector<Statement> statements_;
};

using PolicyPointer = std::shared_ptr<const Policy>;

}  // namespace mayfly::identity
