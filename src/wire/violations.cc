#include "wire/violations.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace mayfly::wire {
namespace {

void AppendLowerFirst(std::string_view name, std::string& out) {
  if (name.empty()) return;
  out.push_back(LowerCase(name.front()));
  out.append(name.substr(1));
}

void AppendPath(const Path& path, std::string& out) {
  if (path.parent) {
    AppendPath(*path.parent, out);
    if (!out.empty()) out.push_back('.');
  }
  if (path.index > 0) {
    out += fmt::format("{}.member", path.index);
  } else if (path.map_key) {
    out.append(path.name.substr(0, kShownBytesMax)).append(".member");
  } else {
    AppendLowerFirst(path.name, out);
  }
}

// Cuts at a character's start.
std::string_view CutForShow(std::string_view text) {
  if (text.size() <= kShownBytesMax) return text;
  size_t end = kShownBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

std::string Quoted(const Shape& shape, std::string_view text) {
  return shape.sensitive ? std::string() : fmt::format("'{}'", CutForShow(text));
}

std::string EnumConstraint(const Shape& shape) {
  return fmt::format("Member must satisfy enum value set: [{}]", fmt::join(shape.values, ", "));
}

bool IsNumber(const Shape& shape) { return shape.kind == Kind::Integer || shape.kind == Kind::Long || shape.kind == Kind::Double; }

std::string_view Measure(const Shape& shape) {
  return IsNumber(shape) ? "value" : "length";
}

std::string HighConstraint(const Shape& shape) {
  return fmt::format("Member must have {} less than or equal to {}", Measure(shape), shape.high.text);
}

std::string LowConstraint(const Shape& shape) {
  return fmt::format("Member must have {} greater than or equal to {}", Measure(shape), shape.low.text);
}

std::string PatternConstraint(const Shape& shape) {
  return fmt::format("Member must satisfy regular expression pattern: {}", shape.pattern->shown());
}

double StoredNumber(const Shape& shape, const void* stored) {
  if (shape.kind == Kind::Double) return *static_cast<const double*>(stored);
  if (shape.kind == Kind::Long) return static_cast<double>(*static_cast<const int64_t*>(stored));
  return *static_cast<const int32_t*>(stored);
}

bool KnownValue(const Shape& shape, std::string_view text) {
  return shape.open || shape.values.empty() || std::ranges::find(shape.values, text) != shape.values.end();
}

bool InRange(const Shape& shape, double measured) {
  return (!shape.low.exists() || measured >= shape.low.value) && (!shape.high.exists() || measured <= shape.high.value);
}

// As Java's Double.toString prints it; "" for what is no number.
std::string ShowDouble(std::string_view text) {
  const std::optional<double> number = ParseNumber<double>(text);
  if (!number) return {};
  constexpr double kPlainFrom = 1e-3, kPlainBelow = 1e7;
  const double size = std::abs(*number);
  char digits[32];
  const bool plain = size == 0 || (size >= kPlainFrom && size < kPlainBelow);
  const auto end = std::to_chars(digits, std::end(digits), *number, plain ? std::chars_format::fixed : std::chars_format::scientific);
  std::string_view written(digits, end.ptr);
  if (plain) return fmt::format("{}{}", written, written.find('.') == std::string_view::npos ? ".0" : "");
  const size_t mark = written.find('e');
  std::string_view mantissa = written.substr(0, mark), exponent = written.substr(mark + 1);
  const bool negative = exponent.front() == '-';
  exponent.remove_prefix(std::min(exponent.find_first_not_of("+-0"), exponent.size()));
  return fmt::format("{}{}E{}{}", mantissa, mantissa.find('.') == std::string_view::npos ? ".0" : "", negative ? "-" : "",
                     exponent.empty() ? "0" : exponent);
}

// `shape` is null for what no shape is known of.
void AppendValue(const Shape* shape, const json::Value& value, std::string& out) {
  if (out.size() > kShownBytesMax) return;
  const Shape* element = shape ? shape->element : nullptr;
  if (value.is_string()) {
    out += CutForShow(value.string());
  } else if (value.is_array()) {
    out.push_back('[');
    for (size_t i = 0; i < value.array().size() && out.size() <= kShownBytesMax; ++i) {
      if (i > 0) out += ", ";
      AppendValue(element, value.array()[i], out);
    }
    out.push_back(']');
  } else if (value.is_object()) {
    out.push_back('{');
    bool first = true;
    for (const auto& [key, member] : value.object()) {
      if (out.size() > kShownBytesMax) break;
      if (!first) out += ", ";
      first = false;
      out.append(CutForShow(key)).push_back('=');
      AppendValue(element, member, out);
    }
    out.push_back('}');
  } else if (shape && shape->kind == Kind::Double && value.is_number()) {
    out += ShowDouble(value.number_text());
  } else {
    json::WriteTo(value, out);
  }
}

}  // namespace

std::string Path::ToString() const {
  std::string out;
  AppendPath(*this, out);
  return out;
}

size_t CountCharacters(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
}

std::string ShowValue(const Shape& shape, const json::Value& value) {
  std::string out;
  AppendValue(&shape, value, out);
  return std::string(CutForShow(out));
}

bool Satisfies(const Shape& shape, std::string_view text) {
  return KnownValue(shape, text) && InRange(shape, static_cast<double>(CountCharacters(text))) &&
         (!shape.pattern || shape.pattern->Matches(text));
}

bool Satisfies(const Shape& shape, double value) { return InRange(shape, value); }

bool StoredSatisfies(const Shape& shape, const void* stored) {
  if (shape.kind == Kind::String) return Satisfies(shape, *static_cast<const std::string*>(stored));
  return !IsNumber(shape) || Satisfies(shape, StoredNumber(shape, stored));
}

std::string DescribeConstraints(const Shape& shape) {
  std::string out = "[";
  if (shape.high.exists()) out += HighConstraint(shape) + ", ";
  if (shape.low.exists()) out += LowConstraint(shape) + ", ";
  if (shape.pattern) out += PatternConstraint(shape) + ", ";
  if (!shape.values.empty() && !shape.open) out += EnumConstraint(shape) + ", ";
  return out + "Member must not be null]";
}

void Violations::Add(const Path& path, std::string_view shown, std::string_view constraint) {
  if (++count_ > kViolationsMax) return;
  if (!texts_.empty()) texts_ += "; ";
  texts_ += "Value ";
  if (!shown.empty()) texts_.append(shown).push_back(' ');
  texts_ += fmt::format("at '{}' failed to satisfy constraint: {}", path.ToString(), constraint);
}

void Violations::AddBareName(const Path& path, std::string_view value, size_t characters_max) {
  bare_name_ = Error::Service("InvalidParameterValueException",
                              fmt::format("1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: "
                                          "Member must have length less than or equal to {}",
                                          CutForShow(value), path.ToString(), characters_max));
}

void Violations::CheckText(const Path& path, const Shape& shape, std::string_view text) {
  if (!KnownValue(shape, text)) Add(path, Quoted(shape, text), EnumConstraint(shape));
  if (shape.pattern && !shape.pattern->Matches(text)) Add(path, Quoted(shape, text), PatternConstraint(shape));
  if (!shape.low.exists() && !shape.high.exists()) return;
  const auto characters = static_cast<double>(CountCharacters(text));
  if (shape.high.exists() && characters > shape.high.value) Add(path, Quoted(shape, text), HighConstraint(shape));
  if (shape.low.exists() && characters < shape.low.value) Add(path, Quoted(shape, text), LowConstraint(shape));
}

void Violations::CheckNumber(const Path& path, const Shape& shape, double value, std::string_view text) {
  if (shape.high.exists() && value > shape.high.value) Add(path, Quoted(shape, text), HighConstraint(shape));
  if (shape.low.exists() && value < shape.low.value) Add(path, Quoted(shape, text), LowConstraint(shape));
}

void Violations::CheckStored(const Path& path, const Shape& shape, const void* stored, std::string_view number_text) {
  if (shape.kind == Kind::String) CheckText(path, shape, *static_cast<const std::string*>(stored));
  if (shape.kind == Kind::Blob) CheckSize(path, shape, static_cast<const std::string*>(stored)->size(), nullptr);
  if (!IsNumber(shape)) return;
  const std::string shown = shape.kind == Kind::Double ? ShowDouble(number_text) : std::string(number_text);
  CheckNumber(path, shape, StoredNumber(shape, stored), shown);
}

void Violations::CheckSize(const Path& path, const Shape& shape, size_t size, const json::Value* value) {
  if (InRange(shape, static_cast<double>(size))) return;
  const std::string shown = value ? Quoted(shape, ShowValue(shape, *value)) : std::string();
  const bool too_long = shape.high.exists() && static_cast<double>(size) > shape.high.value;
  Add(path, shown, too_long ? HighConstraint(shape) : LowConstraint(shape));
}

Error Violations::ToError() const {
  if (count_ == 0) return *bare_name_;
  return Error::Service("ValidationException", fmt::format("{} validation error{} detected: {}", count_, count_ == 1 ? "" : "s", texts_));
}

}  // namespace mayfly::wire
