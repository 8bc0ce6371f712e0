// If these fail, secrets rotate too often, at the wrong time, or by a schedule that AWS does not take.
#include "services/secretsmanager/rotation_rules.h"

#include <gtest/gtest.h>

#include "services/secretsmanager/random_password.h"

namespace mayfly::secretsmanager {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};  // 2023-11-14T22:13:20Z

RotationPlan By(std::string schedule, int64_t days = 0) {
  return {.after_days = days, .schedule = std::move(schedule), .is_enabled = true, .since_millis = ToEpochMillis(kNow)};
}

TEST(RotationRules, SchedulesAreFourHoursApart) {
  for (const char* good : {"", "rate(4 hours)", "rate(10 days)", "cron(0 8 1 * ? *)", "cron(0 0/4 * * ? *)"}) EXPECT_TRUE(CheckPlan(By(good))) << good;
  for (const char* bad : {"rate(3 hours)", "cron(0 * * * ? *)", "at(2030-01-01T00:00:00)", "soon"}) EXPECT_FALSE(CheckPlan(By(bad))) << bad;
  EXPECT_FALSE(CheckPlan(By("rate(10 days)", 10)));
}

TEST(RotationRules, TheNextTime) {
  EXPECT_EQ(NextRotation(By("", 30), kNow), kNow + std::chrono::days(30));
  EXPECT_EQ(NextRotation(By("rate(10 days)"), kNow), kNow + std::chrono::days(10));
  EXPECT_EQ(FormatIso8601(*NextRotation(By("cron(0 8 1 * ? *)"), kNow)), "2023-12-01T08:00:00.000Z");
  RotationPlan off = By("", 30);
  off.is_enabled = false;
  EXPECT_FALSE(NextRotation(off, kNow));
}

TEST(Passwords, HaveOneOfEachKind) {
  SeededRandom random(1);
  for (int i = 0; i < 100; ++i) {
    const std::string password = *MakePassword({.length = 4}, random);
    ASSERT_EQ(password.size(), 4u);
    EXPECT_NE(password.find_first_of("abcdefghijklmnopqrstuvwxyz"), std::string::npos);
    EXPECT_NE(password.find_first_of("0123456789"), std::string::npos);
  }
  EXPECT_FALSE(MakePassword({.length = 3}, random));
  EXPECT_FALSE(MakePassword({.excluded = "0123456789"}, random));
  EXPECT_EQ(MakePassword({.length = 9, .excluded = "", .lower = false, .upper = false, .digits = false, .punctuation = false, .space = true}, random)->size(), 9u);
}

}  // namespace
}  // namespace mayfly::secretsmanager
