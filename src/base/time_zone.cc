#include "base/time_zone.h"

#include <date/tz.h>

#include <exception>

#include "base/log.h"

namespace mayfly {
namespace {

constexpr size_t kNameBytesMax = 64;

date::local_seconds Theirs(LocalTime local) { return date::local_seconds(local.time_since_epoch()); }

WallTime Minus(LocalTime local, std::chrono::seconds offset) { return WallTime(local.time_since_epoch() - offset); }

}  // namespace

std::optional<TimeZone> TimeZone::Find(std::string_view name) {
  if (name == "UTC" || name == "Etc/UTC") return TimeZone();
  if (name.empty() || name.size() > kNameBytesMax) return std::nullopt;
  // The library says with exceptions what is not there: its database or the zone.
  try {
    date::get_tzdb();
  } catch (const std::exception& error) {
    log::Warning("no time zones but UTC: {} (hint: install tzdata)", error.what());
    return std::nullopt;
  }
  try {
    const date::time_zone* zone = date::locate_zone(name);
    zone->get_info(date::sys_seconds());  // reads its file
    return TimeZone(zone);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

LocalTime TimeZone::ToLocal(WallTime time) const {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch());
  const std::chrono::seconds offset = zone_ ? zone_->get_info(date::sys_seconds(seconds)).offset : std::chrono::seconds(0);
  return LocalTime(seconds + offset);
}

std::optional<WallTime> TimeZone::ToWall(LocalTime local) const {
  if (!zone_) return Minus(local, std::chrono::seconds(0));
  const date::local_info info = zone_->get_info(Theirs(local));
  if (info.result == date::local_info::nonexistent) return std::nullopt;
  return Minus(local, info.first.offset);
}

WallTime TimeZone::ToWallOrLater(LocalTime local) const {
  return Minus(local, zone_ ? zone_->get_info(Theirs(local)).first.offset : std::chrono::seconds(0));
}

}  // namespace mayfly
