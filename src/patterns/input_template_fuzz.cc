// Templates and paths of strangers on events of strangers: "TEMPLATE\0EVENT". Every placeholder that is named is asked for, nothing else is, and
// a path that is read finds the same twice.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "patterns/input_template.h"
#include "patterns/json_path.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mayfly;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = input.find('\0');
  const std::string_view text = input.substr(0, end);
  const auto event = json::Parse(end == std::string_view::npos ? text : input.substr(end + 1));
  if (!event) return 0;
  size_t asked = 0;
  const std::string filled = patterns::FillTemplate(text, [&](std::string_view name) -> std::optional<json::Value> {
    ++asked;
    const auto path = patterns::JsonPath::Parse(name);
    if (!path) return std::nullopt;
    const auto found = path->Find(*event);
    MF_ASSERT(found == path->Find(*event));
    return found;
  });
  (void)patterns::IsWellFormedTemplate(text);
  MF_ASSERT(asked == patterns::PlaceholdersOf(text).size());
  return 0;
}
