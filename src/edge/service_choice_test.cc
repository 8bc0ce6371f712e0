// If these fail, a request reaches the wrong service.
#include "edge/service_choice.h"

#include <gtest/gtest.h>

#include "model/sqs.h"

namespace mayfly::edge {
namespace {

const wire::Service* const kServices[] = {&sqs::kService};

http::Request Made(std::string target, std::initializer_list<std::pair<std::string_view, std::string_view>> headers = {}) {
  http::Request request;
  request.method = "POST";
  request.target = std::move(target);
  for (const auto& [name, value] : headers) request.headers.Add(name, value);
  return request;
}

std::string ScopeOf(std::string_view service) {
  return "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/" + std::string(service) + "/aws4_request, SignedHeaders=host, Signature=0";
}

TEST(ServiceChoice, GoesByTargetScopeAndAction) {
  EXPECT_EQ(ChooseService(Made("/", {{"X-Amz-Target", "AmazonSQS.SendMessage"}}), kServices), 0u);
  EXPECT_EQ(ChooseService(Made("/", {{"Authorization", ScopeOf("sqs")}}), kServices), 0u);
  EXPECT_EQ(ChooseService(Made("/000000000000/q?Action=SendMessage"), kServices), 0u);
  EXPECT_EQ(ChooseService(Made("/", {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}}), kServices), 0u);
}

TEST(ServiceChoice, LeavesTheRestToLambda) {
  EXPECT_EQ(ChooseService(Made("/"), kServices), std::nullopt);
  EXPECT_EQ(ChooseService(Made("/2015-03-31/functions", {{"Authorization", ScopeOf("sqs")}}), kServices), std::nullopt);
  EXPECT_EQ(ChooseService(Made("/?Action=x", {{"Authorization", ScopeOf("lambda")}}), kServices), std::nullopt);
  EXPECT_EQ(ChooseService(Made("/", {{"X-Amz-Target", "AmazonSQSx.SendMessage"}}), kServices), std::nullopt);
  EXPECT_EQ(ChooseService(Made("/", {{"X-Amz-Target", ""}}), {}), std::nullopt);
}

}  // namespace
}  // namespace mayfly::edge
