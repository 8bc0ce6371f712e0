// Schedule: when something recurring happens, in the three forms that AWS's services share:
//   at(yyyy-mm-ddThh:mm:ss)                                          once
//   rate(N minutes|hours|days)                                       every so often; a day is 24 hours
//   cron(minutes hours day-of-month month day-of-week year)          as EventBridge has it
//
// A value; pure functions. at() and cron() are read on the clocks of a time zone. Where these are put forward, cron() passes over
// the times that they skip and at() happens as much later; where they are put back, a time that they show twice counts the first
// time only. Source: AWS "Schedule types in EventBridge Scheduler", "Application Auto Scaling: scheduled scaling".
#pragma once

#include <bitset>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/time_zone.h"

namespace mayfly {

class Schedule {
 public:
  // nullopt: `text` is no schedule.
  static std::optional<Schedule> Parse(std::string_view text, TimeZone zone = {});
  // The first time after `after`. `origin`: when a rate() began. nullopt: never again (the calendar ends with the year 2199).
  std::optional<WallTime> Next(WallTime after, WallTime origin) const;

 private:
  enum class Kind : unsigned char { At, Rate, Cron };
  // Which day a field of cron means beyond plain numbers.
  struct Days {
    std::bitset<32> numbers;  // of the month 1 to 31, or of the week 1 (Sunday) to 7
    bool any = false;         // "?"
    bool last = false;        // "L", "5L"
    int nearest_weekday = 0;  // "15W"
    int nth = 0;              // "6#3": with `numbers`
  };

  bool ReadAt(std::string_view text);
  bool ReadRate(std::string_view text);
  bool ReadCron(std::string_view text);
  static bool ReadDaysOfMonth(std::string_view field, Days& days);
  static bool ReadDaysOfWeek(std::string_view field, Days& days);
  bool MatchesDay(std::chrono::year_month_day date) const;
  std::optional<WallTime> NextOfCron(WallTime after) const;
  // The first minute of the day, `from` or later, that matches, exists, and comes after `after`.
  std::optional<WallTime> NextOfDay(std::chrono::local_days date, int from, WallTime after) const;

  Kind kind_ = Kind::At;
  TimeZone zone_;
  LocalTime at_{};
  Duration every_{};
  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<13> months_;
  std::bitset<231> years_;  // since 1970
  Days of_month_;
  Days of_week_;
};

}  // namespace mayfly
