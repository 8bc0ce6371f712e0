// If these fail, scheduled things happen at other times than AWS's.
#include "base/schedule.h"

#include <gtest/gtest.h>

namespace mayfly {
namespace {

WallTime At(const char* text) {
  auto time = ParseAmzDate(text);
  EXPECT_TRUE(time) << text;
  return *time;
}

std::string NextOf(const char* schedule, const char* after, const char* zone = "UTC") {
  const std::optional<TimeZone> place = TimeZone::Find(zone);
  if (!place) return "no such zone";
  const std::optional<Schedule> parsed = Schedule::Parse(schedule, *place);
  if (!parsed) return "no schedule";
  const std::optional<WallTime> next = parsed->Next(At(after), At("20260101T000000Z"));
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
                            "every day", "cron(0 0 32W * ? *)", "cron(1/0 * * * ? *)",
                            "at(2026-02-03T04:05:-6)", "at", ")", "rate)", "cron(0 0 ? * 6L#2 *)"}) {
    EXPECT_EQ(NextOf(wrong, "20260101T000000Z"), "no schedule") << wrong;
  }
}

// Clocks of Berlin: forward at 01:00 UTC on 2026-03-29 (02:00 becomes 03:00), back at 01:00 UTC on 2026-10-25 (03:00 becomes 02:00).
TEST(Schedule, FollowsTheClocksOfAZone) {
  EXPECT_EQ(NextOf("cron(30 9 * * ? *)", "20260115T000000Z", "Europe/Berlin"), "20260115T083000Z");
  EXPECT_EQ(NextOf("cron(30 9 * * ? *)", "20260715T000000Z", "Europe/Berlin"), "20260715T073000Z");
  EXPECT_EQ(NextOf("cron(0 0 1 * ? *)", "20260601T000000Z", "Pacific/Kiritimati"), "20260630T100000Z") << "the first of July comes early there";
  EXPECT_EQ(NextOf("at(2026-07-01T12:00:00)", "20260101T000000Z", "America/New_York"), "20260701T160000Z");
  EXPECT_EQ(NextOf("rate(1 day)", "20260329T000000Z", "Europe/Berlin"), "20260330T000000Z") << "24 hours, whatever the clocks do";
  EXPECT_EQ(NextOf("cron(0 12 * * ? *)", "20260101T000000Z", "Etc/GMT+9"), "20260101T210000Z");
}

TEST(Schedule, PassesOverTimesThatClocksSkip) {
  EXPECT_EQ(NextOf("cron(30 2 * * ? *)", "20260328T020000Z", "Europe/Berlin"), "20260330T003000Z") << "no 02:30 on the 29th";
  EXPECT_EQ(NextOf("cron(0/20 2,3 * * ? *)", "20260329T000000Z", "Europe/Berlin"), "20260329T010000Z") << "03:00 follows 01:59";
  EXPECT_EQ(NextOf("at(2026-03-29T02:30:00)", "20260101T000000Z", "Europe/Berlin"), "20260329T013000Z") << "at 03:30";
}

TEST(Schedule, CountsTimesThatClocksShowTwiceOnce) {
  EXPECT_EQ(NextOf("cron(30 2 * * ? *)", "20261024T120000Z", "Europe/Berlin"), "20261025T003000Z");
  EXPECT_EQ(NextOf("cron(30 2 * * ? *)", "20261025T003000Z", "Europe/Berlin"), "20261026T013000Z") << "not at the second 02:30";
  EXPECT_EQ(NextOf("cron(30 * * * ? *)", "20261025T003000Z", "Europe/Berlin"), "20261025T023000Z") << "03:30 is next";
  EXPECT_EQ(NextOf("cron(30 2 * * ? *)", "20261025T010500Z", "Europe/Berlin"), "20261026T013000Z") << "asked within the second hour";
  EXPECT_EQ(NextOf("at(2026-10-25T02:30:00)", "20260101T000000Z", "Europe/Berlin"), "20261025T003000Z");
}

TEST(Schedule, KnowsZonesByName) {
  for (const char* wrong : {"", "Europe/Atlantis", "../etc/passwd", "/etc/localtime", "europe/berlin"}) EXPECT_FALSE(TimeZone::Find(wrong)) << wrong;
  EXPECT_TRUE(TimeZone::Find("Asia/Kathmandu"));
}

}  // namespace
}  // namespace mayfly
