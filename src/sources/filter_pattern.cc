#include "sources/filter_pattern.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <variant>

#include <arpa/inet.h>

#include "base/text.h"

namespace mayfly::sources {
namespace {

constexpr size_t kOrAlternativesMin = 2;

// --- what a single value must be ----------------------------------------------------------------------------------------

struct Literal {
  json::Value value;
};
enum class Case : unsigned char { Exact, Ignore };
enum class Place : unsigned char { Whole, Start, End };
struct Text {
  std::string text;  // in lower case when the case is ignored
  Place place;
  Case letters;
};
// The pieces between the stars: the first begins the text, the last ends it, the others follow in order.
struct Wildcard {
  std::vector<std::string> pieces;
};
enum class Comparison : unsigned char { Less, LessOrEqual, Equal, GreaterOrEqual, Greater };
struct Range {
  std::vector<std::pair<Comparison, double>> bounds;  // all hold
};
struct Network {
  std::array<uint8_t, 16> address{};
  int bytes = 0;  // 4 or 16
  int bits = 0;
};
enum class Existence : unsigned char { Present, Missing };
struct Test;
struct NoneOf {
  std::vector<Test> tests;
};
struct Test {
  std::variant<Literal, Text, Wildcard, Range, Network, Existence, NoneOf> how;
};

bool SameNumber(const json::Value& a, const json::Value& b) {
  if (a.number_text() == b.number_text()) return true;
  const auto x = a.AsDouble();
  const auto y = b.AsDouble();
  return x && y && *x == *y;
}

bool Holds(const Literal& test, const json::Value& leaf) {
  return test.value.is_number() && leaf.is_number() ? SameNumber(test.value, leaf) : test.value == leaf;
}

bool Holds(const Text& test, const json::Value& leaf) {
  if (!leaf.is_string()) return false;
  const std::string lower = test.letters == Case::Ignore ? LowerCase(leaf.string()) : std::string();
  const std::string_view text = test.letters == Case::Ignore ? std::string_view(lower) : std::string_view(leaf.string());
  switch (test.place) {
    case Place::Start: return text.starts_with(test.text);
    case Place::End: return text.ends_with(test.text);
    case Place::Whole: break;
  }
  return text == test.text;
}

bool Holds(const Wildcard& test, const json::Value& leaf) {
  if (!leaf.is_string()) return false;
  std::string_view text = leaf.string();
  const std::string& first = test.pieces.front();
  if (test.pieces.size() == 1) return text == first;
  if (!text.starts_with(first)) return false;
  text.remove_prefix(first.size());
  for (size_t piece = 1; piece + 1 < test.pieces.size(); ++piece) {
    const size_t at = text.find(test.pieces[piece]);
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + test.pieces[piece].size());
  }
  return text.ends_with(test.pieces.back());
}

bool IsTrue(Comparison comparison, double left, double right) {
  switch (comparison) {
    case Comparison::Less: return left < right;
    case Comparison::LessOrEqual: return left <= right;
    case Comparison::GreaterOrEqual: return left >= right;
    case Comparison::Greater: return left > right;
    case Comparison::Equal: break;
  }
  return left == right;
}

bool Holds(const Range& test, const json::Value& leaf) {
  if (!leaf.is_number()) return false;
  const auto number = leaf.AsDouble();
  return number && std::ranges::all_of(test.bounds, [&](const auto& bound) { return IsTrue(bound.first, *number, bound.second); });
}

std::optional<Network> ParseAddress(const std::string& text) {
  Network network;
  const bool is_v6 = text.contains(':');
  if (::inet_pton(is_v6 ? AF_INET6 : AF_INET, text.c_str(), network.address.data()) != 1) return std::nullopt;
  network.bytes = is_v6 ? 16 : 4;
  network.bits = network.bytes * 8;
  return network;
}

bool Holds(const Network& test, const json::Value& leaf) {
  if (!leaf.is_string()) return false;
  const auto host = ParseAddress(leaf.string());
  if (!host || host->bytes != test.bytes) return false;
  for (int bit = 0; bit < test.bits; bit += 8) {
    const size_t at = static_cast<size_t>(bit / 8);
    const int left = std::min(8, test.bits - bit);
    const auto mask = static_cast<uint8_t>(0xFF << (8 - left));
    if ((test.address[at] & mask) != (host->address[at] & mask)) return false;
  }
  return true;
}

bool Holds(Existence test, const json::Value&) { return test == Existence::Present; }

bool Holds(const NoneOf& test, const json::Value& leaf);

bool Holds(const Test& test, const json::Value& leaf) {
  return std::visit([&](const auto& how) { return Holds(how, leaf); }, test.how);
}

bool Holds(const NoneOf& test, const json::Value& leaf) {
  return std::ranges::none_of(test.tests, [&](const Test& one) { return Holds(one, leaf); });
}

// --- what a field must be -----------------------------------------------------------------------------------------------

bool IsPresent(const json::Value* value) {
  if (!value || value->is_object()) return false;
  return !value->is_array() || std::ranges::any_of(value->array(), [](const json::Value& item) { return IsPresent(&item); });
}

bool AnyHolds(const std::vector<Test>& tests, const json::Value& value) {
  if (value.is_object()) return false;
  if (value.is_array()) return std::ranges::any_of(value.array(), [&](const json::Value& item) { return AnyHolds(tests, item); });
  return std::ranges::any_of(tests, [&](const Test& test) { return Holds(test, value); });
}

bool FieldHolds(const std::vector<Test>& tests, const json::Value* value) {
  if (IsPresent(value)) return AnyHolds(tests, *value);
  return std::ranges::any_of(tests, [](const Test& test) {
    const auto* existence = std::get_if<Existence>(&test.how);
    return existence && *existence == Existence::Missing;
  });
}

}  // namespace

