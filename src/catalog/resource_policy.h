// ResourcePolicy: the policy of a function, a version, an alias, or a layer version: who else may use it.
#pragma once

#include <string>
#include <string_view>

#include "catalog/function.h"
#include "identity/policy.h"

namespace mayfly::catalog {

struct ResourcePolicy {
  std::string document;     // the text that clients get; at most identity::kPolicyBytesMax
  std::string revision_id;  // of a layer version's policy; those of functions share that of the function, version or alias
  identity::PolicyPointer parsed;  // of `document`; never null in a table

  // Error (Service, MalformedPolicyDocument): `document` is no policy of a resource.
  static Result<ResourcePolicy> Make(std::string document, std::string revision_id = {});
};

// Key of the table "policies": FUNCTION-KEY/QUALIFIER, with "$LATEST" for the function itself.
std::string PolicyKey(const FunctionName& function, std::string_view qualifier);
json::Value ToJson(const ResourcePolicy& policy);
Result<> FromJson(std::string_view key, const json::Value& value, ResourcePolicy& policy);

}  // namespace mayfly::catalog
