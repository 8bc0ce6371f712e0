// If these fail, scheduled actions happen at other times than AWS's.
#include "services/autoscaling/schedule.h"

#include <gtest/gtest.h>

namespace mayfly::autoscaling {
namespace {

WallTime At(const char* text) {
  auto time = ParseAmzDate(text);
  EXPECT_TRUE(time) << text;
  return *time;
}

std::string NextOf(const char* schedule, const char* after) {
  const auto parsed = Schedule::Parse(schedule);
  if (!parsed) return parsed.error().code;
  const auto next = parsed->Next(At(after), At("20260101T000000Z"));
  return next ? FormatAmzDate(*next) : "never";
}

TEST(Schedule, OnceAndAgain) {
  EXPECT_EQ(NextOf("at(2026-02-03T04:05:06)", "20260101T000000Z"), "20260203T040506Z");
  EXPECT_EQ(NextOf("at(2026-02-03T04:05:06)", "20260203T040506Z"), "never");
  EXPECT_EQ(NextOf("rate(5 minutes)", "20260101T000000Z"), "20260101T000500Z");
  EXPECT_EQ(NextOf("rate(5 minutes)", "20260101T000730Z"), "20260101T001000Z");
  EXPECT_EQ(NextOf("rate(1 day)", "20260110T120000Z"), "20260111T000000Z");
}

TEST(Schedule, Cron) {
  EXPECT_EQ(NextOf("cron(0 18 ? * MON-FRI *)", "20260102T180000Z"), "20260105T180000Z");  // a Friday, then a Monday
  EXPECT_EQ(NextOf("cron(0/15 * * * ? *)", "20260101T001000Z"), "20260101T001500Z");
  EXPECT_EQ(NextOf("cron(30 9 L * ? *)", "20260201T000000Z"), "20260228T093000Z");
  EXPECT_EQ(NextOf("cron(0 0 15W * ? *)", "20260801T000000Z"), "20260814T000000Z");  // the 15th is a Saturday
  EXPECT_EQ(NextOf("cron(0 0 1W * ? *)", "20260701T120000Z"), "20260803T000000Z");   // the 1st of August too: not in July
  EXPECT_EQ(NextOf("cron(0 12 ? * 6#3 *)", "20260101T000000Z"), "20260116T120000Z");  // the third Friday
  EXPECT_EQ(NextOf("cron(0 12 ? * 6L *)", "20260101T000000Z"), "20260130T120000Z");
  EXPECT_EQ(NextOf("cron(0 0 29 2 ? *)", "20260101T000000Z"), "20280229T000000Z");
  EXPECT_EQ(NextOf("cron(0 0 1 JAN,JUL ? 2027-2028)", "20260101T000000Z"), "20270101T000000Z");
  EXPECT_EQ(NextOf("cron(0 0 1 1 ? 2025)", "20260101T000000Z"), "never");
}

TEST(Schedule, RefusesWhatIsNone) {
  for (const char* wrong : {"", "at()", "at(2026-13-01T00:00:00)", "at(2026-02-30T00:00:00)", "rate(0 minutes)", "rate(5 fortnights)", "rate(5)", "cron(* * * * *)",
                            "cron(60 * * * ? *)", "cron(0 0 1 1 1 *)", "cron(0 0 ? 1 ? *)", "cron(5-1 * * * ? *)", "cron(a b c d e f)", "cron(0 0 ? * 6#6 *)",
                            "every day", "cron(0 0 32W * ? *)", "cron(1/0 * * * ? *)"}) {
    EXPECT_EQ(NextOf(wrong, "20260101T000000Z"), "ValidationException") << wrong;
  }
}

}  // namespace
}  // namespace mayfly::autoscaling
