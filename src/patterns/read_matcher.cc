#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "patterns/address_range.h"

namespace mayfly::patterns {
namespace {

// Reads matchers of one dialect. Each method's error is the dialect's, for the first thing that is wrong.
class Reader {
 public:
  explicit Reader(const Dialect& dialect) : dialect_(dialect) {}

  Result<Matcher> Read(const json::Value& item) const;

 private:
  std::unexpected<Error> Refuse(std::string_view reason) const { return Fail(dialect_.refuse(reason)); }
  Result<const json::Member*> OnlyMember(const json::Value& value, std::string_view missing) const;
  Result<> CheckNumber(const json::Value& number) const;
  Result<Matcher> ReadLiteral(const json::Value& value) const;
  Result<Matcher> ReadText(std::string_view name, const json::Value& value, Place place) const;
  Result<Matcher> ReadIgnoringCase(const json::Value& value) const;
  Result<Matcher> ReadWildcard(const json::Value& value) const;
  Result<Matcher> ReadExistence(const json::Value& value) const;
  Result<Matcher> ReadRange(const json::Value& value) const;
  Result<double> ReadBound(std::string_view comparison, const json::Array& items, size_t at) const;
  Result<> AddUpperBound(const json::Array& items, Range& range) const;
  Result<Matcher> ReadAnythingBut(const json::Value& value) const;
  Result<Matcher> ReadAnythingButNamed(const json::Member& inner) const;
  Result<Matcher> ReadNamed(std::string_view name, const json::Value& value) const;

