#include "resources/paging.h"

#include "base/encoding.h"

namespace mayfly::resources {

std::string WriteMarker(std::string_view place) { return Base64Encode(place); }

std::optional<std::string> ReadMarker(std::string_view marker) {
  auto place = Base64Decode(marker);
  if (!place || place->empty() || !IsValidUtf8(*place)) return std::nullopt;
  return std::move(*place);
}

size_t PageLimit(const std::optional<int32_t>& asked, size_t maximum) {
  return asked ? std::min(maximum, static_cast<size_t>(std::max(*asked, 0))) : maximum;
}

bool IsPageLimit(const std::optional<int32_t>& asked, size_t maximum) {
  return !asked || (*asked >= 1 && static_cast<size_t>(*asked) <= maximum);
}

}  // namespace mayfly::resources
