#include "identity/policy_condition.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "base/encoding.h"
#include "identity/policy_values.h"

namespace mayfly::identity {
namespace {

constexpr std::string_view kForAllValues = "ForAllValues:";
constexpr std::string_view kForAnyValue = "ForAnyValue:";
constexpr std::string_view kIfExists = "IfExists";

std::optional<std::string> TextOf(const json::Value& value) {
  if (value.is_string()) return value.string();
  if (value.is_number()) return value.number_text();
  if (value.is_bool()) return value.boolean() ? "true" : "false";
  return std::nullopt;
}

bool Consume(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool IsTrueOrFalse(const PolicyPattern& pattern) {
  const ConditionKeys none;
  return pattern.has_variables() || pattern.Equals("true", none, LetterCase::Ignored) || pattern.Equals("false", none, LetterCase::Ignored);
}

}  // namespace

const PolicyCondition::Operator* PolicyCondition::FindOperator(std::string_view name) {
  using enum Comparison;
  static constexpr Operator kOperators[] = {
      {"StringEquals", Equals},
      {"StringNotEquals", Equals, true},
      {"StringEqualsIgnoreCase", EqualsIgnoringCase},
      {"StringNotEqualsIgnoreCase", EqualsIgnoringCase, true},
      {"StringLike", Like},
      {"StringNotLike", Like, true},
      {"NumericEquals", Number},
      {"NumericNotEquals", Number, true},
      {"NumericLessThan", NumberLess},
      {"NumericLessThanEquals", NumberLessOrEqual},
      {"NumericGreaterThan", NumberGreater},
      {"NumericGreaterThanEquals", NumberGreaterOrEqual},
      {"DateEquals", Date},
      {"DateNotEquals", Date, true},
      {"DateLessThan", DateLess},
      {"DateLessThanEquals", DateLessOrEqual},
      {"DateGreaterThan", DateGreater},
      {"DateGreaterThanEquals", DateGreaterOrEqual},
      {"Bool", Boolean},
      {"BinaryEquals", Binary},
      {"IpAddress", Address},
      {"NotIpAddress", Address, true},
      {"ArnEquals", Arn},
      {"ArnLike", Arn},
      {"ArnNotEquals", Arn, true},
      {"ArnNotLike", Arn, true},
      {"Null", Null},
  };
  const auto* found = std::ranges::find(kOperators, name, &Operator::name);
  return found == std::end(kOperators) ? nullptr : found;
}

Result<PolicyCondition> PolicyCondition::Parse(std::string_view name, std::string_view key, const json::Value& values, Variables variables) {
  PolicyCondition condition;
  condition.key_ = key;
  std::string_view rest = name;
  if (Consume(rest, kForAllValues)) condition.quantifier_ = Quantifier::ForAllValues;
  else if (Consume(rest, kForAnyValue)) condition.quantifier_ = Quantifier::ForAnyValue;
  if (rest.ends_with(kIfExists)) {
    condition.if_exists_ = true;
    rest.remove_suffix(kIfExists.size());
  }
  const Operator* known = FindOperator(rest);
  if (!known || (known->comparison == Comparison::Null && condition.if_exists_)) {
    return Fail(MalformedPolicy(fmt::format("Syntax errors in policy. There is no condition operator \"{}\".", name)));
  }
  condition.comparison_ = known->comparison;
  condition.negated_ = known->negated;
  if (key.find(':') == std::string_view::npos) {
    return Fail(MalformedPolicy(fmt::format("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. (condition key \"{}\")", key)));
  }
  if (values.is_array()) {
    for (const json::Value& value : values.array()) MF_TRY_VOID(condition.AddOperand(value, variables));
  } else {
    MF_TRY_VOID(condition.AddOperand(values, variables));
  }
  return condition;
}

Result<> PolicyCondition::AddOperand(const json::Value& value, Variables variables) {
  const auto text = TextOf(value);
  if (!text) return Fail(MalformedPolicy(fmt::format("Syntax errors in policy. The values of condition key \"{}\" must be texts, numbers or booleans.", key_)));
  MF_TRY(Operand operand, ParseOperand(*text, variables));
  operands_.push_back(std::move(operand));
  return {};
}

Result<PolicyCondition::Operand> PolicyCondition::ParseOperand(std::string_view text, Variables variables) const {
  const auto invalid = [&](std::string_view what) {
    return Fail(MalformedPolicy(fmt::format("Syntax errors in policy. \"{}\" of condition key \"{}\" is not {}.", text, key_, what)));
  };
  switch (comparison_) {
    case Comparison::Equals:
    case Comparison::EqualsIgnoringCase:
    case Comparison::Like:
    case Comparison::Arn: return PolicyPattern::Parse(text, variables);
    case Comparison::Boolean:
    case Comparison::Null: {
      MF_TRY(PolicyPattern pattern, PolicyPattern::Parse(text, variables));
      if (!IsTrueOrFalse(pattern)) return invalid("true or false");
      return pattern;
    }
    case Comparison::Binary: {
      auto bytes = Base64Decode(text);
      if (!bytes) return invalid("base64");
      return std::move(*bytes);
    }
    case Comparison::Address: {
      const auto range = AddressRange::Parse(text);
      if (!range) return invalid("an address or a CIDR block");
      return *range;
    }
    default: break;
  }
  const auto number = IsDate() ? ParsePolicyDate(text) : ParsePolicyNumber(text);
  if (!number) return invalid(IsDate() ? "a date" : "a number");
  return *number;
}

bool PolicyCondition::Matches(const Operand& operand, std::string_view value, const ConditionKeys& keys) const {
  const auto compare_numbers = [&](auto compare) {
    const auto number = IsDate() ? ParsePolicyDate(value) : ParsePolicyNumber(value);
    return number && compare(*number, std::get<double>(operand));
  };
  switch (comparison_) {
    case Comparison::Equals: return std::get<PolicyPattern>(operand).Equals(value, keys, LetterCase::Matters);
    case Comparison::EqualsIgnoringCase:
    case Comparison::Boolean: return std::get<PolicyPattern>(operand).Equals(value, keys, LetterCase::Ignored);
    case Comparison::Like: return std::get<PolicyPattern>(operand).IsLike(value, keys, LetterCase::Matters);
    case Comparison::Arn: return std::get<PolicyPattern>(operand).IsLikeArn(value, keys, PolicyPattern::PartialArn::MatchesNothing);
    case Comparison::Binary: return Base64Decode(value) == std::get<std::string>(operand);
    case Comparison::Address: return std::get<AddressRange>(operand).Contains(value);
    case Comparison::Number:
    case Comparison::Date: return compare_numbers(std::equal_to<>());
    case Comparison::NumberLess:
    case Comparison::DateLess: return compare_numbers(std::less<>());
    case Comparison::NumberLessOrEqual:
    case Comparison::DateLessOrEqual: return compare_numbers(std::less_equal<>());
    case Comparison::NumberGreater:
    case Comparison::DateGreater: return compare_numbers(std::greater<>());
    case Comparison::NumberGreaterOrEqual:
    case Comparison::DateGreaterOrEqual: return compare_numbers(std::greater_equal<>());
    case Comparison::Null: break;
  }
  return false;
}

bool PolicyCondition::MatchesAny(std::string_view value, const ConditionKeys& keys) const {
  return std::ranges::any_of(operands_, [&](const Operand& operand) { return Matches(operand, value, keys); });
}

bool PolicyCondition::HoldsForNull(bool is_absent, const ConditionKeys& keys) const {
  return std::ranges::any_of(operands_, [&](const Operand& operand) {
    return std::get<PolicyPattern>(operand).Equals(is_absent ? "true" : "false", keys, LetterCase::Ignored);
  });
}

bool PolicyCondition::HoldsForAbsent(const ConditionKeys& keys) const {
  if (if_exists_) return true;
  if (quantifier_ != Quantifier::None) return quantifier_ == Quantifier::ForAllValues;
  return negated_;
}

bool PolicyCondition::Holds(const ConditionKeys& keys) const {
  const std::vector<std::string>* values = keys.Find(key_);
  const bool is_absent = !values || values->empty();
  if (comparison_ == Comparison::Null) return HoldsForNull(is_absent, keys);
  if (is_absent) return HoldsForAbsent(keys);
  const auto holds_for = [&](const std::string& value) { return MatchesAny(value, keys) != negated_; };
  const bool all = quantifier_ == Quantifier::ForAllValues || (quantifier_ == Quantifier::None && negated_);
  return all ? std::ranges::all_of(*values, holds_for) : std::ranges::any_of(*values, holds_for);
}

void PolicyCondition::AddContextKeys(std::set<std::string>& names) const {
  names.insert(key_);
  for (const Operand& operand : operands_) {
    if (const auto* pattern = std::get_if<PolicyPattern>(&operand)) pattern->AddVariables(names);
  }
}

}  // namespace mayfly::identity
