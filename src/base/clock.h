// Time, seen through a port, so that the same code runs in simulation.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;  // monotonic: deadlines, durations
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;   // calendar: what clients see

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint Now() const = 0;
  virtual WallTime WallNow() const = 0;
};

// The machine's clocks. Usable from any thread.
class SystemClock : public Clock {
 public:
  TimePoint Now() const override { return std::chrono::steady_clock::now(); }
  WallTime WallNow() const override { return std::chrono::system_clock::now(); }
};

inline int64_t ToEpochMillis(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}
inline double ToMillis(Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

// "2026-01-31T12:00:00.000Z"
std::string FormatIso8601(WallTime time);
// "2026-01-31T12:00:00.000+0000": FunctionConfiguration.LastModified.
std::string FormatLambdaTime(WallTime time);
// "20260131T120000Z": SigV4's x-amz-date.
std::string FormatAmzDate(WallTime time);
// "2026/01/31": the first part of a log stream's name.
std::string FormatDatePath(WallTime time);
// "Sat, 31 Jan 2026 12:00:00 GMT": the HTTP Date header.
std::string FormatHttpDate(WallTime time);
// The reverse of FormatAmzDate; anything else is an error.
Result<WallTime> ParseAmzDate(std::string_view text);

}  // namespace mayfly
