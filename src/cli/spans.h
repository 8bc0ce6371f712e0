// Spans of time as the command takes them.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace mayfly::cli {

// "90s", "10m", "2h", "1d"; nullopt for anything else, and for more than a hundred years.
std::optional<Duration> ParseSpan(std::string_view text);

}  // namespace mayfly::cli
