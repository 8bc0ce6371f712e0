// Times of the wire: seconds since 1970, ISO 8601, dates of HTTP.
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <string>

#include "base/text.h"
#include "wire/json_codec.h"

namespace mayfly::wire {
namespace {

// In `form`, d is a digit, a is a letter, and everything else stands for itself.
bool HasForm(std::string_view text, std::string_view form) {
  if (text.size() != form.size()) return false;
  for (size_t i = 0; i < form.size(); ++i) {
    const char c = text[i];
    const bool digit = c >= '0' && c <= '9';
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (form[i] == 'd' ? !digit : form[i] == 'a' ? !letter : c != form[i]) return false;
  }
  return true;
}

int Number(std::string_view text, size_t from, size_t count) {
  int value = 0;
  std::from_chars(text.data() + from, text.data() + from + count, value);
  return value;
}

// `clock`: "HH:MM:SS".
std::optional<WallTime> TimeOf(std::chrono::year_month_day date, std::string_view clock, double fraction) {
  const int hours = Number(clock, 0, 2), minutes = Number(clock, 3, 2), seconds = Number(clock, 6, 2);
  if (!date.ok() || hours > 23 || minutes > 59 || seconds > 60) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return FromEpochSeconds(static_cast<double>(days) * 86400 + hours * 3600 + minutes * 60 + seconds + fraction);
}

}  // namespace

std::optional<WallTime> FromEpochSeconds(double seconds) {
  constexpr double kLimit = 8.5e9;  // about 270 years of nanoseconds fit 64 bits
  if (!(seconds > -kLimit && seconds < kLimit)) return std::nullopt;
  const auto milliseconds = static_cast<int64_t>(seconds * 1000 + (seconds < 0 ? -0.5 : 0.5));
  return WallTime(std::chrono::milliseconds(milliseconds));
}

std::optional<WallTime> ParseIso8601(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd";  // [.fraction]Z
  if (text.size() <= kForm.size() || text.size() > 30 || text.back() != 'Z' || !HasForm(text.substr(0, kForm.size()), kForm)) return std::nullopt;
  double fraction = 0;
  const std::string_view rest = text.substr(kForm.size(), text.size() - kForm.size() - 1);
  if (!rest.empty()) {
    if (rest.front() != '.' || !IsNumber(rest.substr(1))) return std::nullopt;
    std::from_chars(rest.data(), rest.data() + rest.size(), fraction);
  }
  using namespace std::chrono;
  const year_month_day date{year(Number(text, 0, 4)), month(static_cast<unsigned>(Number(text, 5, 2))), day(static_cast<unsigned>(Number(text, 8, 2)))};
  return TimeOf(date, text.substr(11, 8), fraction);
}

std::optional<WallTime> ParseHttpDate(std::string_view text) {
  if (!HasForm(text, "aaa, dd aaa dddd dd:dd:dd GMT")) return std::nullopt;
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const size_t at = kMonths.find(text.substr(8, 3));
  if (at == std::string_view::npos || at % 3 != 0) return std::nullopt;
  using namespace std::chrono;
  const year_month_day date{year(Number(text, 12, 4)), month(static_cast<unsigned>(at / 3 + 1)), day(static_cast<unsigned>(Number(text, 5, 2)))};
  return TimeOf(date, text.substr(17, 8), 0);
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
