// If these fail, quantiles are told wrongly: a value counts in a bucket that it does not belong to.
#include "telemetry/distribution.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace mayfly::telemetry {
namespace {

TEST(Distribution, AValueIsNotAboveItsBoundAndNotFarBelow) {
  for (double value = 0.011; value < 1'000'000; value *= 1.07) {
    const size_t bucket = Distribution::BucketOf(value);
    EXPECT_LE(value, Distribution::BoundOf(bucket) * (1 + 1e-9)) << value;
    EXPECT_GT(value * 1.2, Distribution::BoundOf(bucket)) << value;
  }
}

TEST(Distribution, WhatIsBeyondCountsAtTheEnds) {
  EXPECT_EQ(Distribution::BucketOf(0), 0u);
  EXPECT_EQ(Distribution::BucketOf(-1), 0u);
  EXPECT_EQ(Distribution::BucketOf(std::nan("")), 0u);
  EXPECT_EQ(Distribution::BucketOf(std::numeric_limits<double>::infinity()), Distribution::kBuckets - 1);
  EXPECT_GE(Distribution::BoundOf(Distribution::kBuckets - 2), 900'000);  // a function's longest time
}

}  // namespace
}  // namespace mayfly::telemetry
