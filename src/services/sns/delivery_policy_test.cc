// If these fail, web servers are called again at other times than their delivery policies say, or odd policies are taken.
#include "services/sns/delivery_policy.h"

#include <gtest/gtest.h>

namespace mayfly::sns {
namespace {

using std::chrono::seconds;

std::vector<int64_t> DelaysOf(const RetryPolicy& policy, int count) {
  std::vector<int64_t> delays;
  for (int retry = 1; retry <= count; ++retry) delays.push_back(std::chrono::duration_cast<seconds>(policy.DelayBefore(retry)).count());
  return delays;
}

RetryPolicy Read(const std::string& retry) {
  const auto policy = ReadSubscriptionPolicy(R"({"healthyRetryPolicy":)" + retry + "}", TopicHttpPolicy());
  EXPECT_TRUE(policy) << (policy ? "" : policy.error().message);
  return policy.value_or(HttpPolicy()).retry;
}

std::string ErrorOf(const std::string& document) {
  const auto policy = ReadSubscriptionPolicy(document, TopicHttpPolicy());
  return policy ? "" : policy.error().message;
}

TEST(RetryPolicy, OfAwsItself) {
  EXPECT_EQ(DelaysOf(RetryPolicy(), 3), (std::vector<int64_t>{20, 20, 20}));
  EXPECT_EQ(DelaysOf(kManagedRetries, 17), (std::vector<int64_t>{0, 0, 0, 1, 1, 1, 2, 4, 8, 16, 20, 20, 20, 20, 20, 20, 20}));
  EXPECT_EQ(kManagedRetries.DelayBefore(100'015), seconds(20));
}

TEST(RetryPolicy, HasItsFourPhases) {
  const auto policy = Read(R"({"minDelayTarget":1,"maxDelayTarget":9,"numRetries":9,"numNoDelayRetries":2,"numMinDelayRetries":1,"numMaxDelayRetries":1})");
  EXPECT_EQ(DelaysOf(policy, 9), (std::vector<int64_t>{0, 0, 1, 1, 3, 5, 7, 9, 9}));
}

TEST(RetryPolicy, GrowsByItsFunction) {
  const std::string common = R"({"minDelayTarget":1,"maxDelayTarget":16,"numRetries":5,"backoffFunction":)";
  EXPECT_EQ(DelaysOf(Read(common + R"("exponential"})"), 5), (std::vector<int64_t>{1, 2, 4, 8, 16}));
  EXPECT_EQ(DelaysOf(Read(common + R"("geometric"})"), 5), (std::vector<int64_t>{1, 2, 4, 8, 16}));
  const auto arithmetic = DelaysOf(Read(common + R"("arithmetic"})"), 5);
  EXPECT_EQ(arithmetic.front(), 1);
  EXPECT_EQ(arithmetic.back(), 16);
  EXPECT_TRUE(std::ranges::is_sorted(arithmetic));
}

TEST(DeliveryPolicy, WhatIsWrongIsSaid) {
  EXPECT_EQ(ErrorOf("{"), "Invalid parameter: DeliveryPolicy: failed to parse JSON.");
  EXPECT_EQ(ErrorOf(R"({"healthyRetryPolicy":{"numRetries":3}})"),
            "Invalid parameter: DeliveryPolicy: healthyRetryPolicy.minDelayTarget must be specified");
  EXPECT_NE(ErrorOf(R"({"healthyRetryPolicy":{"minDelayTarget":9,"maxDelayTarget":3,"numRetries":3}})"), "");
  EXPECT_NE(ErrorOf(R"({"healthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":3,"numRetries":101}})"), "");
  EXPECT_NE(ErrorOf(R"({"healthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":3,"numRetries":3,"numNoDelayRetries":4}})"), "");
  EXPECT_NE(ErrorOf(R"({"healthyRetryPolicy":{"minDelayTarget":3600,"maxDelayTarget":3600,"numRetries":3}})"), "");
  EXPECT_NE(ErrorOf(R"({"throttlePolicy":{"maxReceivesPerSecond":0}})"), "");
  EXPECT_EQ(ErrorOf(R"({"requestPolicy":{"headerContentType":"application/json"}})"), "");
}

TEST(DeliveryPolicy, ATopicMayKeepItsSubscriptionsFromHavingTheirOwn) {
  const auto topic = ReadTopicPolicy(
      R"({"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":5,"maxDelayTarget":5,"numRetries":1},"disableSubscriptionOverrides":true}})");
  ASSERT_TRUE(topic);
  const auto policy = ReadSubscriptionPolicy(R"({"healthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":1,"numRetries":9}})", *topic);
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->retry.retries, 1);
  EXPECT_EQ(policy->retry.DelayBefore(1), seconds(5));
}

}  // namespace
}  // namespace mayfly::sns
