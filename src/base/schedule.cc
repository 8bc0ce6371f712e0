#include "base/schedule.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "base/text.h"

namespace mayfly {
namespace {

using std::chrono::day;
using std::chrono::days;
using std::chrono::local_days;
using std::chrono::month;
using std::chrono::weekday;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr int kFirstYear = 1970;
constexpr int kLastYear = 2199;
constexpr int kMinutesOfDay = 24 * 60;
constexpr size_t kTextBytesMax = 1600;
constexpr std::array<std::string_view, 12> kMonths = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> kWeekdays = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

struct Range {
  int low;
  int high;

  bool Holds(int value) const { return value >= low && value <= high; }
};

// A number, or one of `names`, of which the first is `low`.
std::optional<int> ReadValue(std::string_view text, std::span<const std::string_view> names, int low) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (EqualIgnoringCase(text, names[i])) return low + static_cast<int>(i);
  }
  return ParseNumber<int>(text);
}

// One part of a field: "5", "5-9", "*", "*/5", "5/10", "5-9/2". Calls `set` for each value. false: not that.
template <typename Set>
bool ReadPart(std::string_view part, Range range, std::span<const std::string_view> names, Set set) {
  const std::vector<std::string_view> steps = Split(part, '/');
  const std::optional<int> step = steps.size() == 2 ? ParseNumber<int>(steps[1]) : 1;
  if (steps.size() > 2 || !step || *step < 1) return false;
  Range wanted = range;
  if (steps[0] != "*") {
    const std::vector<std::string_view> ends = Split(steps[0], '-');
    const std::optional<int> begin = ReadValue(ends[0], names, range.low);
    const std::optional<int> end = ends.size() == 2 ? ReadValue(ends[1], names, range.low) : steps.size() == 2 ? range.high : begin;
    if (ends.size() > 2 || !begin || !end || *begin > *end || !range.Holds(*begin) || !range.Holds(*end)) return false;
    wanted = {*begin, *end};
  }
  for (int value = wanted.low; value <= wanted.high; value += std::min(*step, range.high + 1)) set(value);
  return true;
}

template <typename Set>
bool ReadField(std::string_view field, Range range, std::span<const std::string_view> names, Set set) {
  for (const std::string_view part : Split(field, ',')) {
    if (!ReadPart(part, range, names, set)) return false;
  }
  return true;
}

template <size_t kSize>
auto Into(std::bitset<kSize>& bits, int first = 0) {
  return [&bits, first](int value) { bits.set(static_cast<size_t>(value - first)); };
}

int DayNumber(year_month_day date) { return static_cast<int>(static_cast<unsigned>(date.day())); }
int LastDay(year_month_day date) { return static_cast<int>(static_cast<unsigned>((date.year() / date.month() / std::chrono::last).day())); }

// The weekday nearest to that day, in the same month.
int NearestWeekday(year_month_day date, int wanted) {
  const int last = LastDay(date);
  const int number = std::min(wanted, last);
  const unsigned at = weekday(local_days(date.year() / date.month() / day(static_cast<unsigned>(number)))).c_encoding();
  if (at == 6) return number > 1 ? number - 1 : number + 2;
  if (at == 0) return number < last ? number + 1 : number - 2;
  return number;
}

}  // namespace

std::optional<Schedule> Schedule::Parse(std::string_view text, TimeZone zone) {
  const size_t opening = text.find('(');
  if (text.size() > kTextBytesMax || opening == std::string_view::npos || !text.ends_with(')')) return std::nullopt;
  const std::string_view form = text.substr(0, opening), inside = text.substr(opening + 1, text.size() - opening - 2);
  Schedule schedule;
  schedule.zone_ = zone;
  const bool is_good = form == "at" ? schedule.ReadAt(inside) : form == "rate" ? schedule.ReadRate(inside) : form == "cron" && schedule.ReadCron(inside);
  return is_good ? std::optional(schedule) : std::nullopt;
}

bool Schedule::ReadAt(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd";
  if (text.size() != kForm.size()) return false;
  for (size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] == 'd' ? !IsDigit(text[i]) : text[i] != kForm[i]) return false;
  }
  const auto number = [&](size_t from, size_t count) { return *ParseNumber<int>(text.substr(from, count)); };
  const year_month_day date{year(number(0, 4)), month(static_cast<unsigned>(number(5, 2))), day(static_cast<unsigned>(number(8, 2)))};
  const int hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
  if (!date.ok() || !Range(kFirstYear, kLastYear + 1).Holds(number(0, 4)) || hour > 23 || minute > 59 || second > 59) return false;
  at_ = local_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
  return true;
}

