#include "identity/policy_pattern.h"

#include <fmt/format.h>

#include "base/text.h"
#include "identity/arn.h"
#include "identity/canonical.h"
#include "net/http_message.h"

namespace mayfly::identity {
namespace {

constexpr char16_t kAnyRun = 0x100;
constexpr char16_t kAnyOne = 0x101;
constexpr int kArnParts = 6;

char16_t Byte(char c) { return static_cast<unsigned char>(c); }
char16_t Lower(char16_t code) { return code >= 'A' && code <= 'Z' ? code + ('a' - 'A') : code; }

// The wildcards of a pattern stand for nothing special here.
char16_t AsText(char16_t code) { return code == kAnyRun ? u'*' : code == kAnyOne ? u'?' : code; }

bool IsSame(char16_t code, char c, LetterCase letter_case) {
  return letter_case == LetterCase::Matters ? code == Byte(c) : Lower(code) == Lower(Byte(c));
}

// The bytes of the UTF-8 character at `at`.
size_t CharacterBytes(std::string_view text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
  return end - at;
}

// When a wildcard run has taken too little, it takes one byte more: the last run is the only one to come back to.
bool Matches(std::u16string_view pattern, std::string_view text, LetterCase letter_case) {
  constexpr size_t kNone = std::u16string_view::npos;
  size_t in_pattern = 0;
  size_t in_text = 0;
  size_t run = kNone;
  size_t run_text = 0;
  while (in_text < text.size()) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == kAnyRun) {
      run = in_pattern++;
      run_text = in_text;
    } else if (in_pattern < pattern.size() && pattern[in_pattern] == kAnyOne) {
      ++in_pattern;
      in_text += CharacterBytes(text, in_text);
    } else if (in_pattern < pattern.size() && IsSame(pattern[in_pattern], text[in_text], letter_case)) {
      ++in_pattern;
      ++in_text;
    } else if (run != kNone) {
      in_pattern = run + 1;
      in_text = ++run_text;
    } else {
      return false;
    }
  }
  while (in_pattern < pattern.size() && pattern[in_pattern] == kAnyRun) ++in_pattern;
  return in_pattern == pattern.size();
}

// Cuts what comes before the next colon off `rest`.
template <typename View>
std::optional<View> TakePart(View& rest) {
  const size_t colon = rest.find(typename View::value_type{':'});
  if (colon == View::npos) return std::nullopt;
  const View part = rest.substr(0, colon);
  rest.remove_prefix(colon + 1);
  return part;
}

size_t ColonsIn(std::u16string_view pattern) {
  size_t count = 0;
  for (const char16_t code : pattern) count += code == u':';
  return count;
}

}  // namespace

Error MalformedPolicy(std::string message) { return Error::Service("MalformedPolicyDocument", std::move(message)); }

// `text` follows "${"; returns how much of it the variable takes, its brace included.
Result<size_t> PolicyPattern::ParseVariable(std::string_view text, PolicyPattern& into) {
  const size_t end = text.find('}');
  if (end == std::string_view::npos) return Fail(MalformedPolicy(fmt::format("Syntax errors in policy. The variable in \"{}\" does not end.", into.text_)));
  const std::string_view body = Trim(text.substr(0, end));
  if (body == "*" || body == "?" || body == "$") {
    into.codes_.push_back(Byte(body[0]));
    return end + 1;
  }
  Variable variable{.at = into.codes_.size(), .key = std::string(Trim(body.substr(0, body.find(',')))), .fallback = {}};
  if (const size_t comma = body.find(','); comma != std::string_view::npos) {
    const std::string_view quoted = Trim(body.substr(comma + 1));
    if (quoted.size() < 2 || quoted.front() != '\'' || quoted.back() != '\'') {
      return Fail(MalformedPolicy(fmt::format("Syntax errors in policy. The default value in \"{}\" must stand in single quotes.", into.text_)));
    }
    variable.fallback = quoted.substr(1, quoted.size() - 2);
  }
  if (variable.key.empty()) return Fail(MalformedPolicy(fmt::format("Syntax errors in policy. A variable in \"{}\" has no name.", into.text_)));
  into.variables_.push_back(std::move(variable));
  return end + 1;
}

Result<PolicyPattern> PolicyPattern::Parse(std::string_view text, Variables variables) {
  PolicyPattern pattern;
  pattern.text_ = text;
  for (size_t at = 0; at < text.size();) {
    if (variables == Variables::Resolved && text.substr(at).starts_with("${")) {
      MF_TRY(const size_t taken, ParseVariable(text.substr(at + 2), pattern));
      at += 2 + taken;
      continue;
    }
    const char c = text[at++];
    pattern.codes_.push_back(c == '*' ? kAnyRun : c == '?' ? kAnyOne : Byte(c));
  }
  return pattern;
}

const PolicyPattern::Codes* PolicyPattern::Resolve(const ConditionKeys& keys, Codes& storage) const {
  if (variables_.empty()) return &codes_;
  size_t copied = 0;
  for (const Variable& variable : variables_) {
    storage.append(codes_, copied, variable.at - copied);
    copied = variable.at;
    const std::vector<std::string>* values = keys.Find(variable.key);
    const std::string* value = values && values->size() == 1 ? &values->front() : variable.fallback ? &*variable.fallback : nullptr;
    if (!value) return nullptr;
    for (const char c : *value) storage.push_back(Byte(c));
  }
  storage.append(codes_, copied);
  return &storage;
}

bool PolicyPattern::Equals(std::string_view text, const ConditionKeys& keys, LetterCase letter_case) const {
  Codes storage;
  const Codes* codes = Resolve(keys, storage);
  if (!codes || codes->size() != text.size()) return false;
  for (size_t at = 0; at < text.size(); ++at) {
    if (!IsSame(AsText((*codes)[at]), text[at], letter_case)) return false;
  }
  return true;
}

bool PolicyPattern::IsLike(std::string_view text, const ConditionKeys& keys, LetterCase letter_case) const {
  Codes storage;
  const Codes* codes = Resolve(keys, storage);
  return codes && Matches(*codes, text, letter_case);
}

bool PolicyPattern::IsLikeArn(std::string_view arn, const ConditionKeys& keys, PartialArn partial) const {
  Codes storage;
  const Codes* codes = Resolve(keys, storage);
  if (!codes) return false;
  std::u16string_view pattern = *codes;
  if (ColonsIn(pattern) + 1 < kArnParts) return partial == PartialArn::MatchesText && Matches(pattern, arn, LetterCase::Matters);
  for (int part = 1; part < kArnParts; ++part) {
    const auto text_part = TakePart(arn);
    if (!text_part || !Matches(*TakePart(pattern), *text_part, LetterCase::Matters)) return false;
  }
  return Matches(pattern, arn, LetterCase::Matters);
}

}  // namespace mayfly::identity
