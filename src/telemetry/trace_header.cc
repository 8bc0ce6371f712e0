#include "telemetry/trace_header.h"

namespace mayfly::telemetry {
namespace {

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

}  // namespace

std::string_view TraceField(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const size_t end = header.find(';');
    const std::string_view field = header.substr(0, end);
    const size_t equals = field.find('=');
    if (equals != std::string_view::npos && Trim(field.substr(0, equals)) == name) return Trim(field.substr(equals + 1));
    if (end == std::string_view::npos) break;
    header.remove_prefix(end + 1);
  }
  return {};
}

bool IsHexId(std::string_view text, size_t size) {
  return text.size() == size && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool IsTraceId(std::string_view text) {
  return text.size() == 35 && text.starts_with("1-") && IsHexId(text.substr(2, 8), 8) && text[10] == '-' && IsHexId(text.substr(11), 24);
}

}  // namespace mayfly::telemetry
