#include "cli/units.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

namespace mayfly::cli {

std::string FormatBytes(int64_t bytes) {
  static constexpr std::array<std::string_view, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 || value >= 9.95 ? fmt::format("{:.0f} {}", value, kUnits[unit]) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string FormatMilliseconds(double milliseconds) {
  if (milliseconds < 0.9995) return fmt::format("{:.2f} ms", milliseconds);
  if (milliseconds < 9.95) return fmt::format("{:.1f} ms", milliseconds);
  if (milliseconds < 999.5) return fmt::format("{:.0f} ms", milliseconds);
  return milliseconds < 9995 ? fmt::format("{:.2f} s", milliseconds / 1000) : fmt::format("{:.1f} s", milliseconds / 1000);
}

std::string FormatSpan(Duration span) {
  const int64_t seconds = std::max<int64_t>(std::chrono::duration_cast<std::chrono::seconds>(span).count(), 0);
  const int64_t minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
  if (minutes == 0) return fmt::format("{} s", seconds);
  if (hours == 0) return fmt::format("{} min {} s", minutes, seconds % 60);
  if (days == 0) return fmt::format("{} h {} min", hours, minutes % 60);
  return fmt::format("{} d {} h", days, hours % 24);
}

std::string FormatRate(double per_second) {
  if (per_second <= 0) return "0";
  return per_second < 99.95 ? fmt::format("{:.1f}", per_second) : fmt::format("{:.0f}", per_second);
}

}  // namespace mayfly::cli
