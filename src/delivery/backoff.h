// Exponential back-off: `shortest` after the first failure, doubled after each further one, at most `longest`.
#pragma once

#include <algorithm>

#include "base/clock.h"

namespace mayfly::delivery {

inline Duration Backoff(int failures, Duration shortest, Duration longest) {
  Duration backoff = shortest;
  for (int i = 1; i < failures && backoff < longest; ++i) backoff *= 2;
  return std::min(backoff, longest);
}

}  // namespace mayfly::delivery
