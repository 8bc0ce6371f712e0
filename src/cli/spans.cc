#include "cli/spans.h"

#include "base/text.h"

namespace mayfly::cli {

std::optional<Duration> ParseSpan(std::string_view text) {
  constexpr int64_t kSecondsMax = int64_t{100} * 366 * 86'400;
  if (text.size() < 2) return std::nullopt;
  const auto number = ParseNumber<uint32_t>(text.substr(0, text.size() - 1));
  if (!number) return std::nullopt;
  int64_t seconds = *number;
  switch (text.back()) {
    case 's': break;
    case 'm': seconds *= 60; break;
    case 'h': seconds *= 3600; break;
    case 'd': seconds *= 86'400; break;
    default: return std::nullopt;
  }
  return seconds > kSecondsMax ? std::nullopt : std::optional<Duration>(std::chrono::seconds(seconds));
}

}  // namespace mayfly::cli
