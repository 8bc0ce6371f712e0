// Alias: a name for a version of a function, with a second version that takes a share of the traffic if wanted.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "catalog/function.h"

namespace mayfly::catalog {

struct Alias {
  FunctionName function;
  std::string name;
  std::string function_version;  // "1", or "$LATEST"
  std::string description;
  std::string additional_version;  // of RoutingConfig; "" without
  double additional_weight = 0;    // 0 to 1: the share that goes to additional_version
  std::string revision_id;

  std::string Arn() const { return function.Arn() + ':' + name; }
  bool has_routing() const { return !additional_version.empty(); }
};

// Key of the table "aliases": FUNCTION-KEY/NAME. What the key says is not in the text.
std::string AliasKey(const FunctionName& function, std::string_view name);
json::Value ToJson(const Alias& alias);
Result<> FromJson(std::string_view key, const json::Value& value, Alias& alias);

}  // namespace mayfly::catalog