struct FilterPattern::Fields {
  struct Field {
    std::string name;
    std::variant<std::vector<Test>, std::unique_ptr<Fields>> condition;
  };
  std::vector<Field> all;
  std::vector<std::vector<Fields>> alternatives;  // of each "$or", one

  bool Match(const json::Value* value) const {
    if (value && value->is_array() && !value->array().empty()) {
      return std::ranges::any_of(value->array(), [&](const json::Value& item) { return Match(&item); });
    }
    return std::ranges::all_of(all, [&](const Field& field) { return MatchField(field, value ? value->Find(field.name) : nullptr); }) &&
           std::ranges::all_of(alternatives, [&](const std::vector<Fields>& group) {
             return std::ranges::any_of(group, [&](const Fields& one) { return one.Match(value); });
           });
  }
  static bool MatchField(const Field& field, const json::Value* value) {
    const auto* tests = std::get_if<std::vector<Test>>(&field.condition);
    return tests ? FieldHolds(*tests, value) : std::get<std::unique_ptr<Fields>>(field.condition)->Match(value);
  }
};

namespace {

using Fields = FilterPattern::Fields;

std::unexpected<Error> Invalid() { return Fail(Error::Service("InvalidParameterValueException", "Invalid filter pattern definition.")); }

// --- from JSON to tests -------------------------------------------------------------------------------------------------

// The only member of an object, as matchers have it.
const json::Member* OnlyMember(const json::Value& value) {
  return value.is_object() && value.object().size() == 1 ? &value.object().front() : nullptr;
}

Result<Test> CompileText(const json::Value& value, Place place) {
  if (value.is_string()) return Test{Text{value.string(), place, Case::Exact}};
  const json::Member* inner = OnlyMember(value);
  if (!inner || inner->first != "equals-ignore-case" || !inner->second.is_string()) return Invalid();
  return Test{Text{LowerCase(inner->second.string()), place, Case::Ignore}};
}

// "\*" and "\\" stand for themselves; two stars in a row are refused.
Result<Test> CompileWildcard(const json::Value& value) {
  if (!value.is_string()) return Invalid();
  const std::string& text = value.string();
  Wildcard wildcard{{""}};
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '*') {
      if (at > 0 && wildcard.pieces.size() > 1 && wildcard.pieces.back().empty()) return Invalid();
      wildcard.pieces.emplace_back();
      continue;
    }
    if (text[at] == '\\') {
      if (++at == text.size() || (text[at] != '*' && text[at] != '\\')) return Invalid();
    }
    wildcard.pieces.back() += text[at];
  }
  return Test{std::move(wildcard)};
}

