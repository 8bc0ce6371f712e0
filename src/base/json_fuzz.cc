// JSON from anywhere: whatever is accepted must be written back to something that is accepted and equal; the two readers agree.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mayfly;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = json::Parse(text);
  MF_ASSERT(value.has_value() == json::IsValidJson(text));
  if (!value) return 0;
  const std::string written = json::Write(*value);
  const auto again = json::Parse(written);
  MF_ASSERT(again.has_value());
  MF_ASSERT(*again == *value);
  MF_ASSERT(json::Write(*again) == written);
  return 0;
}
