#include "telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mayfly::telemetry {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Metric kErrors{"AWS/Lambda", "Errors", Unit::Count};
constexpr Metric kLatency{"AWS/Lambda", "UrlRequestLatency", Unit::Milliseconds};
constexpr Metric kSent{"AWS/SQS", "NumberOfMessagesSent", Unit::Count};
constexpr MetricOwner kOwner{.account_id = "111122223333", .region = "eu-west-1"};
constexpr Dimension kAlias[] = {{"FunctionName", "f"}, {"Resource", "f:live"}, {"ExecutedVersion", "2"}};

// Broken: a figure is missing in one of the sets of dimensions that dashboards and alarms name.
TEST(Metrics, CountInEverySetOfDimensions) {
  Metrics metrics;
  metrics.OfEach(kOwner, kAlias).Add(kErrors);
  metrics.OfEach(kOwner, Dimensions(kAlias).first(1)).Add(kErrors);
  const auto sum = [&](size_t dimensions, MetricOwner owner = kOwner) {
    const auto figure = metrics.Find(kErrors, owner, Dimensions(kAlias).first(dimensions));
    return figure ? figure->sum : -1;
  };
  EXPECT_EQ(sum(3), 1);
  EXPECT_EQ(sum(2), 1);
  EXPECT_EQ(sum(1), 2);
  EXPECT_EQ(sum(0), 2);
  EXPECT_EQ(sum(0, {.account_id = "111122223333", .region = "us-east-1"}), -1);
}

// Broken: what runs at once in an account is taken for what runs of one function.
TEST(Metrics, PartTheAccountFromItsResources) {
  Metrics metrics;
  const Metrics::Series series = metrics.OfEach(kOwner, Dimensions(kAlias).first(1));
  series.AddToAccount(kErrors, 7);
  series.AddToResource(kErrors, 2);
  EXPECT_EQ(metrics.Find(kErrors, kOwner, {})->sum, 7);
  EXPECT_EQ(metrics.Find(kErrors, kOwner, Dimensions(kAlias).first(1))->sum, 2);
}

// Broken: the statistics of a figure are not those of what was added.
TEST(Metrics, KeepStatistics) {
  Metrics metrics;
  const Dimension queue[] = {{"QueueName", "q"}};
  const Metrics::Series series = metrics.Of(kOwner, queue);
  for (const double value : {4.0, -1.0, 2.5}) series.Add(kSent, value);
  const auto figure = metrics.Find(kSent, kOwner, queue);
  ASSERT_TRUE(figure);
  EXPECT_EQ(figure->sum, 5.5);
  EXPECT_EQ(figure->count, 3u);
  EXPECT_EQ(figure->minimum, -1);
  EXPECT_EQ(figure->maximum, 4);
  EXPECT_FALSE(metrics.Find(kSent, kOwner, {})) << "a set of its own";
}

// Broken: Prometheus cannot read the page, or a name changes under a dashboard.
TEST(Metrics, AreWrittenAsText) {
  Metrics metrics;
  metrics.OfEach(kOwner, kAlias).Add(kLatency, 1.5);
  const Dimension mapping[] = {{"EventSourceMappingUUID", "u"}};
  metrics.Of(kOwner, mapping).Add(kSent);
  const std::string text = metrics.WriteText();
  EXPECT_THAT(text, HasSubstr("aws_lambda_url_request_latency_sum{account=\"111122223333\",region=\"eu-west-1\",function_name=\"f\",resource=\"f:live\","
                              "executed_version=\"2\"} 1.5\n"));
  EXPECT_THAT(text, HasSubstr("aws_lambda_url_request_latency_count{account=\"111122223333\",region=\"eu-west-1\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("aws_sqs_number_of_messages_sent_max{account=\"111122223333\",region=\"eu-west-1\",event_source_mapping_uuid=\"u\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("refused")));
}

// Broken: nobody can tell how long one invocation in a hundred takes.
TEST(Metrics, TellHowValuesAreDistributed) {
  constexpr static Metric kDuration{"AWS/Lambda", "Duration", Unit::Milliseconds, Metric::Values::Distributed};
  Metrics metrics;
  const Dimension function[] = {{"FunctionName", "f"}};
  const Metrics::Series series = metrics.OfEach(kOwner, function);
  for (int i = 0; i < 98; ++i) series.Add(kDuration, 10);
  for (int i = 0; i < 2; ++i) series.Add(kDuration, 1000);
  const std::string labels = "{account=\"111122223333\",region=\"eu-west-1\",function_name=\"f\",le=\"";
  const std::string text = metrics.WriteText();
  EXPECT_THAT(text, HasSubstr("aws_lambda_duration_bucket" + labels + "10.24\"} 98\n"));
  EXPECT_THAT(text, HasSubstr("aws_lambda_duration_bucket" + labels + "1102.18\"} 100\n"));
  EXPECT_THAT(text, HasSubstr("aws_lambda_duration_bucket" + labels + "+Inf\"} 100\n"));
}

// Broken: an account reads the figures of another one, whose number may begin like its own.
TEST(Metrics, AreWrittenForOneAccount) {
  Metrics metrics;
  metrics.OfEach(kOwner, kAlias).Add(kErrors);
  const Dimension other[] = {{"FunctionName", "theirs"}};
  metrics.OfEach({.account_id = "444455556666", .region = "eu-west-1"}, other).Add(kErrors);
  const std::string text = metrics.WriteText("111122223333");
  EXPECT_THAT(text, HasSubstr("function_name=\"f\""));
  EXPECT_THAT(text, Not(HasSubstr("theirs")));
  EXPECT_THAT(text, Not(HasSubstr("444455556666")));
  EXPECT_EQ(metrics.WriteText("1111"), "");
  EXPECT_EQ(metrics.WriteText("111122223333\",region"), "");
}

// Broken: strangers' names take memory without end, or nobody learns that figures are missing.
TEST(Metrics, AreBounded) {
  Metrics metrics;
  for (size_t i = 0; i < Metrics::kDimensionSetsMax; ++i) {
    const std::string name = std::to_string(i);
    const Dimension queue[] = {{"QueueName", name}};
    metrics.Of(kOwner, queue).Add(kSent);
  }
  metrics.OfEach(kOwner, Dimensions(kAlias).first(1)).Add(kErrors);
  EXPECT_FALSE(metrics.Find(kErrors, kOwner, {}));
  EXPECT_THAT(metrics.WriteText(), HasSubstr("mayfly_metrics_sets_refused 2\n"));
  metrics.Clear();
  EXPECT_EQ(metrics.WriteText(), "");
}

}  // namespace
}  // namespace mayfly::telemetry
