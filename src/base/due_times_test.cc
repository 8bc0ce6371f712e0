// If this fails, schedules run at other times than they were planned for, twice, or not at all.
#include "base/due_times.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "base/sim_loop.h"

namespace mayfly {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class Due : public testing::Test {
 protected:
  SimLoop loop_;
  const WallTime begin_ = loop_.WallNow();
  std::vector<std::pair<std::string, Duration>> told_;
  DueTimes due_{loop_, [this](const std::string& name, WallTime due) {
                  told_.emplace_back(name, due - begin_);
                  if (name == "again" && told_.size() < 4) due_.Plan(name, due + hours(24 * 400));
                }};
};

TEST_F(Due, EachIsToldAtItsTime) {
  due_.Plan("b", begin_ + hours(5));
  due_.Plan("a", begin_ + seconds(10));
  due_.Plan("moved", begin_ + seconds(1));
  due_.Plan("forgotten", begin_ + seconds(2));
  due_.Start();
  due_.Plan("moved", begin_ + seconds(20));
  due_.Forget("forgotten");
  loop_.RunFor(seconds(15));
  EXPECT_THAT(told_, testing::ElementsAre(testing::Pair("a", seconds(10))));
  loop_.RunFor(hours(6));
  EXPECT_THAT(told_, testing::ElementsAre(testing::Pair("a", seconds(10)), testing::Pair("moved", seconds(20)), testing::Pair("b", hours(5))));
  EXPECT_EQ(due_.size(), 0u);
}

TEST_F(Due, WhoIsToldMayPlanAgain) {
  due_.Start();
  due_.Plan("again", begin_);
  loop_.RunFor(hours(24 * 2000));
  EXPECT_EQ(told_.size(), 4u);
  EXPECT_EQ(told_.back().second, hours(24 * 1200));
  due_.Plan("late", begin_ + seconds(1));
  due_.Stop();
  loop_.RunFor(hours(1));
  EXPECT_EQ(told_.size(), 4u);
}

}  // namespace
}  // namespace mayfly
