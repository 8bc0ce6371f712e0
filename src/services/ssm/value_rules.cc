#include "services/ssm/value_rules.h"

#include <re2/re2.h>

#include <algorithm>

#include <fmt/format.h>

#include "services/ssm/parameter_name.h"

namespace mayfly::ssm {
namespace {

constexpr std::string_view kStandard = "Standard";
constexpr std::string_view kAdvanced = "Advanced";
constexpr std::string_view kIntelligent = "Intelligent-Tiering";

size_t CharactersOf(std::string_view utf8) {
  return static_cast<size_t>(std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

Result<std::string> ChooseTier(const std::optional<std::string>& asked, std::string_view present, std::string_view value) {
  const size_t characters = CharactersOf(value);
  const bool fits = characters <= kStandardCharactersMax;
  std::string tier = asked.value_or(std::string(present.empty() ? kStandard : present));
  if (tier == kIntelligent) tier = fits && present != kAdvanced ? kStandard : kAdvanced;
  if (tier == kStandard && present == kAdvanced) {
    return Fail(Invalid("This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the "
                        "standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a standard parameter."));
  }
  if (tier == kStandard && !fits) {
    return Fail(Invalid("Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter value, upgrade the parameter "
                        "to use the advanced-parameter tier. For more information, see "
                        "https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"));
  }
  if (characters > kAdvancedCharactersMax) return Fail(Invalid("Advanced tier parameters support a maximum parameter value of 8192 characters."));
  return tier;
}

Result<> CheckPattern(const std::string& pattern, std::string_view value) {
  if (pattern.empty()) return {};
  const RE2 compiled(pattern, RE2::Quiet);
  if (!compiled.ok()) {
    return Fail(Error::Service("InvalidAllowedPatternException", fmt::format("The request doesn't meet the regular expression requirement: {}", compiled.error())));
  }
  if (RE2::FullMatch(re2::StringPiece(value.data(), value.size()), compiled)) return {};
  return Fail(Error::Service("ParameterPatternMismatchException", fmt::format("Parameter value, cannot be validated against allowedPattern: {}", pattern)));
}

Result<> CheckDataType(std::string_view data_type) {
  if (data_type == "text" || data_type == "aws:ec2:image" || data_type == "aws:ssm:integration") return {};
  return Fail(Invalid(fmt::format("The following data type is not supported: {} (Data type names are all lowercase.)", data_type)));
}

}  // namespace mayfly::ssm
