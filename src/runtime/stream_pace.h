// StreamPace: how fast a function may stream an answer. AWS gives a burst of 6 MiB, then 2 MiB/s.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"

namespace mayfly::runtime {

// What bounds the streamed answers of an environment.
struct StreamLimits {
  int64_t bytes_max = 200 * 1024 * 1024;  // of one answer; Function.ResponseSizeTooLarge beyond
  int64_t bytes_per_second = 0;           // 0: as fast as the caller reads
  int64_t burst_bytes = 6 * 1024 * 1024;
};

// One answer's share: a bucket that is full when the answer begins.
class StreamPace {
 public:
  StreamPace(const StreamLimits& limits, TimePoint now)
      : rate_(static_cast<double>(limits.bytes_per_second)), burst_(static_cast<double>(limits.burst_bytes)), available_(burst_), filled_at_(now) {}

  // Takes `bytes`; how long to wait before anything more may come.
  Duration Take(int64_t bytes, TimePoint now) {
    if (rate_ <= 0) return Duration();
    const double seconds = std::chrono::duration<double>(now - filled_at_).count();
    available_ = std::min(burst_, available_ + seconds * rate_) - static_cast<double>(bytes);
    filled_at_ = now;
    if (available_ >= 0) return Duration();
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(-available_ / rate_));
  }

 private:
  double rate_;
  double burst_;
  double available_;
  TimePoint filled_at_;
};

}  // namespace mayfly::runtime
