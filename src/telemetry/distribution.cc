#include "telemetry/distribution.h"

#include <algorithm>
#include <cmath>

namespace mayfly::telemetry {

size_t Distribution::BucketOf(double value) {
  if (!(value > kFirstBound)) return 0;
  const double steps = std::ceil(std::log2(value / kFirstBound) * kBucketsPerOctave);
  return static_cast<size_t>(std::clamp(steps, 0.0, static_cast<double>(kBuckets - 1)));
}

double Distribution::BoundOf(size_t bucket) { return kFirstBound * std::exp2(static_cast<double>(bucket) / kBucketsPerOctave); }

void Distribution::Add(double value) { ++counts_[BucketOf(value)]; }

}  // namespace mayfly::telemetry
