// If this fails, schedules run at other times than on AWS, for years.
#include "services/scheduler/schedule_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mayfly::scheduler {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

WallTime At(std::string_view iso_basic) { return ParseAmzDate(iso_basic).value(); }

SchedulePlan Plan(std::string_view members) {
  auto plan = SchedulePlan::Read(*json::Parse("{" + std::string(members) + "}"));
  EXPECT_TRUE(plan) << members;
  return *plan;
}

std::string Refused(std::string_view members) {
  const auto plan = SchedulePlan::Read(*json::Parse("{" + std::string(members) + "}"));
  return plan ? "" : plan.error().message;
}

// All times from `begin` until `end`.
std::vector<WallTime> Times(const SchedulePlan& plan, WallTime begin, WallTime end) {
  std::vector<WallTime> times;
  for (auto next = plan.Next(begin, begin); next && *next < end; next = plan.Next(*next, begin)) times.push_back(*next);
  return times;
}

TEST(SchedulePlan, ARateBeginsAtOnceOrAtItsStart) {
  const WallTime made = At("20260101T000000Z");
  EXPECT_EQ(Plan(R"j("ScheduleExpression":"rate(1 hours)")j").Next(made - Duration(1), made), made);
  EXPECT_EQ(Plan(R"j("ScheduleExpression":"rate(1 hour)")j").Next(made, made), made + hours(1));
  const auto later = Plan(R"j("ScheduleExpression":"rate(5 minute)","StartDate":1767229200,"EndDate":1767229500)j");
  EXPECT_THAT(Times(later, made, made + hours(99)), testing::ElementsAre(made + hours(1), made + hours(1) + minutes(5)));
}

TEST(SchedulePlan, CronOverTheChangesOfTheClocksOfTenYears) {
  const auto plan = Plan(R"j("ScheduleExpression":"cron(30 2 * * ? *)","ScheduleExpressionTimezone":"America/Los_Angeles")j");
  const auto times = Times(plan, At("20260101T000000Z"), At("20360101T000000Z"));
  EXPECT_EQ(times.size(), 3652u - 10u);  // the hour that is skipped each spring
  for (size_t i = 1; i < times.size(); ++i) EXPECT_LE(times[i] - times[i - 1], hours(48));
  const auto autumn = Plan(R"j("ScheduleExpression":"cron(30 1 1 11 ? 2026)","ScheduleExpressionTimezone":"America/Los_Angeles")j");
  EXPECT_THAT(Times(autumn, At("20260101T000000Z"), At("20280101T000000Z")), testing::ElementsAre(At("20261101T083000Z")));  // shown twice, once
}

TEST(SchedulePlan, OnceIsOnce) {
  const auto plan = Plan(R"j("ScheduleExpression":"at(2026-07-01T12:00:00)","ScheduleExpressionTimezone":"Europe/Berlin")j");
  EXPECT_THAT(Times(plan, At("20260101T000000Z"), At("20990101T000000Z")), testing::ElementsAre(At("20260701T100000Z")));
  EXPECT_EQ(Plan(R"j("ScheduleExpression":"cron(0 10 * * ?)")j").Next(At("20260101T000000Z"), At("20260101T000000Z")), At("20260101T100000Z"));
}

TEST(SchedulePlan, RefusesInTheWordsOfAws) {
  EXPECT_EQ(Refused(R"j("ScheduleExpression":"at(yesterday)")j"), "Invalid Schedule Expression at(yesterday).");
  EXPECT_NE(Refused(R"j("ScheduleExpression":"rate(1 day)","ScheduleExpressionTimezone":"Mars/Olympus")j"), "");
  EXPECT_NE(Refused(R"j("ScheduleExpression":"rate(1 day)","FlexibleTimeWindow":{"Mode":"FLEXIBLE"})j"), "");
  EXPECT_NE(Refused(R"j("ScheduleExpression":"rate(1 day)","StartDate":2,"EndDate":1)j"), "");
}

}  // namespace
}  // namespace mayfly::scheduler
