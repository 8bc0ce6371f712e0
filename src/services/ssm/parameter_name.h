// Names of parameters: paths, selectors, ARNs. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/context.h"
#include "base/result.h"

namespace mayfly::ssm {

// Whose parameter, and which: "/app/db" and "app/db" name the same one, so the path has no slash at its front.
struct ParameterKey {
  std::string account_id;
  std::string region;
  std::string path;

  std::string Text() const { return account_id + '/' + region + '/' + path; }
  // "arn:aws:ssm:REGION:ACCOUNT:parameter/PATH"
  std::string Arn() const;
};

// What a request calls a parameter: a name or ARN, perhaps with ":3" or ":label" behind it.
struct ParameterReference {
  ParameterKey key;
  std::string name;      // as it was given, without selector
  std::string selector;  // "3", "label"; "" for the newest
};
// Never fails: a name that could be nobody's is not found.
ParameterReference ParseReference(const Context& ctx, std::string_view text);

// Whether a parameter may be made with this name. Errors, in AWS's words: ValidationException, HierarchyLevelLimitExceededException,
// AccessDeniedException (reserved).
Result<> CheckName(const ParameterKey& key, std::string_view name);
// Whether it is a path to look below: "/" or one that begins so. Error: ValidationException.
Result<> CheckPath(std::string_view path);

// "/app/db" and "app/db" are both "app/db".
std::string_view WithoutFirstSlash(std::string_view text);

// ValidationException, in AWS's words.
Error Invalid(std::string message);

// Whether a label may be given. Not an error: those that may not are told one by one.
bool IsLabel(std::string_view label);

}  // namespace mayfly::ssm