  const Dialect& dialect_;
};

std::optional<Comparison> ComparisonOf(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, Comparison>, 5> kComparisons{{{"<", Comparison::Less},
                                                                                 {"<=", Comparison::LessOrEqual},
                                                                                 {"=", Comparison::Equal},
                                                                                 {">=", Comparison::GreaterOrEqual},
                                                                                 {">", Comparison::Greater}}};
  const auto found = std::ranges::find(kComparisons, text, &std::pair<std::string_view, Comparison>::first);
  return found == kComparisons.end() ? std::nullopt : std::optional(found->second);
}

// A value as AWS's texts show it.
std::string Shown(const json::Value& value) { return value.is_string() ? value.string() : json::Write(value); }

Result<const json::Member*> Reader::OnlyMember(const json::Value& value, std::string_view missing) const {
  if (value.object().empty()) return Refuse(missing);
  if (value.object().size() > 1) return Refuse("Only one key allowed in match expression");
  return &value.object().front();
}

Result<> Reader::CheckNumber(const json::Value& number) const {
  const auto value = number.AsDouble();
  if (value && std::fabs(*value) <= dialect_.number_max) return {};
  return Refuse(fmt::format("Value must be between -{0:.1f}E9 and {0:.1f}E9, inclusive", dialect_.number_max / 1e9));
}

Result<Matcher> Reader::ReadLiteral(const json::Value& value) const {
  if (value.is_number() && dialect_.has_bounds_for_plain_numbers) MF_TRY_VOID(CheckNumber(value));
  return Matcher{Literal{value}};
}

Result<Matcher> Reader::ReadText(std::string_view name, const json::Value& value, Place place) const {
  if (value.is_string()) return Matcher{Text{value.string(), place, Case::Exact}};
  const bool is_ignoring = value.is_object() && value.object().size() == 1 && value.object().front().first == "equals-ignore-case" &&
                           value.object().front().second.is_string();
  if (!is_ignoring) return Refuse(fmt::format("{} match pattern must be a string", name));
  return Matcher{Text{LowerCase(value.object().front().second.string()), place, Case::Ignore}};
}

Result<Matcher> Reader::ReadIgnoringCase(const json::Value& value) const {
  if (!value.is_string()) return Refuse("equals-ignore-case match pattern must be a string");
  return Matcher{Text{LowerCase(value.string()), Place::Whole, Case::Ignore}};
}

// "\*" and "\\" stand for themselves; two stars in a row are refused.
Result<Matcher> Reader::ReadWildcard(const json::Value& value) const {
  if (!value.is_string()) return Refuse("wildcard match pattern must be a string");
  const std::string& text = value.string();
  Wildcard wildcard{{""}};
  for (size_t at = 0; at < text.size(); ++at) {
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    if (text[at] == '*') {
      if (next == '*') return Refuse(fmt::format("Consecutive wildcard characters at pos {}", at));
      wildcard.pieces.emplace_back();
      continue;
    }
    if (text[at] == '\\') {
      if (next != '*' && next != '\\') return Refuse(fmt::format("Invalid escape character at pos {}", at));
      ++at;
    }
    wildcard.pieces.back() += text[at];
  }
  return Matcher{std::move(wildcard)};
}

Result<Matcher> Reader::ReadExistence(const json::Value& value) const {
  if (!value.is_bool()) return Refuse("exists match pattern must be either true or false.");
  return Matcher{value.boolean() ? Existence::Present : Existence::Missing};
}

Result<double> Reader::ReadBound(std::string_view comparison, const json::Array& items, size_t at) const {
  const bool is_number = at < items.size() && items[at].is_number();
  const auto bound = is_number ? items[at].AsDouble() : Result<double>(Fail(Error::Fault("no number")));
  if (!bound) return Refuse(fmt::format("Value of {} must be numeric", comparison == "=" ? "equals" : comparison));
  MF_TRY_VOID(CheckNumber(items[at]));
  return bound;
}

// The third and fourth item of [">", 0, "<=", 5].
Result<> Reader::AddUpperBound(const json::Array& items, Range& range) const {
  if (!items[2].is_string()) return Refuse(fmt::format("Bad value in numeric range: {}", Shown(items[2])));
  MF_TRY(const double top, ReadBound(items[2].string(), items, 3));
  if (items.size() > 4) return Refuse("Too many terms in numeric range expression");
  const auto comparison = ComparisonOf(items[2].string());
  if (comparison != Comparison::Less && comparison != Comparison::LessOrEqual) {
    return Refuse(fmt::format("Bad numeric range operator: {}", items[2].string()));
  }
  if (range.bounds.front().second >= top) return Refuse("Bottom must be less than top");
  range.bounds.emplace_back(*comparison, top);
  return {};
}

// ["=", 5], [">", 0] or a range, the lower bound first.
Result<Matcher> Reader::ReadRange(const json::Value& value) const {
  if (!value.is_array()) return Refuse("Value of numeric must be an array.");
  const json::Array& items = value.array();
  if (items.empty() || !items[0].is_string()) {
    return Refuse(fmt::format("Invalid member in numeric match: {}", items.empty() ? "]" : Shown(items[0])));
  }
  const auto comparison = ComparisonOf(items[0].string());
  if (!comparison) return Refuse(fmt::format("Unrecognized numeric range operator: {}", items[0].string()));
  MF_TRY(const double bound, ReadBound(items[0].string(), items, 1));
  Range range{.bounds = {{*comparison, bound}}, .number_max = dialect_.number_max};
  if (items.size() == 2) return Matcher{std::move(range)};
  if (*comparison == Comparison::Equal) return Refuse("Too many elements in numeric expression");
  if (*comparison == Comparison::Less || *comparison == Comparison::LessOrEqual) return Refuse("Too many terms in numeric range expression");
  MF_TRY_VOID(AddUpperBound(items, range));
  return Matcher{std::move(range)};
}

// A list of strings, or of numbers, or one of them.
Result<Matcher> Reader::ReadAnythingBut(const json::Value& value) const {
  if (value.is_object()) {
    MF_TRY(const json::Member* const inner, OnlyMember(value, "Anything-But expression name not found"));
    return ReadAnythingButNamed(*inner);
  }
  if (!value.is_array()) {
    if (!value.is_string() && !value.is_number()) return Refuse("Value of anything-but must be an array or single string/number value.");
    MF_TRY(Matcher literal, ReadLiteral(value));
    return Matcher{NoneOf{{std::move(literal)}}};
  }
  if (value.array().empty()) return Refuse("Empty arrays are not allowed");
  NoneOf none_of;
  for (const json::Value& item : value.array()) {
    if (!item.is_string() && !item.is_number()) return Refuse("Inside anything but list, start|null|boolean is not supported.");
    if (item.is_string() != value.array().front().is_string()) {
      return Refuse("Inside anything but list, either all values are number or string, mixed type is not supported");
    }
    MF_TRY(Matcher literal, ReadLiteral(item));
    none_of.matchers.push_back(std::move(literal));
  }
  return Matcher{std::move(none_of)};
}

Result<Matcher> Reader::ReadAnythingButNamed(const json::Member& inner) const {
  const auto& [name, argument] = inner;
  const bool is_affix = name == "prefix" || name == "suffix";
  const bool is_known = is_affix || name == "equals-ignore-case" || (name == "wildcard" && dialect_.has_wildcards);
  if (!is_known || !dialect_.has_nested_anything_but) return Refuse(fmt::format("Unsupported anything-but pattern: {}", name));
  if (argument.is_array() && argument.array().empty()) return Refuse("Empty arrays are not allowed");
  NoneOf none_of;
  for (const json::Value& item : argument.is_array() ? argument.array() : json::Array{argument}) {
    if (argument.is_array() && !item.is_string() && !(is_affix && item.is_object())) {
      return Refuse(fmt::format("Inside anything-but/{} list, number|start|null|boolean is not supported.",
                                name == "equals-ignore-case" ? "ignore-case" : name));
    }
    if (is_affix && item.is_string() && item.string().empty()) return Refuse("Null prefix/suffix not allowed");
    MF_TRY(Matcher matcher, ReadNamed(name, item));
    none_of.matchers.push_back(std::move(matcher));
  }
  return Matcher{std::move(none_of)};
}

Result<Matcher> Reader::ReadNamed(std::string_view name, const json::Value& value) const {
  if (name == "prefix") return ReadText(name, value, Place::Start);
  if (name == "suffix") return ReadText(name, value, Place::End);
  if (name == "equals-ignore-case") return ReadIgnoringCase(value);
  if (name == "wildcard" && dialect_.has_wildcards) return ReadWildcard(value);
  if (name == "exists") return ReadExistence(value);
  if (name == "numeric") return ReadRange(value);
  if (name == "anything-but") return ReadAnythingBut(value);
  if (name != "cidr") return Refuse(fmt::format("Unrecognized match type {}", name));
  if (!value.is_string()) return Refuse("prefix match pattern must be a string");  // so does AWS's matcher call it
  MF_TRY(Network network, ReadNetwork(value.string(), dialect_));
  return Matcher{network};
}

Result<Matcher> Reader::Read(const json::Value& item) const {
  if (item.is_array()) return Refuse("Match value must be String, number, true, false, or null");
  if (!item.is_object()) return ReadLiteral(item);
  MF_TRY(const json::Member* const matcher, OnlyMember(item, "Match expression name not found"));
  return ReadNamed(matcher->first, matcher->second);
}

}  // namespace

Result<Matcher> ReadMatcher(const json::Value& item, const Dialect& dialect) { return Reader(dialect).Read(item); }

bool IsMatcherName(std::string_view name) {
  constexpr std::array<std::string_view, 8> kNames{"exists", "prefix",  "suffix", "equals-ignore-case",
                                                   "numeric", "cidr", "wildcard", "anything-but"};
  return std::ranges::find(kNames, name) != kNames.end();
}

}  // namespace mayfly::patterns
