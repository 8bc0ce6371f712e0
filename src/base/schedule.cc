#include "services/autoscaling/schedule.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <vector>

#include <fmt/format.h>

namespace mayfly::autoscaling {
namespace {

using std::chrono::day;
using std::chrono::days;
using std::chrono::month;
using std::chrono::sys_days;
using std::chrono::weekday;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr int kFirstYear = 1970;
constexpr size_t kTextBytesMax = 1600;
constexpr std::array<std::string_view, 12> kMonths = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> kWeekdays = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

Error Invalid(std::string_view text) {
  return Error::Service("ValidationException", fmt::format("Invalid schedule expression: {}. Schedule expressions are at(yyyy-mm-ddThh:mm:ss), "
                                                           "rate(value unit) or cron(fields).", text));
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::optional<int> Number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty() ? std::optional(value) : std::nullopt;
}

// A number, or one of `names`, of which the first is `low`.
std::optional<int> Value(std::string_view text, std::span<const std::string_view> names, int low) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (std::ranges::equal(text, names[i], [](char a, char b) { return std::toupper(static_cast<unsigned char>(a)) == b; })) return low + static_cast<int>(i);
  }
  return Number(text);
}

struct Range {
  int low;
  int high;
};

// "5", "5-9", "*", "*/5", "5/10", "5-9/2", and several of them with commas: calls `set` for each value. false: not that.
template <typename Set>
bool ParseField(std::string_view field, Range range, std::span<const std::string_view> names, Set set) {
  for (const std::string_view part : Split(field, ',')) {
    const std::vector<std::string_view> steps = Split(part, '/');
    if (steps.size() > 2) return false;
    const std::optional<int> step = steps.size() == 2 ? Number(steps[1]) : 1;
    if (!step || *step < 1) return false;
    int first = range.low, last = range.high;
    if (steps[0] != "*") {
      const std::vector<std::string_view> ends = Split(steps[0], '-');
      const std::optional<int> begin = Value(ends[0], names, range.low);
      const std::optional<int> end = ends.size() == 2 ? Value(ends[1], names, range.low) : steps.size() == 2 ? range.high : begin;
      if (ends.size() > 2 || !begin || !end || *begin > *end || *begin < range.low || *end > range.high) return false;
      first = *begin;
      last = *end;
    }
    for (int value = first; value <= last; value += *step) set(value);
  }
  return true;
}

int LastDay(year_month_day date) { return static_cast<int>(static_cast<unsigned>((date.year() / date.month() / std::chrono::last).day())); }

// The weekday nearest to that day, in the same month.
int NearestWeekday(year_month_day date, int wanted) {
  const int last = LastDay(date);
  const int number = std::min(wanted, last);
  const unsigned at = weekday(sys_days(date.year() / date.month() / day(static_cast<unsigned>(number)))).c_encoding();
  if (at == 6) return number > 1 ? number - 1 : number + 2;
  if (at == 0) return number < last ? number + 1 : number - 2;
  return number;
}

}  // namespace

Result<Schedule> Schedule::Parse(std::string_view text) {
  if (text.size() > kTextBytesMax || !text.ends_with(')')) return Fail(Invalid(text));
  const auto inside = [&](std::string_view name) { return text.substr(name.size(), text.size() - name.size() - 1); };
  Result<Schedule> parsed = Fail(Invalid(text));
  if (text.starts_with("at(")) parsed = ParseAt(inside("at("));
  else if (text.starts_with("rate(")) parsed = ParseRate(inside("rate("));
  else if (text.starts_with("cron(")) parsed = ParseCron(inside("cron("));
  if (!parsed) return Fail(Invalid(text));
  return parsed;
}

Result<Schedule> Schedule::ParseAt(std::string_view text) {
  if (text.size() != 19 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':') return Fail(Invalid(text));
  std::array<int, 6> parts{};
  constexpr std::array<std::pair<size_t, size_t>, 6> kWhere = {{{0, 4}, {5, 2}, {8, 2}, {11, 2}, {14, 2}, {17, 2}}};
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::optional<int> number = Number(text.substr(kWhere[i].first, kWhere[i].second));
    if (!number || *number < 0) return Fail(Invalid(text));
    parts[i] = *number;
  }
  const year_month_day date{year(parts[0]), month(static_cast<unsigned>(parts[1])), day(static_cast<unsigned>(parts[2]))};
  if (!date.ok() || parts[0] < kFirstYear || parts[0] > 2200 || parts[3] > 23 || parts[4] > 59 || parts[5] > 59) return Fail(Invalid(text));
  Schedule schedule;
  schedule.at_ = WallTime(sys_days(date).time_since_epoch() + std::chrono::hours(parts[3]) + std::chrono::minutes(parts[4]) + std::chrono::seconds(parts[5]));
  return schedule;
}