Result<Test> CompileNetwork(const json::Value& value) {
  if (!value.is_string()) return Invalid();
  const std::string& text = value.string();
  const size_t slash = text.find('/');
  if (slash == std::string::npos) return Invalid();
  auto network = ParseAddress(text.substr(0, slash));
  const std::string bits = text.substr(slash + 1);
  if (!network || bits.size() > 3 || !IsNumber(bits)) return Invalid();
  const int length = std::stoi(bits);
  if (length > network->bits) return Invalid();
  network->bits = length;
  return Test{*network};
}

std::optional<Comparison> ParseComparison(const json::Value& value) {
  constexpr std::array<std::pair<std::string_view, Comparison>, 5> kComparisons{{{"<", Comparison::Less},
                                                                                 {"<=", Comparison::LessOrEqual},
                                                                                 {"=", Comparison::Equal},
                                                                                 {">=", Comparison::GreaterOrEqual},
                                                                                 {">", Comparison::Greater}}};
  if (!value.is_string()) return std::nullopt;
  for (const auto& [text, comparison] : kComparisons) {
    if (value.string() == text) return comparison;
  }
  return std::nullopt;
}

// ["=", 5], [">", 0] or a range: [">", 0, "<=", 5], the lower bound first.
Result<Test> CompileRange(const json::Value& value) {
  if (!value.is_array() || (value.array().size() != 2 && value.array().size() != 4)) return Invalid();
  const json::Array& items = value.array();
  Range range;
  for (size_t at = 0; at < items.size(); at += 2) {
    const auto comparison = ParseComparison(items[at]);
    if (!comparison || !items[at + 1].is_number()) return Invalid();
    const auto bound = items[at + 1].AsDouble();
    if (!bound) return Invalid();
    range.bounds.emplace_back(*comparison, *bound);
  }
  if (range.bounds.size() == 2) {
    const auto& [lower, upper] = std::pair(range.bounds[0], range.bounds[1]);
    const bool is_lower = lower.first == Comparison::Greater || lower.first == Comparison::GreaterOrEqual;
    const bool is_upper = upper.first == Comparison::Less || upper.first == Comparison::LessOrEqual;
    if (!is_lower || !is_upper || lower.second >= upper.second) return Invalid();
  }
  return Test{std::move(range)};
}

Result<Test> CompileNamed(std::string_view name, const json::Value& value) {
  if (name == "prefix") return CompileText(value, Place::Start);
  if (name == "suffix") return CompileText(value, Place::End);
  if (name == "wildcard") return CompileWildcard(value);
  if (name == "equals-ignore-case" && value.is_string()) return Test{Text{LowerCase(value.string()), Place::Whole, Case::Ignore}};
  return Invalid();
}

// A value or a list of values, each as `compile` reads it.
template <typename Compile>
Result<Test> CompileNoneOf(const json::Value& value, Compile compile) {
  NoneOf none_of;
  if (!value.is_array()) {
    MF_TRY(Test test, compile(value));
    none_of.tests.push_back(std::move(test));
  } else {
    if (value.array().empty()) return Invalid();
    for (const json::Value& item : value.array()) {
      MF_TRY(Test test, compile(item));
      none_of.tests.push_back(std::move(test));
    }
  }
  return Test{std::move(none_of)};
}

Result<Test> CompileAnythingBut(const json::Value& value) {
  if (const json::Member* inner = OnlyMember(value)) {
    return CompileNoneOf(inner->second, [inner](const json::Value& item) { return CompileNamed(inner->first, item); });
  }
  // Strings or numbers, not both.
  const bool strings = value.is_array() ? !value.array().empty() && value.array().front().is_string() : value.is_string();
  return CompileNoneOf(value, [strings](const json::Value& item) -> Result<Test> {
    if (strings ? !item.is_string() : !item.is_number()) return Invalid();
    return Test{Literal{item}};
  });
}

