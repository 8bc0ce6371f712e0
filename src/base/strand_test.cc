// If these fail, state of one strand is torn by two threads and nobody says so.
#include "base/strand.h"

#include <thread>

#include <gtest/gtest.h>

namespace mayfly {
namespace {

void CheckElsewhere(const Strand& strand) {
  std::jthread other([&] { strand.Check(); });
}

TEST(Strand, BelongsToTheThreadThatUsesItFirst) {
  Strand here;
  here.Check();
  here.Check();
  Strand there;
  CheckElsewhere(there);  // made here, used there alone
}

TEST(StrandDeathTest, EndsTheProgramWithThePlaceOfTheCall) {
  Strand strand;
  strand.Check();
  EXPECT_DEATH(CheckElsewhere(strand), "bug: .*strand_test.cc:[0-9]+: used on another strand than its own");
}

}  // namespace
}  // namespace mayfly
