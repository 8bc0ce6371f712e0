// Patterns of strangers on events of strangers: "PATTERN\0EVENT". Whatever compiles gives the same answer twice, and Filters
// of one pattern agree with it.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sources/filter_pattern.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mayfly;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = input.find('\0');
  const std::string_view text = input.substr(0, end);
  const auto pattern = sources::FilterPattern::Compile(text);
  const auto filters = sources::Filters::Compile({std::string(text)});
  MF_ASSERT(pattern.has_value() == filters.has_value());
  if (!pattern) {
    MF_ASSERT(pattern.error().message == "Invalid filter pattern definition.");
    return 0;
  }
  const auto event = json::Parse(end == std::string_view::npos ? text : input.substr(end + 1));
  if (!event) return 0;
  const bool matches = pattern->Matches(*event);
  MF_ASSERT(matches == pattern->Matches(*event));
  MF_ASSERT(matches == filters->Matches(*event));
  return 0;
}