Result<Test> CompileTest(const json::Value& value) {
  if (value.is_array()) return Invalid();
  if (!value.is_object()) return Test{Literal{value}};
  const json::Member* matcher = OnlyMember(value);
  if (!matcher) return Invalid();
  const auto& [name, argument] = *matcher;
  if (name == "exists" && argument.is_bool()) return Test{argument.boolean() ? Existence::Present : Existence::Missing};
  if (name == "numeric") return CompileRange(argument);
  if (name == "cidr") return CompileNetwork(argument);
  if (name == "anything-but") return CompileAnythingBut(argument);
  return CompileNamed(name, argument);
}

Result<std::vector<Test>> CompileTests(const json::Array& items) {
  if (items.empty()) return Invalid();
  std::vector<Test> tests;
  for (const json::Value& item : items) {
    MF_TRY(Test test, CompileTest(item));
    tests.push_back(std::move(test));
  }
  return tests;
}

// --- from JSON to fields ------------------------------------------------------------------------------------------------

bool IsMatcher(const json::Value& value) {
  constexpr std::array<std::string_view, 8> kNames{"exists", "prefix",  "suffix", "equals-ignore-case",
                                                   "numeric", "cidr", "wildcard", "anything-but"};
  return value.is_object() && !value.object().empty() && std::ranges::find(kNames, value.object().front().first) != kNames.end();
}

// Otherwise "$or" is a field like any other.
bool IsOr(const json::Member& member) {
  return member.first == "$or" && member.second.is_array() && member.second.array().size() >= kOrAlternativesMin &&
         std::ranges::all_of(member.second.array(), [](const json::Value& item) { return item.is_object() && !IsMatcher(item); });
}

Result<Fields> CompileFields(const json::Value& value) {
  if (!value.is_object() || value.object().empty()) return Invalid();
  Fields fields;
  for (const json::Member& member : value.object()) {
    const auto& [name, condition] = member;
    if (value.Find(name) != &condition) continue;  // of equal names the last one counts
    if (IsOr(member)) {
      std::vector<Fields>& group = fields.alternatives.emplace_back();
      for (const json::Value& item : condition.array()) {
        MF_TRY(Fields one, CompileFields(item));
        group.push_back(std::move(one));
      }
    } else if (condition.is_array()) {
      MF_TRY(std::vector<Test> tests, CompileTests(condition.array()));
      fields.all.push_back({name, std::move(tests)});
    } else {
      MF_TRY(Fields inner, CompileFields(condition));
      fields.all.push_back({name, std::make_unique<Fields>(std::move(inner))});
    }
  }
  return fields;
}

}  // namespace

Result<FilterPattern> FilterPattern::Compile(std::string_view text) {
  if (text.size() > kFilterPatternBytesMax) return Invalid();
  const auto document = json::Parse(text);
  if (!document) return Invalid();
  MF_TRY(Fields root, CompileFields(*document));
  return FilterPattern(std::make_shared<const Fields>(std::move(root)));
}

bool FilterPattern::Matches(const json::Value& event) const { return root_->Match(&event); }

FilterPattern::Form FilterPattern::FormOf(std::string_view member) const {
  const auto found = std::ranges::find(root_->all, member, &Fields::Field::name);
  if (found == root_->all.end()) return Form::Absent;
  return std::holds_alternative<std::vector<Test>>(found->condition) ? Form::Values : Form::Fields;
}

Result<Filters> Filters::Compile(const std::vector<std::string>& patterns) {
  Filters filters;
  for (const std::string& text : patterns) {
    MF_TRY(FilterPattern pattern, FilterPattern::Compile(text));
    filters.patterns_.push_back(std::move(pattern));
  }
  return filters;
}

bool Filters::Matches(const json::Value& event) const {
  return patterns_.empty() || std::ranges::any_of(patterns_, [&](const FilterPattern& pattern) { return pattern.Matches(event); });
}

}  // namespace mayfly::sources
