// If these fail, code that asks in which zone it runs gets another answer than on AWS, or an answer without its token.
#include "runtime/metadata_api.h"

#include <gtest/gtest.h>

namespace mayfly::runtime {
namespace {

TEST(MetadataApi, ZonesAreNamedAfterTheirRegion) {
  EXPECT_EQ(AvailabilityZoneId("us-east-1"), "use1-az1");
  EXPECT_EQ(AvailabilityZoneId("eu-central-1"), "euc1-az1");
  EXPECT_EQ(AvailabilityZoneId("ap-southeast-2"), "apse2-az1");
  EXPECT_EQ(AvailabilityZoneId("us-gov-west-1"), "usgw1-az1");
  EXPECT_EQ(AvailabilityZoneId("local"), "local-az1");
}

TEST(MetadataApi, AnswersWhoHasTheToken) {
  http::Request request;
  request.method = "GET";
  request.target = "/2026-01-15/metadata/execution-environment";
  EXPECT_EQ(AnswerMetadata(request, "secret", "us-east-1").status, 401);
  request.headers.Set("Authorization", "Bearer wrong");
  EXPECT_EQ(AnswerMetadata(request, "secret", "us-east-1").status, 401);
  request.headers.Set("Authorization", "Bearer ");
  EXPECT_EQ(AnswerMetadata(request, "", "us-east-1").status, 401) << "before there is a token";
  request.headers.Set("Authorization", "Bearer secret");
  const http::Response answer = AnswerMetadata(request, "secret", "us-east-1");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"AvailabilityZoneID":"use1-az1"})");
  EXPECT_EQ(answer.headers.Get("Cache-Control"), "private, max-age=43200, immutable");
  request.method = "PUT";
  EXPECT_EQ(AnswerMetadata(request, "secret", "us-east-1").status, 405);
  request.target = "/2026-01-15/metadata/other";
  EXPECT_EQ(AnswerMetadata(request, "secret", "us-east-1").status, 404);
}

}  // namespace
}  // namespace mayfly::runtime
