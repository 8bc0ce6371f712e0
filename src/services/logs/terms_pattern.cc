// Terms: all must be there, those with '-' must not; '?' terms count only where there are no others, and then one is enough.
#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "services/logs/pattern_parts.h"

namespace mayfly::logs {
namespace {

struct Term {
  enum class Kind : unsigned char { Needed, Excluded, Optional };
  Kind kind = Kind::Needed;
  std::string text;
  std::shared_ptr<const re2::RE2> regex;

  bool IsIn(std::string_view message) const { return regex ? Contains(*regex, message) : message.find(text) != std::string_view::npos; }
};

class TermsPattern final : public FilterPattern {
 public:
  explicit TermsPattern(std::vector<Term> terms) : terms_(std::move(terms)) {
    only_optional_ = !terms_.empty() && std::ranges::all_of(terms_, [](const Term& term) { return term.kind == Term::Kind::Optional; });
  }

  bool Matches(std::string_view message) const override {
    if (only_optional_) return std::ranges::any_of(terms_, [&](const Term& term) { return term.IsIn(message); });
    return std::ranges::all_of(terms_, [&](const Term& term) {
      return term.kind == Term::Kind::Optional || term.IsIn(message) == (term.kind == Term::Kind::Needed);
    });
  }
  Extracted Extract(std::string_view) const override { return {}; }
  std::string Literal() const override {
    std::string longest;
    for (const Term& term : terms_) {
      if (term.kind == Term::Kind::Needed && term.text.size() > longest.size()) longest = term.text;
    }
    return longest;
  }

 private:
  std::vector<Term> terms_;
  bool only_optional_ = false;
};

bool IsWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

// Signs other than letters, digits and '_' need quotes.
Result<std::string> TakeWord(PatternText& text) {
  const std::string_view word = text.TakeUntil(" \t\r\n");
  if (!word.empty() && std::ranges::all_of(word, IsWordByte)) return std::string(word);
  return Fail(Error::Service("InvalidParameterException", fmt::format("Invalid character(s) in term '{}'", word)));
}

Result<Term> TakeTerm(PatternText& text, int& regexes) {
  Term term;
  if (text.Take("-")) {
    term.kind = Term::Kind::Excluded;
  } else if (text.Take("?")) {
    term.kind = Term::Kind::Optional;
  }
  if (text.front() == '"') {
    MF_TRY(term.text, text.TakeQuoted());
  } else if (text.front() == '%') {
    if (++regexes > kRegexesMax) return Fail(InvalidPattern());
    MF_TRY(const std::string_view regex, text.TakeRegex());
    MF_TRY(term.regex, CompileRegex(regex));
  } else {
    MF_TRY(term.text, TakeWord(text));
  }
  return term;
}

}  // namespace

Result<PatternPointer> ParseTerms(std::string_view pattern) {
  PatternText text(pattern);
  std::vector<Term> terms;
  int regexes = 0;
  for (text.SkipBlanks(); !text.at_end(); text.SkipBlanks()) {
    MF_TRY(Term term, TakeTerm(text, regexes));
    if (!term.text.empty() || term.regex) terms.push_back(std::move(term));
  }
  return PatternPointer(std::make_shared<TermsPattern>(std::move(terms)));
}

}  // namespace mayfly::logs
