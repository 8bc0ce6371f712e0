// PolicyPattern: a text of a policy that may hold wildcards (* any characters, ? one character) and variables
// (${aws:username}, ${aws:username, 'nobody'}; ${*}, ${?}, ${$} are these characters themselves).
// Source: IAM user guide, "Policy variables and tags", "Resource", "Condition operators".
//
// Immutable; any thread. Matching takes at most pattern × text steps. A variable's value is taken literally: it brings no
// wildcards. A variable whose key is absent, has several values, and has no default makes the pattern match nothing.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "identity/condition_keys.h"

namespace mayfly::identity {

enum class LetterCase : unsigned char { Matters, Ignored };
enum class Variables : unsigned char { Resolved, Literal };  // policies of version 2008-10-17 know none

// Service error MalformedPolicyDocument: a policy that cannot be read, and why.
Error MalformedPolicy(std::string message);

class PolicyPattern {
 public:
  PolicyPattern() = default;
  // Error: MalformedPolicyDocument, a variable that does not end or has no name.
  static Result<PolicyPattern> Parse(std::string_view text, Variables variables);

  // '*' and '?' stand for themselves.
  bool Equals(std::string_view text, const ConditionKeys& keys, LetterCase letter_case) const;
  bool IsLike(std::string_view text, const ConditionKeys& keys, LetterCase letter_case) const;
  // Part by part, so that a wildcard does not reach over a colon, but for the last part. A pattern that has not the six
  // parts of an ARN ("*") is matched as one text if `partial` says so, otherwise it matches nothing.
  enum class PartialArn : unsigned char { MatchesText, MatchesNothing };
  bool IsLikeArn(std::string_view arn, const ConditionKeys& keys, PartialArn partial) const;

  const std::string& text() const { return text_; }  // as it stands in the policy
  bool has_variables() const { return !variables_.empty(); }
  void AddVariables(std::set<std::string>& names) const {
    for (const Variable& variable : variables_) names.insert(variable.key);
  }

 private:
  // Bytes of text, and codes above them for what is no text.
  using Codes = std::u16string;

  struct Variable {
    size_t at;  // in codes_: it stands before this one
    std::string key;
    std::optional<std::string> fallback;
  };
  // codes_ with the variables' values; nullopt when one of them has none. `storage` holds the result where one is made.
  const Codes* Resolve(const ConditionKeys& keys, Codes& storage) const;
  static Result<size_t> ParseVariable(std::string_view text, PolicyPattern& into);

  std::string text_;
  Codes codes_;
  std::vector<Variable> variables_;
};

}  // namespace mayfly::identity
