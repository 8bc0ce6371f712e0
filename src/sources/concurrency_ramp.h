// ConcurrencyRamp: how many batches of one mapping may be with the function at once.
//
// Begins low; grows while all of it is in use (what is not used is not saved up); falls back when the function fails or is
// throttled, and when there is nothing to do. Pure arithmetic on times that the caller gives.
#pragma once

#include <algorithm>

#include "base/clock.h"

namespace mayfly::sources {

struct RampLimits {
  int initial = 5;
  int maximum = 1250;
  double growth_per_second = 5;
};

class ConcurrencyRamp {
 public:
  explicit ConcurrencyRamp(RampLimits limits) { SetLimits(limits); }

  // Where it stands is kept, as far as the new limits allow. 1 <= initial <= maximum.
  void SetLimits(RampLimits limits);

  // Whether one more may begin while `running` are. Asking while none may, again and again, is what makes it grow: when RoomAt
  // says and when one has ended.
  bool HasRoom(TimePoint now, int running);
  // When HasRoom, which was false just now, will be true of `running` by growth alone; TimePoint::max() if never.
  TimePoint RoomAt(int running) const;

  // The function failed: a quarter less, but not below the beginning.
  void OnError(TimePoint now);
  // The service refused an invocation while `accepted` others of the mapping were with the function.
  void OnThrottle(TimePoint now, int accepted);
  // The source had nothing more.
  void OnIdle(int running) { level_ = std::max<double>(limits_.initial, std::min<double>(level_, running)); }

  int level() const { return static_cast<int>(level_); }

 private:
  RampLimits limits_;
  double level_ = 0;
  TimePoint grown_until_{};  // growth up to here is in `level_`
  TimePoint full_at_{};      // when it was full last
};

}  // namespace mayfly::sources
