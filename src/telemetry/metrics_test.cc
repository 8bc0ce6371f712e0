#include "telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mayfly::telemetry {
namespace {

using testing::HasSubstr;

constexpr MetricScope kAlias{.account_id = "111122223333", .region = "eu-west-1", .function_name = "f", .qualifier = "live", .executed_version = "2"};

// Broken: a figure is missing in one of the sets of dimensions that dashboards and alarms name.
TEST(Metrics, CountInEverySetOfDimensions) {
  Metrics metrics;
  metrics.Of(kAlias).Add(Metric::Invocations);
  metrics.Of({.account_id = "111122223333", .region = "eu-west-1", .function_name = "f"}).Add(Metric::Invocations);
  const auto sum = [&](MetricScope scope) {
    const auto figure = metrics.Find(Metric::Invocations, scope);
    return figure ? figure->sum : -1;
  };
  MetricScope scope = kAlias;
  EXPECT_EQ(sum(scope), 1);
  scope.executed_version = {};
  EXPECT_EQ(sum(scope), 1);
  scope.qualifier = {};
  EXPECT_EQ(sum(scope), 2);
  scope.function_name = {};
  EXPECT_EQ(sum(scope), 2);
  scope.region = "us-east-1";
  EXPECT_EQ(sum(scope), -1);
}

// Broken: the statistics of a figure are not those of what was added.
TEST(Metrics, KeepStatistics) {
  Metrics metrics;
  Metrics::Series series = metrics.OfMapping("111122223333", "eu-west-1", "some-uuid");
  for (const double value : {4.0, -1.0, 2.5}) series.Add(Metric::PolledEventCount, value);
  const auto figure = metrics.FindMapping(Metric::PolledEventCount, "111122223333", "eu-west-1", "some-uuid");
  ASSERT_TRUE(figure);
  EXPECT_EQ(figure->sum, 5.5);
  EXPECT_EQ(figure->count, 3u);
  EXPECT_EQ(figure->minimum, -1);
  EXPECT_EQ(figure->maximum, 4);
}

// Broken: Prometheus cannot read the page.
TEST(Metrics, AreWrittenAsText) {
  Metrics metrics;
  metrics.Of(kAlias).Add(Metric::UrlRequestLatency, 1.5);
  const std::string text = metrics.WriteText();
  EXPECT_THAT(text, HasSubstr("aws_lambda_url_request_latency_sum{account=\"111122223333\",region=\"eu-west-1\",function_name=\"f\",resource=\"f:live\","
                              "executed_version=\"2\"} 1.5\n"));
  EXPECT_THAT(text, HasSubstr("aws_lambda_url_request_latency_count{account=\"111122223333\",region=\"eu-west-1\"} 1\n"));
}

// Broken: strangers' names take memory without end.
TEST(Metrics, AreBounded) {
  Metrics metrics;
  for (size_t i = 0; i < kDimensionSetsMax; ++i) metrics.OfMapping("1", "r", std::to_string(i)).Add(Metric::PolledEventCount);
  metrics.Of(kAlias).Add(Metric::Errors);
  EXPECT_FALSE(metrics.Find(Metric::Errors, kAlias));
  EXPECT_TRUE(metrics.Find(Metric::Errors, {.account_id = "111122223333", .region = "eu-west-1"}));
}

}  // namespace
}  // namespace mayfly::telemetry
