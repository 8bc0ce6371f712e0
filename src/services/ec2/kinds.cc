#include "services/ec2/kinds.h"

#include <fmt/format.h>

#include "base/text.h"

namespace mayfly::ec2 {

bool IsIdOf(const Kind& kind, std::string_view id) {
  if (!id.starts_with(kind.prefix) || id.size() <= kind.prefix.size() || id[kind.prefix.size()] != '-') return false;
  const std::string_view digits = id.substr(kind.prefix.size() + 1);
  return (digits.size() == 8 || digits.size() == 17) && ConsistsOf(digits, kLowerHexDigits);
}

Error Malformed(const Kind& kind, std::string_view id) {
  return Error::Service(std::string(kind.malformed_code), fmt::format("Invalid id: \"{}\" (expecting \"{}-...\")", id, kind.prefix));
}

Error Missing(const Kind& kind, std::string_view id) {
  return Error::Service(std::string(kind.missing_code), fmt::format(fmt::runtime(kind.missing_text), id));
}

Error InvalidValue(std::string message) { return Error::Service("InvalidParameterValue", std::move(message)); }

Error MissingParameter(std::string_view name) {
  return Error::Service("MissingParameter", fmt::format("The request must contain the parameter {}", name));
}

Error DependencyViolation(std::string message) { return Error::Service("DependencyViolation", std::move(message)); }

Error InUse(std::string_view what, std::string_view id) {
  return DependencyViolation(fmt::format("The {} '{}' has dependencies and cannot be deleted.", what, id));
}

}  // namespace mayfly::ec2
