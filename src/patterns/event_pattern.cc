#include "patterns/event_pattern.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "patterns/matcher.h"

namespace mayfly::patterns {
namespace {

constexpr size_t kOrAlternativesMin = 2;
constexpr int64_t kFigureMax = 1'000'000;  // where counting ends
constexpr std::string_view kTooComplex =
    "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character";

using Path = std::vector<std::string>;

// The member, or with a dot in its name the member of the member.
const json::Value* FindMember(const json::Value& value, std::string_view name) {
  if (const json::Value* found = value.Find(name)) return found;
  const size_t dot = name.find('.');
  const json::Value* outer = dot == std::string_view::npos ? nullptr : value.Find(name.substr(0, dot));
  return outer ? FindMember(*outer, name.substr(dot + 1)) : nullptr;
}

// Calls `visit` for each value at `path`, through lists; ends when it says true, and says so.
template <typename Visit>
bool AnyLeaf(const json::Value& value, std::span<const std::string> path, const Visit& visit) {
  if (value.is_array()) return std::ranges::any_of(value.array(), [&](const json::Value& item) { return AnyLeaf(item, path, visit); });
  if (path.empty()) return !value.is_object() && visit(value);
  const json::Value* member = FindMember(value, path.front());
  return member && AnyLeaf(*member, path.subspan(1), visit);
}

bool HasLeaf(const json::Value& event, const Path& path) {
  return AnyLeaf(event, path, [](const json::Value&) { return true; });
}

bool IsPresent(const json::Value* value) { return value && AnyLeaf(*value, {}, [](const json::Value&) { return true; }); }

bool IsMissing(const Matcher& matcher) {
  const auto* existence = std::get_if<Existence>(&matcher.how);
  return existence && *existence == Existence::Missing;
}

int64_t Capped(int64_t value) { return std::min(value, kFigureMax); }

}  // namespace

struct EventPattern::Fields {
  struct Field {
    std::string name;
    Path path;  // from the event's root
    std::variant<std::vector<Matcher>, std::unique_ptr<Fields>> condition;

    const std::vector<Matcher>* matchers() const { return std::get_if<std::vector<Matcher>>(&condition); }
    const Fields& fields() const { return *std::get<std::unique_ptr<Fields>>(condition); }
  };
  std::vector<Field> all;
  std::vector<std::vector<Fields>> alternatives;  // of each "$or", one

  bool Match(const json::Value* value, const json::Value& event) const {
    if (value && value->is_array() && !value->array().empty()) {
      return std::ranges::any_of(value->array(), [&](const json::Value& item) { return Match(&item, event); });
    }
    return std::ranges::all_of(all, [&](const Field& field) { return MatchField(field, value ? FindMember(*value, field.name) : nullptr, event); }) &&
           std::ranges::all_of(alternatives, [&](const std::vector<Fields>& group) {
             return std::ranges::any_of(group, [&](const Fields& one) { return one.Match(value, event); });
           });
  }

  static bool MatchField(const Field& field, const json::Value* value, const json::Value& event) {
    const auto* matchers = field.matchers();
    if (!matchers) return field.fields().Match(value, event);
    if (IsPresent(value)) return AnyLeaf(*value, {}, [&](const json::Value& leaf) { return AnyHolds(*matchers, leaf); });
    return std::ranges::any_of(*matchers, IsMissing) && !HasLeaf(event, field.path);
  }

  static bool AnyHolds(const std::vector<Matcher>& matchers, const json::Value& leaf) {
    return std::ranges::any_of(matchers, [&](const Matcher& matcher) { return Holds(matcher, leaf); });
  }

  void Count(int64_t depth, PatternFigures& figures) const {
    figures.depth = std::max(figures.depth, depth);
    for (const Field& field : all) {
      if (const auto* matchers = field.matchers()) {
        ++figures.fields;
        figures.value_combinations = Capped(figures.value_combinations * Capped(static_cast<int64_t>(matchers->size()) * depth));
        for (const Matcher& matcher : *matchers) figures.wildcard_complexity += ComplexityOf(matcher);
      } else {
        field.fields().Count(depth + 1, figures);
      }
    }
    for (const std::vector<Fields>& group : alternatives) CountAlternatives(group, depth, figures);
  }

  static void CountAlternatives(const std::vector<Fields>& group, int64_t depth, PatternFigures& figures) {
    int64_t patterns = 0, values = 0;
    for (const Fields& one : group) {
      PatternFigures branch;
      one.Count(depth, branch);
      figures.depth = std::max(figures.depth, branch.depth);
      figures.fields += branch.fields;
      figures.wildcard_complexity += branch.wildcard_complexity;
      patterns = Capped(patterns + branch.or_combinations);
      values = Capped(values + branch.value_combinations);
    }
    figures.or_combinations = Capped(figures.or_combinations * patterns);
    figures.value_combinations = Capped(figures.value_combinations * values);
  }

