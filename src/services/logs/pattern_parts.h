// What the kinds of filter patterns share: reading a pattern's text, and the values that its conditions compare with.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "services/logs/filter_pattern.h"

namespace re2 {
class RE2;
}

namespace mayfly::logs {

inline constexpr int kRegexesMax = 2;
inline constexpr int kConditionsMax = 64;

// InvalidParameterException: "Invalid filter pattern".
Error InvalidPattern();

// Goes through a pattern. Views are of the pattern.
class PatternText {
 public:
  explicit PatternText(std::string_view text) : text_(text) {}
  bool at_end() const { return text_.empty(); }
  char front() const { return text_.empty() ? '\0' : text_.front(); }
  std::string_view rest() const { return text_; }
  void Skip(size_t bytes) { text_.remove_prefix(bytes); }
  void SkipBlanks();
  // Takes `word` off the front when it stands there.
  bool Take(std::string_view word);
  // "…" with \" and \\ inside. Error: no end.
  Result<std::string> TakeQuoted();
  // %…%. Errors: no end; an empty one.
  Result<std::string_view> TakeRegex();
  // Everything up to one of `ends`.
  std::string_view TakeUntil(std::string_view ends);

 private:
  std::string_view text_;
};

// A regular expression in CloudWatch's subset: no groups, no bytes beyond ASCII. Error: InvalidParameterException.
Result<std::shared_ptr<const re2::RE2>> CompileRegex(std::string_view text);
bool Contains(const re2::RE2& regex, std::string_view text);

// Text with `*` for any bytes.
bool MatchesWildcards(std::string_view pattern, std::string_view text);

std::optional<double> NumberOf(std::string_view text);

enum class Comparison : unsigned char { Equal, NotEqual, Less, Greater, AtMost, AtLeast };

// What stands behind a field's or selector's name: `= "x*"`, `!= 5`, `>= 1e3`, `= %re%`.
struct Operand {
  Comparison comparison = Comparison::Equal;
  std::string text;               // as it stands, without quotes
  std::optional<double> number;   // unless it was quoted
  std::shared_ptr<const re2::RE2> regex;
  bool is_quoted = false;

  // Of a field that is text: numbers are compared as numbers where the text is one.
  bool HoldsFor(std::string_view value) const;
  bool HoldsFor(double value) const;
};

// The comparison and its operand. `ends`: what ends a bare word. Error: InvalidParameterException.
Result<Operand> TakeOperand(PatternText& text, std::string_view ends);

// The kinds (terms_pattern.cc, json_pattern.cc, delimited_pattern.cc). Errors: InvalidParameterException.
using PatternPointer = std::shared_ptr<const FilterPattern>;
Result<PatternPointer> ParseTerms(std::string_view pattern);
Result<PatternPointer> ParseJsonPattern(std::string_view pattern);
Result<PatternPointer> ParseDelimited(std::string_view pattern);

}  // namespace mayfly::logs
