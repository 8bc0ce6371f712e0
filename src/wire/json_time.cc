// Times of the wire: seconds since 1970, and ISO 8601 in queries.
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <string>

#include "base/text.h"
#include "wire/json_codec.h"

namespace mayfly::wire {

std::optional<WallTime> FromEpochSeconds(double seconds) {
  constexpr double kLimit = 8.5e9;  // about 270 years of nanoseconds fit 64 bits
  if (!(seconds > -kLimit && seconds < kLimit)) return std::nullopt;
  const auto milliseconds = static_cast<int64_t>(seconds * 1000 + (seconds < 0 ? -0.5 : 0.5));
  return WallTime(std::chrono::milliseconds(milliseconds));
}

std::optional<WallTime> ParseIso8601(std::string_view text) {
  // YYYY-MM-DDTHH:MM:SS[.fraction]Z
  if (text.size() < 20 || text.size() > 30 || text.back() != 'Z') return std::nullopt;
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd";
  for (size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] == 'd' ? !IsDigit(text[i]) : text[i] != kForm[i]) return std::nullopt;
  }
  auto number = [&](size_t from, size_t count) {
    int value = 0;
    std::from_chars(text.data() + from, text.data() + from + count, value);
    return value;
  };
  double fraction = 0;
  const std::string_view rest = text.substr(kForm.size(), text.size() - kForm.size() - 1);
  if (!rest.empty()) {
    if (rest.front() != '.' || !IsNumber(rest.substr(1))) return std::nullopt;
    std::from_chars(rest.data(), rest.data() + rest.size(), fraction);
  }
  using namespace std::chrono;
  const year_month_day date{year(number(0, 4)), month(static_cast<unsigned>(number(5, 2))), day(static_cast<unsigned>(number(8, 2)))};
  if (!date.ok() || number(11, 2) > 23 || number(14, 2) > 59 || number(17, 2) > 60) return std::nullopt;
  const double seconds_of_day = number(11, 2) * 3600 + number(14, 2) * 60 + number(17, 2) + fraction;
  return FromEpochSeconds(static_cast<double>(sys_days(date).time_since_epoch().count()) * 86400 + seconds_of_day);
}

std::string ToEpochSeconds(WallTime time) {
  const int64_t milliseconds = ToEpochMillis(time);
  const int64_t fraction = (milliseconds % 1000 + 1000) % 1000;
  const int64_t seconds = (milliseconds - fraction) / 1000;  // rounded down
  if (fraction == 0) return fmt::to_string(seconds);
  if (seconds < 0) return fmt::format("-{}.{:03}", -seconds - 1, 1000 - fraction);
  return fmt::format("{}.{:03}", seconds, fraction);
}

}  // namespace mayfly::wire
