#include "services/logs/pattern_parts.h"

#include <re2/re2.h>

#include <charconv>
#include <cmath>

namespace mayfly::logs {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr size_t kRegexMemoryMax = 1u << 20;

// Letters, digits and the signs that CloudWatch has in expressions.
bool IsRegexSign(char c) {
  const bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return is_word || std::string_view(":_#=@/;,- ^$?[]{}|\\*+.").find(c) != std::string_view::npos;
}

bool Holds(Comparison comparison, double value, double operand) {
  switch (comparison) {
    case Comparison::Equal: return value == operand;
    case Comparison::NotEqual: return value != operand;
    case Comparison::Less: return value < operand;
    case Comparison::Greater: return value > operand;
    case Comparison::AtMost: return value <= operand;
    case Comparison::AtLeast: return value >= operand;
  }
  return false;
}

std::optional<Comparison> TakeComparison(PatternText& text) {
  if (text.Take("!=")) return Comparison::NotEqual;
  if (text.Take("<=")) return Comparison::AtMost;
  if (text.Take(">=")) return Comparison::AtLeast;
  if (text.Take("=")) return Comparison::Equal;
  if (text.Take("<")) return Comparison::Less;
  if (text.Take(">")) return Comparison::Greater;
  return std::nullopt;
}

}  // namespace

Error InvalidPattern() { return Error::Service("InvalidParameterException", "Invalid filter pattern"); }

void PatternText::SkipBlanks() { text_.remove_prefix(std::min(text_.size(), text_.find_first_not_of(kBlanks))); }

bool PatternText::Take(std::string_view word) {
  if (!text_.starts_with(word)) return false;
  text_.remove_prefix(word.size());
  return true;
}

Result<std::string> PatternText::TakeQuoted() {
  MF_ASSERT(front() == '"');
  std::string taken;
  for (size_t at = 1; at < text_.size(); ++at) {
    if (text_[at] == '"') {
      text_.remove_prefix(at + 1);
      return taken;
    }
    if (text_[at] == '\\' && at + 1 < text_.size() && (text_[at + 1] == '"' || text_[at + 1] == '\\')) ++at;
    taken += text_[at];
  }
  return Fail(InvalidPattern());
}

Result<std::string_view> PatternText::TakeRegex() {
  MF_ASSERT(front() == '%');
  const size_t end = text_.find('%', 1);
  if (end == std::string_view::npos || end == 1) return Fail(InvalidPattern());
  const std::string_view regex = text_.substr(1, end - 1);
  text_.remove_prefix(end + 1);
  return regex;
}

std::string_view PatternText::TakeUntil(std::string_view ends) {
  const std::string_view taken = text_.substr(0, text_.find_first_of(ends));
  text_.remove_prefix(taken.size());
  return taken;
}

Result<std::shared_ptr<const re2::RE2>> CompileRegex(std::string_view text) {
  for (const char c : text) {
    if (!IsRegexSign(c)) return Fail(InvalidPattern());
  }
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_encoding(re2::RE2::Options::EncodingLatin1);
  options.set_max_mem(kRegexMemoryMax);
  options.set_never_capture(true);
  auto regex = std::make_shared<const re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
  if (!regex->ok()) return Fail(InvalidPattern());
  return regex;
}

bool Contains(const re2::RE2& regex, std::string_view text) { return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), regex); }

bool MatchesWildcards(std::string_view pattern, std::string_view text) {
  size_t at = 0, in_text = 0;
  std::optional<size_t> star;
  size_t star_text = 0;
  while (in_text < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      star_text = in_text;
    } else if (at < pattern.size() && pattern[at] == text[in_text]) {
      ++at;
      ++in_text;
    } else if (star) {
      at = *star + 1;
      in_text = ++star_text;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

std::optional<double> NumberOf(std::string_view text) {
  double number = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

bool Operand::HoldsFor(double value) const { return number && Holds(comparison, value, *number); }

bool Operand::HoldsFor(std::string_view value) const {
  if (regex) return Contains(*regex, value) == (comparison == Comparison::Equal);
  const std::optional<double> as_number = number ? NumberOf(value) : std::nullopt;
  if (as_number) return Holds(comparison, *as_number, *number);
  if (comparison == Comparison::Equal) return MatchesWildcards(text, value);
  if (comparison == Comparison::NotEqual) return !MatchesWildcards(text, value);
  return false;
}

Result<Operand> TakeOperand(PatternText& text, std::string_view ends) {
  Operand operand;
  text.SkipBlanks();
  const auto comparison = TakeComparison(text);
  if (!comparison) return Fail(InvalidPattern());
  operand.comparison = *comparison;
  text.SkipBlanks();
  if (text.front() == '"') {
    MF_TRY(operand.text, text.TakeQuoted());
    operand.is_quoted = true;
  } else if (text.front() == '%') {
    MF_TRY(const std::string_view regex, text.TakeRegex());
    MF_TRY(operand.regex, CompileRegex(regex));
  } else {
    operand.text = std::string(text.TakeUntil(ends));
    operand.number = NumberOf(operand.text);
    if (operand.text.empty()) return Fail(InvalidPattern());
  }
  const bool is_ordered = *comparison != Comparison::Equal && *comparison != Comparison::NotEqual;
  if (is_ordered && !operand.number) return Fail(InvalidPattern());
  return operand;
}

}  // namespace mayfly::logs
