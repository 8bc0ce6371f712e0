// If these fail, an event waits shorter than the operator has said, or other rules hold for deliveries than for events.
#include "delivery/delivery_options.h"

#include <gtest/gtest.h>

namespace mayfly::delivery {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

TEST(DeliveryOptions, OneBackoffHoldsForAll) {
  LaneSettings settings;
  settings.lanes.backoff_min = seconds(5);
  settings.lanes.backoff_max = seconds(2);
  EXPECT_EQ(CompleteLanes(settings, 1, {}).backoff_max, seconds(5));
  EXPECT_EQ(CompleteDeliveries(settings).backoff_min, seconds(5));
  EXPECT_EQ(CompleteDeliveries(settings).backoff_max, seconds(5));
}

TEST(DeliveryOptions, NoDelayIsCutByTheLanes) {
  LaneSettings settings;
  const std::vector<Duration> delays = {seconds(1), hours(20)};
  EXPECT_EQ(CompleteLanes(settings, 1, delays).delay_max, hours(20));
  settings.lanes.lease = hours(24);
  EXPECT_EQ(CompleteLanes(settings, 1, delays).delay_max, hours(24));
}

TEST(DeliveryOptions, AsMuchAtOnceAsUsualUnlessSaidOtherwise) {
  LaneSettings settings;
  EXPECT_EQ(CompleteLanes(settings, 50, {}).running_max, 50);
  settings.concurrency = 7;
  EXPECT_EQ(CompleteLanes(settings, 50, {}).running_max, 7);
}

}  // namespace
}  // namespace mayfly::delivery