bool Schedule::ReadRate(std::string_view text) {
  const std::vector<std::string_view> parts = Split(text, ' ');
  const std::optional<int> count = parts.size() == 2 ? ParseNumber<int>(parts[0]) : std::nullopt;
  if (!count || *count < 1 || *count > 1'000'000) return false;
  kind_ = Kind::Rate;
  const std::string_view unit = parts[1].ends_with('s') ? parts[1].substr(0, parts[1].size() - 1) : parts[1];
  if (unit == "minute") every_ = std::chrono::minutes(*count);
  else if (unit == "hour") every_ = std::chrono::hours(*count);
  else if (unit == "day") every_ = days(std::min(*count, 50'000));
  return every_ > Duration();
}

bool Schedule::ReadCron(std::string_view text) {
  const std::vector<std::string_view> fields = Split(text, ' ');
  if (fields.size() != 6) return false;
  kind_ = Kind::Cron;
  // AWS: one of the two days must be "?".
  return ReadField(fields[0], {0, 59}, {}, Into(minutes_)) && ReadField(fields[1], {0, 23}, {}, Into(hours_)) &&
         ReadDaysOfMonth(fields[2], of_month_) && ReadField(fields[3], {1, 12}, kMonths, Into(months_)) &&
         ReadDaysOfWeek(fields[4], of_week_) && ReadField(fields[5], {kFirstYear, kLastYear}, {}, Into(years_, kFirstYear)) &&
         of_month_.any != of_week_.any;
}

bool Schedule::ReadDaysOfMonth(std::string_view field, Days& days) {
  constexpr Range kDays{1, 31};
  days.any = field == "?";
  days.last = field == "L";
  if (days.any || days.last) return true;
  if (!field.ends_with('W')) return ReadField(field, kDays, {}, Into(days.numbers));
  days.nearest_weekday = ParseNumber<int>(field.substr(0, field.size() - 1)).value_or(0);
  return kDays.Holds(days.nearest_weekday);
}

bool Schedule::ReadDaysOfWeek(std::string_view field, Days& days) {
  days.any = field == "?";
  if (days.any) return true;
  if (field == "L") field = "7";
  days.last = field.ends_with('L');
  if (days.last) field.remove_suffix(1);
  if (const size_t mark = field.find('#'); !days.last && mark != std::string_view::npos) {
    days.nth = ParseNumber<int>(field.substr(mark + 1)).value_or(0);
    if (!Range(1, 5).Holds(days.nth)) return false;
    field = field.substr(0, mark);
  }
  return ReadField(field, {1, 7}, kWeekdays, Into(days.numbers));
}

bool Schedule::MatchesDay(year_month_day date) const {
  const int number = DayNumber(date);
  if (!years_.test(static_cast<size_t>(static_cast<int>(date.year()) - kFirstYear)) || !months_.test(static_cast<unsigned>(date.month()))) return false;
  if (of_week_.any) {
    if (of_month_.last) return number == LastDay(date);
    if (of_month_.nearest_weekday > 0) return number == NearestWeekday(date, of_month_.nearest_weekday);
    return of_month_.numbers.test(static_cast<size_t>(number));
  }
  if (!of_week_.numbers.test(weekday(local_days(date)).c_encoding() + 1)) return false;
  if (of_week_.last) return number + 7 > LastDay(date);
  return of_week_.nth == 0 || (number - 1) / 7 + 1 == of_week_.nth;
}

std::optional<WallTime> Schedule::NextOfDay(local_days date, int from, WallTime after) const {
  for (int minute = from; minute < kMinutesOfDay; ++minute) {
    if (!hours_.test(static_cast<size_t>(minute / 60)) || !minutes_.test(static_cast<size_t>(minute % 60))) continue;
    const std::optional<WallTime> time = zone_.ToWall(date + std::chrono::minutes(minute));
    if (time && *time > after) return time;
  }
  return std::nullopt;
}

std::optional<WallTime> Schedule::NextOfCron(WallTime after) const {
  const auto first_minute = std::chrono::floor<std::chrono::minutes>(zone_.ToLocal(after)) + std::chrono::minutes(1);
  const local_days today = std::chrono::floor<days>(first_minute);
  int from = static_cast<int>((first_minute - today) / std::chrono::minutes(1));
  for (local_days date = std::max(today, local_days(year(kFirstYear) / 1 / 1)); year_month_day(date).year() <= year(kLastYear); date += days(1)) {
    if (MatchesDay(year_month_day(date))) {
      if (const std::optional<WallTime> next = NextOfDay(date, from, after)) return next;
    }
    from = 0;
  }
  return std::nullopt;
}

std::optional<WallTime> Schedule::Next(WallTime after, WallTime origin) const {
  if (kind_ == Kind::Cron) return NextOfCron(after);
  if (kind_ == Kind::At) {
    const WallTime at = zone_.ToWallOrLater(at_);
    return at > after ? std::optional(at) : std::nullopt;
  }
  MF_ASSERT(every_ > Duration());
  const int64_t passed = after < origin ? 0 : (after - origin) / every_ + 1;
  return origin + every_ * std::max<int64_t>(passed, 1);
}

}  // namespace mayfly
