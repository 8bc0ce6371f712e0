// How values are distributed: counts in buckets whose bounds grow by a fifth, so that a quantile is told to within that.
//
// For durations in milliseconds: from 0.01 ms to half an hour; what is beyond counts in the first or last bucket. One strand.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace mayfly::telemetry {

class Distribution {
 public:
  static constexpr int kBucketsPerOctave = 4;
  static constexpr size_t kBuckets = 112;
  static constexpr double kFirstBound = 0.01;

  void Add(double value);
  uint64_t count(size_t bucket) const { return counts_[bucket]; }
  // The greatest value that counts in `bucket`: kFirstBound · 2^(bucket / 4).
  static double BoundOf(size_t bucket);
  static size_t BucketOf(double value);

 private:
  std::array<uint64_t, kBuckets> counts_{};
};

}  // namespace mayfly::telemetry