Result<Schedule> Schedule::ParseRate(std::string_view text) {
  const std::vector<std::string_view> parts = Split(text, ' ');
  const std::optional<int> count = parts.size() == 2 ? Number(parts[0]) : std::nullopt;
  if (!count || *count < 1 || *count > 1'000'000) return Fail(Invalid(text));
  Schedule schedule;
  schedule.kind_ = Kind::Rate;
  const std::string_view unit = parts[1].ends_with('s') ? parts[1].substr(0, parts[1].size() - 1) : parts[1];
  if (unit == "minute") schedule.every_ = std::chrono::minutes(*count);
  else if (unit == "hour") schedule.every_ = std::chrono::hours(*count);
  else if (unit == "day") schedule.every_ = days(std::min(*count, 50'000));
  else return Fail(Invalid(text));
  return schedule;
}

Result<Schedule> Schedule::ParseCron(std::string_view text) {
  const std::vector<std::string_view> fields = Split(text, ' ');
  if (fields.size() != 6) return Fail(Invalid(text));
  Schedule schedule;
  schedule.kind_ = Kind::Cron;
  bool good = ParseField(fields[0], {0, 59}, {}, [&](int value) { schedule.minutes_.set(static_cast<size_t>(value)); }) &&
              ParseField(fields[1], {0, 23}, {}, [&](int value) { schedule.hours_.set(static_cast<size_t>(value)); }) &&
              ParseField(fields[3], {1, 12}, kMonths, [&](int value) { schedule.months_.set(static_cast<size_t>(value)); }) &&
              ParseField(fields[5], {kFirstYear, 2199}, {}, [&](int value) { schedule.years_.set(static_cast<size_t>(value - kFirstYear)); });
  Days& month_days = schedule.of_month_;
  const auto of_month = [&](int value) { month_days.numbers.set(static_cast<size_t>(value)); };
  if (fields[2] == "?") month_days.any = true;
  else if (fields[2] == "L") month_days.last = true;
  else if (fields[2].ends_with('W')) good = good && (month_days.nearest_weekday = Number(fields[2].substr(0, fields[2].size() - 1)).value_or(0)) >= 1 && month_days.nearest_weekday <= 31;
  else good = good && ParseField(fields[2], {1, 31}, {}, of_month);
  Days& week_days = schedule.of_week_;
  const auto of_week = [&](int value) { week_days.numbers.set(static_cast<size_t>(value)); };
  if (fields[4] == "?") {
    week_days.any = true;
  } else if (fields[4] == "L") {
    of_week(7);
  } else if (fields[4].ends_with('L')) {
    week_days.last = true;
    good = good && ParseField(fields[4].substr(0, fields[4].size() - 1), {1, 7}, kWeekdays, of_week);
  } else if (const size_t mark = fields[4].find('#'); mark != std::string_view::npos) {
    week_days.nth = Number(fields[4].substr(mark + 1)).value_or(0);
    good = good && week_days.nth >= 1 && week_days.nth <= 5 && ParseField(fields[4].substr(0, mark), {1, 7}, kWeekdays, of_week);
  } else {
    good = good && ParseField(fields[4], {1, 7}, kWeekdays, of_week);
  }
  // AWS: one of the two days must be "?".
  if (!good || month_days.any == week_days.any) return Fail(Invalid(text));
  return schedule;
}

bool Schedule::MatchesDay(year_month_day date) const {
  if (!years_.test(static_cast<size_t>(static_cast<int>(date.year()) - kFirstYear)) || !months_.test(static_cast<unsigned>(date.month()))) return false;
  const int number = static_cast<int>(static_cast<unsigned>(date.day()));
  if (!of_month_.any) {
    if (of_month_.last) return number == LastDay(date);
    if (of_month_.nearest_weekday > 0) return number == NearestWeekday(date, of_month_.nearest_weekday);
    return of_month_.numbers.test(static_cast<size_t>(number));
  }
  if (!of_week_.numbers.test(weekday(sys_days(date)).c_encoding() + 1)) return false;
  if (of_week_.last) return number + 7 > LastDay(date);
  return of_week_.nth == 0 || (number - 1) / 7 + 1 == of_week_.nth;
}

std::optional<WallTime> Schedule::Next(WallTime after, WallTime origin) const {
  if (kind_ == Kind::At) return at_ > after ? std::optional(at_) : std::nullopt;
  if (kind_ == Kind::Rate) {
    const int64_t passed = after < origin ? 0 : (after - origin) / every_ + 1;
    return origin + every_ * std::max<int64_t>(passed, 1);
  }
  // Day by day, then minute by minute of the day that matches.
  const auto first_minute = std::chrono::floor<std::chrono::minutes>(after) + std::chrono::minutes(1);
  sys_days date = std::chrono::floor<days>(first_minute);
  for (; year_month_day(date).year() < year(2200); date += days(1)) {
    if (!MatchesDay(year_month_day(date))) continue;
    for (int minute = date == std::chrono::floor<days>(first_minute) ? static_cast<int>((first_minute - date) / std::chrono::minutes(1)) : 0;
         minute < 24 * 60; ++minute) {
      if (hours_.test(static_cast<size_t>(minute / 60)) && minutes_.test(static_cast<size_t>(minute % 60))) {
        return WallTime(date.time_since_epoch() + std::chrono::minutes(minute));
      }
    }
  }
  return std::nullopt;
}

}  // namespace mayfly::autoscaling
