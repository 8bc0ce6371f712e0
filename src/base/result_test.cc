// If this fails, a broken invariant goes on working, or nobody learns which one it was.
#include "base/result.h"

#include <gtest/gtest.h>

namespace mayfly {
namespace {

TEST(AssertionDeathTest, EndsTheProgramWithItsPlaceAndText) {
  const int sum = 2;
  MF_ASSERT(sum == 2);
  EXPECT_DEATH(MF_ASSERT(sum == 3), "bug: .*result_test.cc:[0-9]+: sum == 3");
}

}  // namespace
}  // namespace mayfly
