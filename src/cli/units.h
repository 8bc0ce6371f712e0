// Figures as a person reads them. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace mayfly::cli {

// "0 B", "812 B", "4.2 KiB", "35 MiB", "1.5 GiB"
std::string FormatBytes(int64_t bytes);
// "0.12 ms", "4.2 ms", "812 ms", "2.31 s", "75.0 s"
std::string FormatMilliseconds(double milliseconds);
// "4 s", "2 min 5 s", "3 h 12 min", "2 d 4 h": how long something has been, or will take
std::string FormatSpan(Duration span);
// "0", "0.4", "12.3", "1204": of a second
std::string FormatRate(double per_second);

}  // namespace mayfly::cli
