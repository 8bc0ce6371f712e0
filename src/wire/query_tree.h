// QueryTree: the parameters of a query request by the parts of their names, and their way into generated structs.
// Private to the query protocol. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "wire/descriptor.h"
#include "wire/violations.h"

namespace mayfly::wire {

// One part of names: what stands behind it, and its own text.
struct QueryNode {
  std::string name;
  std::optional<std::string> text;
  std::vector<QueryNode> children;

  QueryNode* Find(std::string_view name);
  QueryNode& Child(std::string_view name);
  // Children whose names are numbers, in their order.
  std::vector<QueryNode*> Numbered();
};

// Error: MalformedQueryString for a name with too many parts.
Result<QueryNode> BuildQueryTree(const std::vector<std::pair<std::string, std::string>>& parameters);

// Reads the members of `structure` that are in the body. Required ones that are missing are violations.
// Error: InvalidParameterValue for what is no such value; SerializationException for what is no base64.
Result<> ReadQueryMembers(const Structure& structure, QueryNode& node, void* target, const Path* path, Violations& violations);

}  // namespace mayfly::wire
