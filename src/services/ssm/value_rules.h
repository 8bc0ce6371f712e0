// What a value may be: tiers with their sizes, patterns, kinds of data. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly::ssm {

inline constexpr size_t kStandardCharactersMax = 4096;
inline constexpr size_t kAdvancedCharactersMax = 8192;

// The tier that a version gets. `asked`: by the request; `present`: of the version before it, "" for a new parameter.
// Errors: ValidationException, the value is too large for its tier, or an advanced parameter would become a standard one.
Result<std::string> ChooseTier(const std::optional<std::string>& asked, std::string_view present, std::string_view value);

// Whether the value is what `pattern` allows; anything, when that is "". Errors: InvalidAllowedPatternException,
// ParameterPatternMismatchException.
Result<> CheckPattern(const std::string& pattern, std::string_view value);

// "text", "aws:ec2:image", "aws:ssm:integration". Error: ValidationException.
Result<> CheckDataType(std::string_view data_type);

}  // namespace mayfly::ssm
