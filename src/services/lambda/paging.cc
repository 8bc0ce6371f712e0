#include "services/lambda/paging.h"

#include "base/encoding.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {

std::string EncodeMarker(std::string_view key) { return Base64Encode(key); }

Result<std::string> DecodeMarker(const std::optional<std::string>& marker) {
  if (!marker) return std::string();
  auto key = Base64Decode(*marker);
  if (!key || key->empty() || !IsValidUtf8(*key)) return Fail(InvalidParameterValue("Invalid token."));
  return std::move(*key);
}

size_t PageLimit(const std::optional<int32_t>& max_items, size_t maximum) {
  return std::min(maximum, static_cast<size_t>(max_items.value_or(static_cast<int32_t>(maximum))));
}

}  // namespace mayfly::lambda
