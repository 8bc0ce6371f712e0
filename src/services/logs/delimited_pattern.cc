// Space-delimited patterns: the fields of a message, by their places. `[…]` and `"…"` in a message are one field each.
#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "services/logs/pattern_parts.h"

namespace mayfly::logs {
namespace {

// A field with what must hold of it: groups of conditions, of which one must hold as a whole.
struct Field {
  std::string name;
  bool is_rest = false;  // `...`
  std::vector<std::vector<Operand>> any_of;

  bool HoldsFor(std::string_view value) const {
    if (any_of.empty()) return true;
    return std::ranges::any_of(any_of, [&](const std::vector<Operand>& all) {
      return std::ranges::all_of(all, [&](const Operand& operand) { return operand.HoldsFor(value); });
    });
  }
};

std::vector<std::string_view> SplitFields(std::string_view message) {
  std::vector<std::string_view> fields;
  for (size_t at = message.find_first_not_of(" \t\r\n"); at < message.size(); at = message.find_first_not_of(" \t\r\n", at)) {
    const char close = message[at] == '[' ? ']' : message[at] == '"' ? '"' : '\0';
    const size_t closed = close != '\0' ? message.find(close, at + 1) : std::string_view::npos;
    if (closed != std::string_view::npos) {
      fields.push_back(message.substr(at + 1, closed - at - 1));
      at = closed + 1;
    } else {
      const size_t end = std::min(message.find_first_of(" \t\r\n", at), message.size());
      fields.push_back(message.substr(at, end - at));
      at = end;
    }
  }
  return fields;
}

class DelimitedPattern final : public FilterPattern {
 public:
  explicit DelimitedPattern(std::vector<Field> fields) : fields_(std::move(fields)) {
    const auto rest = std::ranges::find_if(fields_, [](const Field& field) { return field.is_rest; });
    rest_ = static_cast<size_t>(rest - fields_.begin());
  }

  bool Matches(std::string_view message) const override {
    const auto values = SplitFields(message);
    if (!HasPlaces(values.size())) return false;
    for (size_t at = 0; at < fields_.size(); ++at) {
      if (!fields_[at].is_rest && !fields_[at].HoldsFor(values[PlaceOf(at, values.size())])) return false;
    }
    return true;
  }
  Extracted Extract(std::string_view message) const override {
    const auto values = SplitFields(message);
    Extracted extracted;
    if (!HasPlaces(values.size())) return extracted;
    for (size_t at = 0; at < fields_.size(); ++at) {
      if (fields_[at].is_rest) continue;
      const size_t place = PlaceOf(at, values.size());
      extracted.emplace_back(fields_[at].name.empty() ? fmt::format("${}", place + 1) : "$" + fields_[at].name, std::string(values[place]));
    }
    return extracted;
  }

 private:
  bool HasPlaces(size_t values) const { return rest_ == fields_.size() ? values == fields_.size() : values >= fields_.size() - 1; }
  // Fields behind `...` are counted from the end.
  size_t PlaceOf(size_t field, size_t values) const { return field < rest_ ? field : values - (fields_.size() - field); }

  std::vector<Field> fields_;
  size_t rest_;  // which field is `...`; their number when none is
};

bool IsNameByte(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.'; }

Result<std::string> TakeName(PatternText& text) {
  text.SkipBlanks();
  size_t size = 0;
  while (size < text.rest().size() && IsNameByte(text.rest()[size])) ++size;
  std::string name(text.rest().substr(0, size));
  text.Skip(size);
  text.SkipBlanks();
  return name;
}

Result<> TakeConditions(PatternText& text, Field& field, int& regexes, int& conditions) {
  field.any_of.emplace_back();
  for (;;) {
    MF_TRY(Operand operand, TakeOperand(text, " \t,]&|"));
    if ((operand.regex && ++regexes > kRegexesMax) || ++conditions > kConditionsMax) return Fail(InvalidPattern());
    field.any_of.back().push_back(std::move(operand));
    text.SkipBlanks();
    const bool is_or = text.Take("||");
    if (!is_or && !text.Take("&&")) return {};
    if (is_or) field.any_of.emplace_back();
    MF_TRY(const std::string name, TakeName(text));
    if (name != field.name) return Fail(InvalidPattern());
  }
}

Result<Field> TakeField(PatternText& text, int& regexes, int& conditions) {
  Field field;
  text.SkipBlanks();
  if (text.Take("...")) {
    field.is_rest = true;
  } else {
    MF_TRY(field.name, TakeName(text));
    if (!text.at_end() && text.front() != ',' && text.front() != ']') MF_TRY_VOID(TakeConditions(text, field, regexes, conditions));
  }
  text.SkipBlanks();
  return field;
}

}  // namespace

Result<PatternPointer> ParseDelimited(std::string_view pattern) {
  PatternText text(pattern);
  std::vector<Field> fields;
  int regexes = 0, conditions = 0;
  const bool begins = text.Take("[");
  MF_ASSERT(begins);
  do {
    MF_TRY(Field field, TakeField(text, regexes, conditions));
    const bool is_second_rest = field.is_rest && std::ranges::any_of(fields, [](const Field& other) { return other.is_rest; });
    if (is_second_rest) return Fail(InvalidPattern());
    fields.push_back(std::move(field));
  } while (text.Take(","));
  if (!text.Take("]")) return Fail(InvalidPattern());
  text.SkipBlanks();
  if (!text.at_end()) return Fail(InvalidPattern());
  return PatternPointer(std::make_shared<DelimitedPattern>(std::move(fields)));
}

}  // namespace mayfly::logs
