// If these fail, callers are throttled although they may call, or are not although they call too often.
#include "services/lambda/control_plane_rate.h"

#include <gtest/gtest.h>

#include "base/sim_loop.h"

namespace mayfly::lambda {
namespace {

struct Caller {
  SimLoop loop;
  ControlPlaneRate rate{loop, 15};

  int Burst(std::string_view operation, int calls, std::string_view account = "111122223333", std::string_view region = "us-east-1") {
    int allowed = 0;
    for (int i = 0; i < calls; ++i) allowed += rate.Take(account, region, operation).has_value();
    return allowed;
  }
};

TEST(ControlPlaneRate, GivesOneSecondsWorthAndThenTheRate) {
  Caller caller;
  EXPECT_EQ(caller.Burst("ListFunctions", 40), 15);
  EXPECT_EQ(caller.Burst("CreateFunction", 1), 0) << "all others together";
  EXPECT_EQ(caller.Burst("GetPolicy", 40), 15) << "has a rate of its own";
  EXPECT_EQ(caller.Burst("GetFunction", 200), 100);
  EXPECT_EQ(caller.Burst("Invoke", 1000), 1000) << "is limited elsewhere";
  caller.loop.RunFor(std::chrono::milliseconds(200));
  EXPECT_EQ(caller.Burst("ListFunctions", 40), 3);
  caller.loop.RunFor(std::chrono::hours(1));
  EXPECT_EQ(caller.Burst("ListFunctions", 40), 15) << "it does not add up";
}

TEST(ControlPlaneRate, EachAccountAndRegionHasItsOwn) {
  Caller caller;
  EXPECT_EQ(caller.Burst("ListFunctions", 40), 15);
  EXPECT_EQ(caller.Burst("ListFunctions", 40, "444455556666"), 15);
  EXPECT_EQ(caller.Burst("ListFunctions", 40, "111122223333", "eu-west-1"), 15);
}

TEST(ControlPlaneRate, SaysWhyAndWhenToComeAgain) {
  SimLoop loop;
  ControlPlaneRate rate(loop, 0.2);
  EXPECT_TRUE(rate.Take("1", "r", "ListTags")) << "one call is always possible";
  const auto refused = rate.Take("1", "r", "ListTags");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "TooManyRequestsException");
  EXPECT_EQ(refused.error().message, "Rate exceeded");
  const std::vector<std::pair<std::string, std::string>> members = {{"Reason", "\"CallerRateLimitExceeded\""},
                                                                    {"retryAfterSeconds", "\"5\""}};
  EXPECT_EQ(refused.error().members, members);
}

TEST(ControlPlaneRate, StaysSmallWhoeverCalls) {
  Caller caller;
  for (size_t i = 0; i < ControlPlaneRate::kAccountsMax; ++i) caller.Burst("ListTags", 1, std::to_string(i));
  caller.loop.RunFor(std::chrono::seconds(2));
  EXPECT_EQ(caller.Burst("ListTags", 40, "busy"), 15) << "the others are full again and are forgotten";
  for (size_t i = 0; i < 100; ++i) caller.Burst("ListTags", 1, std::to_string(i));
  EXPECT_LE(caller.Burst("ListTags", 40, "busy"), 0);
}

}  // namespace
}  // namespace mayfly::lambda
