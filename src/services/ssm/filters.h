// ParameterFilters: what DescribeParameters and GetParametersByPath pick out. Pure functions over stored rows.
//
//   Name            Equals (the usual), BeginsWith, Contains; a slash at the front plays no part
//   Type, Tier, KeyId, DataType   Equals, BeginsWith (KeyId)
//   Path            OneLevel (the usual), Recursive
//   Label           Equals, of the newest version (GetParametersByPath: of any)
//   tag:KEY         Equals; without values: the tag is there
// All filters must hold; of one filter's values any.
#pragma once

#include <string>
#include <vector>

#include "model/ssm.h"
#include "services/ssm/parameter.h"

namespace mayfly::ssm {

enum class FilterUse : unsigned char { Describe, ByPath };

// Errors: InvalidFilterKey, InvalidFilterOption, InvalidFilterValue, ValidationException (a path).
Result<> CheckFilters(const std::vector<ParameterStringFilter>& filters, FilterUse use);
// The filters have been checked.
bool Matches(const ParameterRow& parameter, const std::vector<ParameterStringFilter>& filters);

// Whether the parameter lies below `path`: "/app" or "/app/" or "/"; directly, or at any depth.
enum class Depth : unsigned char { OneLevel, Recursive };
bool LiesBelow(const ParameterRow& parameter, std::string_view path, Depth depth);

}  // namespace mayfly::ssm
