// If these fail, `mayfly top` shows one function's figures at another, or quantiles of what happened long ago.
#include "cli/metrics_text.h"

#include <gtest/gtest.h>

namespace mayfly::cli {
namespace {

constexpr std::string_view kText = R"(aws_lambda_invocations_sum{account="1",region="r"} 12
aws_lambda_invocations_sum{account="1",region="r",function_name="f"} 7
aws_lambda_invocations_sum{account="1",region="r",function_name="f",resource="f:live"} 2
aws_lambda_errors_sum{account="1",region="r",function_name="f"} 1
aws_lambda_duration_bucket{account="1",region="r",function_name="f",le="10.24"} 5
aws_lambda_duration_bucket{account="1",region="r",function_name="f",le="1217.75"} 7
aws_lambda_duration_bucket{account="1",region="r",function_name="f",le="+Inf"} 7
aws_sqs_number_of_messages_sent_sum{account="1",region="r",queue_name="f"} 9
mayfly_environments{account="1",region="r",function_name="f"} 3
mayfly_environments_idle{account="1",region="r",function_name="f"} 2
mayfly_environments_memory_bytes{account="1",region="r",function_name="f"} 5000
mayfly_metrics_sets_refused 2
aws_lambda_invocations_sum{account="1",region="r",function_name="g
aws_lambda_invocations_sum{account="1",region="r",function_name="h"} many
)";

TEST(MetricsText, HasTheFiguresOfEachFunction) {
  const auto all = ReadFunctionFigures(kText);
  ASSERT_EQ(all.size(), 1u);
  const auto& [key, figures] = *all.begin();
  EXPECT_EQ(key, (FunctionKey{"1", "r", "f"}));
  EXPECT_EQ(figures.invocations, 7);
  EXPECT_EQ(figures.errors, 1);
  EXPECT_EQ(figures.environments, 3);
  EXPECT_EQ(figures.idle, 2);
  EXPECT_EQ(figures.memory_bytes, 5000);
  EXPECT_EQ(figures.durations, (std::map<double, double>{{10.24, 5}, {1217.75, 7}}));
}

TEST(MetricsText, QuantilesAreOfWhatCameBetween) {
  const std::map<double, double> before = {{10, 100}, {1000, 104}};
  const std::map<double, double> after = {{10, 100}, {20, 150}, {1000, 155}};  // 50 at 20 ms and one at 1000 ms
  EXPECT_EQ(QuantileBetween(before, after, 0.5), 20);
  EXPECT_EQ(QuantileBetween(before, after, 0.99), 1000);
  EXPECT_EQ(QuantileBetween({}, before, 0.5), 10);
  EXPECT_EQ(QuantileBetween(after, after, 0.5), -1);
  EXPECT_EQ(QuantileBetween({}, {}, 0.5), -1);
}

}  // namespace
}  // namespace mayfly::cli
