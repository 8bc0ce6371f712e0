// PolicyCondition: one operator with one key and its values, of a statement's Condition, e.g.
// {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["o-1/*"]}}.
// Source: IAM user guide, "Condition operators", "Set operators for multivalued context keys".
//
// Immutable; any thread. A key that the request does not have: operators that say "not" hold, others do not; with IfExists
// all hold; ForAllValues holds, ForAnyValue does not; Null asks for just that.
// A key with several values without a set operator is judged as with ForAnyValue (operators that say "not": no value may match).
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"
#include "identity/policy_pattern.h"
#include "identity/policy_values.h"

namespace mayfly::identity {

class PolicyCondition {
 public:
  // `name`: with prefix and IfExists, as it stands in the policy. Error: MalformedPolicyDocument.
  static Result<PolicyCondition> Parse(std::string_view name, std::string_view key, const json::Value& values, Variables variables);

  bool Holds(const ConditionKeys& keys) const;

  const std::string& key() const { return key_; }
  // Its key, and the variables in its values.
  void AddContextKeys(std::set<std::string>& names) const;

 private:
  enum class Comparison : unsigned char {
    Equals, EqualsIgnoringCase, Like, Arn, Boolean, Null, Binary, Address,
    Number, NumberLess, NumberLessOrEqual, NumberGreater, NumberGreaterOrEqual,
    Date, DateLess, DateLessOrEqual, DateGreater, DateGreaterOrEqual,
  };
  enum class Quantifier : unsigned char { None, ForAllValues, ForAnyValue };
  struct Operator {
    std::string_view name;
    Comparison comparison;
    bool negated = false;
  };
  // Text, a number or date, bytes (base64 in the policy), or a range of addresses.
  using Operand = std::variant<PolicyPattern, double, std::string, AddressRange>;

  static const Operator* FindOperator(std::string_view name);
  Result<Operand> ParseOperand(std::string_view text, Variables variables) const;
  Result<> AddOperand(const json::Value& value, Variables variables);
  bool Matches(const Operand& operand, std::string_view value, const ConditionKeys& keys) const;
  bool MatchesAny(std::string_view value, const ConditionKeys& keys) const;
  bool HoldsForAbsent(const ConditionKeys& keys) const;
  bool HoldsForNull(bool is_absent, const ConditionKeys& keys) const;
  bool IsDate() const { return comparison_ >= Comparison::Date; }

  std::string key_;
  Comparison comparison_ = Comparison::Equals;
  Quantifier quantifier_ = Quantifier::None;
  bool negated_ = false;
  bool if_exists_ = false;
  std::vector<Operand> operands_;
};

}  // namespace mayfly::identity
