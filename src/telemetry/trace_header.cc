#include "telemetry/trace_header.h"

#include "base/text.h"

namespace mayfly::telemetry {

std::string_view TraceField(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const size_t end = header.find(';');
    const std::string_view field = header.substr(0, end);
    const size_t equals = field.find('=');
    if (equals != std::string_view::npos && Trim(field.substr(0, equals), " ") == name) return Trim(field.substr(equals + 1), " ");
    if (end == std::string_view::npos) break;
    header.remove_prefix(end + 1);
  }
  return {};
}

bool IsHexId(std::string_view text, size_t size) {
  return text.size() == size && ConsistsOf(text, kLowerHexDigits);
}

bool IsTraceId(std::string_view text) {
  return text.size() == 35 && text.starts_with("1-") && IsHexId(text.substr(2, 8), 8) && text[10] == '-' && IsHexId(text.substr(11), 24);
}

}  // namespace mayfly::telemetry