  void AddExact(std::vector<ExactField>& exact) const {
    for (const Field& field : all) {
      const auto* matchers = field.matchers();
      if (!matchers) {
        field.fields().AddExact(exact);
        continue;
      }
      ExactField one{.path = field.path, .keys = {}};
      for (const Matcher& matcher : *matchers) {
        if (const auto* literal = std::get_if<Literal>(&matcher.how)) one.keys.push_back(KeyOf(literal->value));
      }
      if (one.keys.size() == matchers->size()) exact.push_back(std::move(one));
    }
  }
};

namespace {

using Fields = EventPattern::Fields;

// Otherwise "$or" is a field like any other.
bool IsOr(const json::Member& member) {
  return member.first == "$or" && member.second.is_array() && member.second.array().size() >= kOrAlternativesMin &&
         std::ranges::all_of(member.second.array(), [](const json::Value& item) {
           return item.is_object() && std::ranges::none_of(item.object(), [](const json::Member& inner) { return IsMatcherName(inner.first); });
         });
}

// From JSON to fields. `path_`: where it is.
class Compiler {
 public:
  explicit Compiler(const Dialect& dialect) : dialect_(dialect) {}

  Result<Fields> Read(const json::Value& object) {
    if (object.object().empty()) return Fail(dialect_.refuse("Empty objects are not allowed"));
    Fields fields;
    for (const json::Member& member : object.object()) {
      if (object.Find(member.first) != &member.second) continue;  // of equal names the last one counts
      if (IsOr(member)) {
        MF_TRY_VOID(ReadOr(member.second.array(), fields.alternatives.emplace_back()));
        continue;
      }
      path_.push_back(member.first);
      MF_TRY_VOID(ReadField(member, fields));
      path_.pop_back();
    }
    return fields;
  }

 private:
  Result<> ReadOr(const json::Array& items, std::vector<Fields>& group) {
    for (const json::Value& item : items) {
      MF_TRY(Fields one, Read(item));
      group.push_back(std::move(one));
    }
    return {};
  }

  Result<> ReadField(const json::Member& member, Fields& fields) {
    const auto& [name, condition] = member;
    if (condition.is_array()) {
      MF_TRY(std::vector<Matcher> matchers, ReadMatchers(condition.array()));
      fields.all.push_back({name, path_, std::move(matchers)});
    } else if (condition.is_object()) {
      MF_TRY(Fields inner, Read(condition));
      fields.all.push_back({name, path_, std::make_unique<Fields>(std::move(inner))});
    } else {
      return Fail(dialect_.refuse(fmt::format("\"{}\" must be an object or an array", name)));
    }
    return {};
  }

  Result<std::vector<Matcher>> ReadMatchers(const json::Array& items) const {
    if (items.empty()) return Fail(dialect_.refuse("Empty arrays are not allowed"));
    std::vector<Matcher> matchers;
    for (const json::Value& item : items) {
      MF_TRY(Matcher matcher, ReadMatcher(item, dialect_));
      matchers.push_back(std::move(matcher));
    }
    return matchers;
  }

  const Dialect& dialect_;
  Path path_;
};

Result<> CheckLimits(const PatternFigures& figures, const Dialect& dialect) {
  const bool fits = figures.or_combinations <= dialect.or_combinations_max && figures.wildcard_complexity <= dialect.wildcard_complexity_max;
  return fits ? Result<>() : Fail(dialect.refuse(kTooComplex));
}

}  // namespace

Result<EventPattern> EventPattern::Compile(std::string_view text, const Dialect& dialect) {
  if (text.size() > dialect.bytes_max) return Fail(dialect.refuse(fmt::format("Filter is longer than {} characters", dialect.bytes_max)));
  const auto document = json::Parse(text);
  if (!document) return Fail(dialect.refuse("Filter is not valid JSON"));
  if (!document->is_object()) return Fail(dialect.refuse("Filter is not an object"));
  MF_TRY(Fields root, Compiler(dialect).Read(*document));
  EventPattern pattern(std::make_shared<const Fields>(std::move(root)));
  MF_TRY_VOID(CheckLimits(pattern.figures(), dialect));
  return pattern;
}

bool EventPattern::Matches(const json::Value& event) const { return root_->Match(&event, event); }

EventPattern::Form EventPattern::FormOf(std::string_view member) const {
  const auto found = std::ranges::find(root_->all, member, &Fields::Field::name);
  if (found == root_->all.end()) return Form::Absent;
  return found->matchers() ? Form::Values : Form::Fields;
}

PatternFigures EventPattern::figures() const {
  PatternFigures figures;
  root_->Count(1, figures);
  return figures;
}

std::vector<ExactField> EventPattern::ExactFields() const {
  std::vector<ExactField> exact;
  root_->AddExact(exact);
  return exact;
}

std::string KeyOf(const json::Value& leaf) {
  if (!leaf.is_number()) return json::Write(leaf);
  const auto number = leaf.AsDouble();
  return number && std::isfinite(*number) ? fmt::format("{}", *number + 0.0) : leaf.number_text();
}

std::vector<std::string> KeysAt(const json::Value& event, const std::vector<std::string>& path) {
  std::vector<std::string> keys;
  AnyLeaf(event, path, [&](const json::Value& leaf) {
    keys.push_back(KeyOf(leaf));
    return false;
  });
  return keys;
}

}  // namespace mayfly::patterns
