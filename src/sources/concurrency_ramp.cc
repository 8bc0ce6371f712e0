#include "sources/concurrency_ramp.h"

#include <cmath>

#include "base/result.h"

namespace mayfly::sources {
namespace {

constexpr Duration kPauseAfterFailure = std::chrono::seconds(1);
// Batches that end at once make room for a moment: all of it is in use nevertheless when it is full again soon.
constexpr Duration kFullAgainWithin = std::chrono::seconds(1);
constexpr double kKeptAfterError = 0.75;

}  // namespace

void ConcurrencyRamp::SetLimits(RampLimits limits) {
  MF_ASSERT(limits.initial >= 1 && limits.initial <= limits.maximum && limits.growth_per_second > 0);
  limits_ = limits;
  level_ = std::clamp<double>(level_, limits.initial, limits.maximum);
}

bool ConcurrencyRamp::HasRoom(TimePoint now, int running) {
  if (running < level()) return true;
  const bool was_full = now - full_at_ <= kFullAgainWithin + Duration(static_cast<int64_t>(2e9 / limits_.growth_per_second));
  full_at_ = now;
  if (!was_full) grown_until_ = std::max(grown_until_, now);
  if (now <= grown_until_) return false;
  const double seconds = std::chrono::duration<double>(now - grown_until_).count();
  level_ = std::min<double>(limits_.maximum, level_ + seconds * limits_.growth_per_second);
  grown_until_ = now;
  return running < level();
}

TimePoint ConcurrencyRamp::RoomAt(int running) const {
  const double missing = running + 1 - level_;
  if (running + 1 > limits_.maximum) return TimePoint::max();
  if (missing <= 0) return grown_until_;
  // A nanosecond more than computed: rounding must not make the caller ask too early.
  return grown_until_ + Duration(static_cast<int64_t>(std::ceil(missing / limits_.growth_per_second * 1e9)) + 1);
}

void ConcurrencyRamp::OnError(TimePoint now) {
  level_ = std::max(std::min<double>(limits_.initial, level_), level_ * kKeptAfterError);
  grown_until_ = now + kPauseAfterFailure;
}

void ConcurrencyRamp::OnThrottle(TimePoint now, int accepted) {
  level_ = std::clamp<double>(accepted, 1, level_);
  grown_until_ = now + kPauseAfterFailure;
}

}  // namespace mayfly::sources
