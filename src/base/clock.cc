#include "base/clock.h"

#include <ctime>

#include <fmt/format.h>

namespace mayfly {
namespace {

struct CivilTime {
  std::tm fields{};
  int millis = 0;
};

CivilTime ToCivil(WallTime time) {
  const int64_t total_millis = ToEpochMillis(time);
  const int64_t millis = ((total_millis % 1000) + 1000) % 1000;
  const std::time_t seconds = (total_millis - millis) / 1000;
  CivilTime civil;
  gmtime_r(&seconds, &civil.fields);
  civil.millis = static_cast<int>(millis);
  return civil;
}

std::string FormatWithMillis(WallTime time, const char* zone) {
  const CivilTime civil = ToCivil(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}{}", civil.fields.tm_year + 1900, civil.fields.tm_mon + 1,
                     civil.fields.tm_mday, civil.fields.tm_hour, civil.fields.tm_min, civil.fields.tm_sec, civil.millis, zone);
}

}  // namespace

std::string FormatIso8601(WallTime time) { return FormatWithMillis(time, "Z"); }
std::string FormatLambdaTime(WallTime time) { return FormatWithMillis(time, "+0000"); }

std::string FormatAmzDate(WallTime time) {
  const CivilTime civil = ToCivil(time);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", civil.fields.tm_year + 1900, civil.fields.tm_mon + 1,
                     civil.fields.tm_mday, civil.fields.tm_hour, civil.fields.tm_min, civil.fields.tm_sec);
}

std::string FormatDatePath(WallTime time) {
  const CivilTime civil = ToCivil(time);
  return fmt::format("{:04}/{:02}/{:02}", civil.fields.tm_year + 1900, civil.fields.tm_mon + 1, civil.fields.tm_mday);
}

std::string FormatHttpDate(WallTime time) {
  const CivilTime civil = ToCivil(time);
  char buffer[64];
  const size_t size = std::strftime(buffer, sizeof buffer, "%a, %d %b %Y %H:%M:%S GMT", &civil.fields);
  return std::string(buffer, size);
}

Result<WallTime> ParseAmzDate(std::string_view text) {
  auto bad = [&] { return Fail(Error::Fault(fmt::format("not a date of the form YYYYMMDDTHHMMSSZ: '{}'", text))); };
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return bad();
  auto number = [&](size_t at, size_t length) {
    int value = 0;
    for (size_t i = at; i < at + length; ++i) {
      if (text[i] < '0' || text[i] > '9') return -1;
      value = value * 10 + (text[i] - '0');
    }
    return value;
  };
  const int year = number(0, 4), month = number(4, 2), day = number(6, 2);
  const int hour = number(9, 2), minute = number(11, 2), second = number(13, 2);
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  // Nanoseconds since 1970 end in the year 2262.
  if (year < 1970 || year > 2261 || month < 1 || day < 1 || !date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
      second > 60) {
    return bad();
  }
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

}  // namespace mayfly
