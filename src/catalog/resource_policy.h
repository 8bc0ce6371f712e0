// ResourcePolicy: the policy of a function, a version, an alias, or a layer version: who else may use it.
#pragma once

#include <string>
#include <string_view>

#include "catalog/function.h"
#include "identity/policy.h"

namespace mayfly::catalog {

struct ResourcePolicy {
  std::string document;     // the text that clients get; at most identity::kPolicyBytesMax
  std::string revision_id;  // its own: what it hangs on has another; "" in rows of older daemons, where the two were one
  identity::PolicyPointer parsed;  // of `document`; never null in a table

  // Error (Service, MalformedPolicyDocument): `document` is no policy of a resource.
  static Result<ResourcePolicy> Make(std::string document, std::string revision_id = {});
};

// Key of the table "policies": FUNCTION-KEY/QUALIFIER, with "$LATEST" for the function itself.
std::string PolicyKey(const FunctionName& function, std::string_view qualifier);
json::Value ToJson(const ResourcePolicy& policy);
Result<> FromJson(std::string_view key, const json::Value& value, ResourcePolicy& policy);

}  // namespace mayfly::catalog
