// TimeZone: what the clocks of a place show, by the IANA database that the system has (Debian's tzdata). UTC needs no database.
//
// A value; cheap to copy, any thread. The database is read when a zone is first asked for and lives as long as the program.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/clock.h"

namespace date {
class time_zone;
}

namespace mayfly {

// What a calendar and a clock on the wall show, wherever that is.
using LocalTime = std::chrono::local_seconds;

class TimeZone {
 public:
  // UTC.
  TimeZone() = default;
  // By its name ("Europe/Berlin", "Etc/GMT+9", "UTC"). nullopt: there is no such zone, or the system has no database.
  static std::optional<TimeZone> Find(std::string_view name);

  LocalTime ToLocal(WallTime time) const;
  // When the clocks there show `local`: the first time where they show it twice (they are put back). nullopt: never (they were put
  // forward over it).
  std::optional<WallTime> ToWall(LocalTime local) const;
  // The same, and where the clocks skip `local` the time that one finds who does not know of it yet: 02:30 becomes 03:30.
  WallTime ToWallOrLater(LocalTime local) const;

 private:
  explicit TimeZone(const date::time_zone* zone) : zone_(zone) {}

  const date::time_zone* zone_ = nullptr;  // null: UTC
};

}  // namespace mayfly
