// If these fail, a mapping floods a function at once, never reaches its limit, or does not back off when the function fails.
#include "sources/concurrency_ramp.h"

#include <gtest/gtest.h>

namespace mayfly::sources {
namespace {

using std::chrono::seconds;

const TimePoint kStart{std::chrono::hours(1)};

TEST(ConcurrencyRamp, GrowsWhileAllOfItIsUsed) {
  ConcurrencyRamp ramp({.initial = 5, .maximum = 1250, .growth_per_second = 5});
  EXPECT_TRUE(ramp.HasRoom(kStart, 4));
  EXPECT_FALSE(ramp.HasRoom(kStart, 5));
  TimePoint now = kStart;
  const auto full_for = [&](seconds time) {
    for (const TimePoint end = now + time; now < end;) EXPECT_FALSE(ramp.HasRoom(now += seconds(1), 1250));
  };
  full_for(seconds(60));
  EXPECT_TRUE(ramp.HasRoom(now, 304));
  EXPECT_FALSE(ramp.HasRoom(now, 305));
  full_for(seconds(3600));
  EXPECT_EQ(ramp.level(), 1250);
}

TEST(ConcurrencyRamp, DoesNotSaveUpWhatIsNotUsed) {
  ConcurrencyRamp ramp({.initial = 5, .maximum = 1000, .growth_per_second = 5});
  for (int minute = 0; minute < 60; ++minute) EXPECT_TRUE(ramp.HasRoom(kStart + std::chrono::minutes(minute), 4));
  EXPECT_FALSE(ramp.HasRoom(kStart + std::chrono::minutes(59), 5));
  EXPECT_TRUE(ramp.HasRoom(kStart + std::chrono::minutes(59) + seconds(1), 5));
}

// Batches of a fast function end before there is more room: it is full, empty for a moment, and full again.
TEST(ConcurrencyRamp, GrowsOverShortBatches) {
  ConcurrencyRamp ramp({.initial = 5, .maximum = 1000, .growth_per_second = 5});
  TimePoint now = kStart;
  for (int i = 0; i < 20'000; ++i) {
    now += std::chrono::microseconds(100);
    ramp.HasRoom(now, i % 2 == 0 ? 1000 : 0);
  }
  EXPECT_EQ(ramp.level(), 14);
}

TEST(ConcurrencyRamp, TellsWhenThereWillBeRoom) {
  ConcurrencyRamp ramp({.initial = 5, .maximum = 7, .growth_per_second = 0.7});
  EXPECT_FALSE(ramp.HasRoom(kStart, 5));
  const TimePoint at = ramp.RoomAt(5);
  EXPECT_GT(at, kStart + seconds(1));
  EXPECT_LT(at, kStart + seconds(2));
  EXPECT_FALSE(ramp.HasRoom(at - std::chrono::milliseconds(1), 5));
  EXPECT_TRUE(ramp.HasRoom(at, 5));
  EXPECT_EQ(ramp.RoomAt(7), TimePoint::max());
}

TEST(ConcurrencyRamp, FallsBackAndRestsAfterErrors) {
  ConcurrencyRamp ramp({.initial = 4, .maximum = 100, .growth_per_second = 1000});
  EXPECT_FALSE(ramp.HasRoom(kStart, 4));
  EXPECT_TRUE(ramp.HasRoom(kStart + seconds(1), 99));
  const TimePoint now = kStart + seconds(1);
  ramp.OnError(now);
  EXPECT_EQ(ramp.level(), 75);
  EXPECT_FALSE(ramp.HasRoom(now + seconds(1), 75));
  EXPECT_TRUE(ramp.HasRoom(now + seconds(1) + std::chrono::milliseconds(2), 75));
  for (int i = 0; i < 100; ++i) ramp.OnError(now);
  EXPECT_EQ(ramp.level(), 4);
}

TEST(ConcurrencyRamp, ThrottlesSayWhatTheServiceTakes) {
  ConcurrencyRamp ramp({.initial = 5, .maximum = 100, .growth_per_second = 1});
  ramp.OnThrottle(kStart, 3);
  EXPECT_EQ(ramp.level(), 3);
  ramp.OnThrottle(kStart, 0);
  EXPECT_EQ(ramp.level(), 1) << "one goes on trying";
  ramp.OnError(kStart);
  EXPECT_EQ(ramp.level(), 1) << "an error does not raise it";
}

TEST(ConcurrencyRamp, NewLimitsHoldAtOnce) {
  ConcurrencyRamp ramp({.initial = 50, .maximum = 100, .growth_per_second = 1});
  ramp.SetLimits({.initial = 2, .maximum = 10, .growth_per_second = 1});
  EXPECT_EQ(ramp.level(), 10);
  ramp.OnIdle(0);
  EXPECT_EQ(ramp.level(), 2);
}

}  // namespace
}  // namespace mayfly::sources
