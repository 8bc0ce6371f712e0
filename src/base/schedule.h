// Schedule: when a scheduled action happens: at(yyyy-mm-ddThh:mm:ss), rate(N minutes|hours|days), or
// cron(minutes hours day-of-month month day-of-week year) as EventBridge has it. Times are UTC.
#pragma once

#include <array>
#include <bitset>
#include <optional>
#include <string_view>

#include "base/clock.h"

namespace mayfly::autoscaling {

class Schedule {
 public:
  // Error: Service, ValidationException, that says what is wrong.
  static Result<Schedule> Parse(std::string_view text);
  // The first time after `after`. `origin`: when a rate() began. nullopt: never again.
  std::optional<WallTime> Next(WallTime after, WallTime origin) const;
  bool is_once() const { return kind_ == Kind::At; }

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
  static Result<Schedule> ParseAt(std::string_view text);
  static Result<Schedule> ParseRate(std::string_view text);
  static Result<Schedule> ParseCron(std::string_view text);
  bool MatchesDay(std::chrono::year_month_day date) const;

  Kind kind_ = Kind::At;
  WallTime at_{};
  Duration every_{};
  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<13> months_;
  std::bitset<231> years_;  // since 1970
  Days of_month_;
  Days of_week_;
};

}  // namespace mayfly::autoscaling
