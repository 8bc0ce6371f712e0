// How requests name a function: `f`, `f:alias`, `123456789012:function:f`, a full ARN with or without qualifier.
// Source: AWS API reference, FunctionName; texts recorded in the reference, §1.8.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/context.h"
#include "catalog/function.h"

namespace mayfly::catalog {

struct FunctionReference {
  FunctionName name;
  std::string qualifier;  // "" when none was given

  // The name as messages and Invoke print it: the ARN, with the qualifier when one was given.
  std::string Arn() const { return qualifier.empty() ? name.Arn() : name.Arn() + ':' + qualifier; }
};

// `text` has passed the model's pattern; account and region that it does not name are the caller's. `qualifier` is the
// Qualifier member ("" when absent). Errors (Service): InvalidParameterValueException when name and member disagree,
// ResourceNotFoundException for another region.
Result<FunctionReference> ParseFunctionReference(const Context& ctx, std::string_view text, std::string_view qualifier);

// Of a function's ARN, with or without a qualifier. nullopt: it is the ARN of something else, or none.
std::optional<FunctionReference> ParseFunctionArn(std::string_view arn);

Error FunctionNotFound(const FunctionReference& reference);

// Whether an alias may be called so: letters, digits, - and _, but not digits alone.
bool IsAliasName(std::string_view qualifier);

}  // namespace mayfly::catalog
