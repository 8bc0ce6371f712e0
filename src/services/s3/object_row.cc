#include "services/s3/object_row.h"

#include "base/text.h"

namespace mayfly::s3 {

std::string_view ObjectRow::Header(std::string_view name) const {
  for (const auto& [header, value] : headers) {
    if (EqualIgnoringCase(header, name)) return value;
  }
  return {};
}

WallTime FromMillis(int64_t millis) { return WallTime(std::chrono::milliseconds(millis)); }

}  // namespace mayfly::s3
