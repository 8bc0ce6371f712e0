#include "services/lambda/paging.h"

#include "services/lambda/settings.h"

namespace mayfly::lambda {

Error InvalidMarker() { return InvalidParameterValue("Invalid token."); }

Result<std::string> ReadMarker(const std::optional<std::string>& marker) {
  if (!marker) return std::string();
  auto place = resources::ReadMarker(*marker);
  if (!place) return Fail(InvalidMarker());
  return std::move(*place);
}

}  // namespace mayfly::lambda
