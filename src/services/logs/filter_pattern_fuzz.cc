// Any pattern and any message: a refusal or an answer, in bounded time; what matches has the pattern's literal.
#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "services/logs/filter_pattern.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const size_t cut = std::min(all.find('\n'), all.size());
  const auto pattern = mayfly::logs::FilterPattern::Parse(all.substr(0, cut));
  if (!pattern) return 0;
  const std::string_view message = all.substr(std::min(cut + 1, all.size()));
  if ((*pattern)->Matches(message)) {
    MF_ASSERT(message.find((*pattern)->Literal()) != std::string_view::npos);
    (*pattern)->Extract(message);
  }
  return 0;
}
