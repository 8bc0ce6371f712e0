// Patterns of strangers on events of strangers: "PATTERN\0EVENT". A refusal has a reason; whatever compiles gives the same answer
// twice, an index of it agrees, and what a narrower dialect takes a wider one takes, too.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "patterns/pattern_index.h"

namespace {

mayfly::Error Refused(std::string_view reason) {
  MF_ASSERT(!reason.empty());
  return mayfly::Error::Service("Refused", std::string(reason));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mayfly;
  constexpr patterns::Dialect kWide{.refuse = Refused};
  constexpr patterns::Dialect kNarrow{.has_wildcards = false, .has_nested_anything_but = false, .number_max = 1e9, .refuse = Refused};
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = input.find('\0');
  const std::string_view text = input.substr(0, end);
  const auto pattern = patterns::EventPattern::Compile(text, kWide);
  MF_ASSERT(pattern || !patterns::EventPattern::Compile(text, kNarrow));
  if (!pattern) return 0;
  const auto event = json::Parse(end == std::string_view::npos ? text : input.substr(end + 1));
  if (!event) return 0;
  patterns::PatternIndex index;
  index.Set("it", *pattern);
  const bool matches = pattern->Matches(*event);
  MF_ASSERT(matches == pattern->Matches(*event));
  MF_ASSERT(index.Match(*event).size() == (matches ? 1 : 0));
  return 0;
}
