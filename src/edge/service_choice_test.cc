// If these fail, a request reaches the wrong service.
#include "edge/service_choice.h"

#include <gtest/gtest.h>

#include "model/application-autoscaling.h"
#include "model/lambda.h"
#include "model/sqs.h"

namespace mayfly::edge {
namespace {

wire::Operation Rest(std::string_view name, std::string_view method, std::string_view path) {
  wire::Operation operation;
  operation.name = name;
  operation.method = method;
  operation.path = path;
  return operation;
}
wire::Operation Call(std::string_view name) { return Rest(name, "POST", "/"); }

// Services that do not exist here yet: of each the operations that its cases need.
const wire::Operation kObjectOperations[] = {Rest("ListBuckets", "GET", "/"), Rest("ListObjects", "GET", "/{Bucket}"), Rest("CreateBucket", "PUT", "/{Bucket}"),
                                             Rest("PutObject", "PUT", "/{Bucket}/{Key}"), Rest("GetObject", "GET", "/{Bucket}/{Key}")};
const wire::Service kObjects{.name = "s3", .title = "", .signing = "s3 s3-express", .protocol = "rest-json", .operations = kObjectOperations, .errors = {},
                             .version = "2006-03-01", .hosts = "s3.REGION.* *.s3.REGION.*"};
const wire::Operation kTokenOperations[] = {Call("AssumeRole"), Call("AssumeRoleWithWebIdentity"), Call("TagResource")};
const wire::Service kTokens{.name = "sts", .title = "", .signing = "sts", .protocol = "query", .operations = kTokenOperations, .errors = {},
                            .version = "2011-06-15", .hosts = "sts.REGION.*"};
const wire::Operation kTopicOperations[] = {Call("Publish"), Call("TagResource")};
const wire::Service kTopics{.name = "sns", .title = "", .signing = "sns", .protocol = "query", .operations = kTopicOperations, .errors = {}, .version = "2010-03-31"};
const wire::Operation kMetricOperations[] = {Call("PutMetricData")};
const wire::Service kMetrics{.name = "cloudwatch", .title = "", .signing = "monitoring", .protocol = "json-1.0 query", .operations = kMetricOperations,
                             .errors = {}, .target = "GraniteServiceVersion20100801", .version = "2010-08-01"};
const wire::Operation kTableOperations[] = {Call("PutItem")};
const wire::Service kDatabase{.name = "dynamodb", .title = "", .signing = "dynamodb", .protocol = "json-1.0", .operations = kTableOperations, .errors = {},
                              .target = "DynamoDB_20120810"};
const wire::Operation kStreamOperations[] = {Call("GetRecords")};
const wire::Service kStreams{.name = "streams", .title = "", .signing = "dynamodb", .protocol = "json-1.0", .operations = kStreamOperations, .errors = {},
                             .target = "DynamoDBStreams_20120810", .hosts = "streams.dynamodb.REGION.*"};

const wire::Service* const kToday[] = {&lambda::kService, &sqs::kService, &autoscaling::kService};
const wire::Service* const kTomorrow[] = {&lambda::kService, &sqs::kService, &autoscaling::kService, &kTopics,  &kTokens,
                                          &kObjects,         &kMetrics,      &kDatabase,             &kStreams};

using Headers = std::initializer_list<std::pair<std::string_view, std::string_view>>;

http::Request Made(std::string_view line, Headers headers = {}, std::string body = {}) {
  http::Request request;
  const size_t blank = line.find(' ');
  request.method = line.substr(0, blank);
  request.target = line.substr(blank + 1);
  for (const auto& [name, value] : headers) request.headers.Add(name, value);
  request.body = std::move(body);
  return request;
}

// The name of the service, "nobody" for none.
std::string_view Chosen(std::span<const wire::Service* const> services, const http::Request& request) {
  ServiceChoice choice;
  for (const wire::Service* service : services) choice.Add(*service);
  const auto number = choice.Of(request);
  return number ? services[*number]->name : "nobody";
}
std::string_view Today(std::string_view line, Headers headers = {}, std::string body = {}) { return Chosen(kToday, Made(line, headers, std::move(body))); }
std::string_view Tomorrow(std::string_view line, Headers headers = {}, std::string body = {}) { return Chosen(kTomorrow, Made(line, headers, std::move(body))); }

std::pair<std::string_view, std::string_view> Signed(std::string_view service) {
  static std::vector<std::unique_ptr<std::string>> texts;
  texts.push_back(std::make_unique<std::string>("AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/" + std::string(service) + "/aws4_request, SignedHeaders=host, Signature=0"));
  return {"Authorization", *texts.back()};
}
std::string Presigned(std::string_view line, std::string_view service) {
  return std::string(line) + "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20260101%2Fus-east-1%2F" + std::string(service) + "%2Faws4_request&X-Amz-Signature=0";
}
constexpr std::pair<std::string_view, std::string_view> kForm{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"};

TEST(ServiceChoice, ASignatureDecides) {
  EXPECT_EQ(Today("POST /2015-03-31/functions", {Signed("lambda")}), "lambda");
  EXPECT_EQ(Today("POST /", {Signed("sqs")}), "sqs");
  EXPECT_EQ(Today("POST /", {Signed("application-autoscaling")}), "autoscaling");
  EXPECT_EQ(Today("GET /?Action=SendMessage", {Signed("lambda")}), "lambda");
  EXPECT_EQ(Tomorrow("PUT /2024-logs/2015-03-31", {Signed("s3")}), "s3");
  EXPECT_EQ(Tomorrow("GET /2015-03-31/functions", {Signed("s3")}), "s3");
  EXPECT_EQ(Tomorrow("PUT /b/k", {Signed("s3-express")}), "s3");
  EXPECT_EQ(Tomorrow("POST /", {Signed("lambda"), {"X-Amz-Target", "AmazonSQS.SendMessage"}}), "lambda");
}

TEST(ServiceChoice, SoDoesAPresignedUrl) {
  EXPECT_EQ(Today(Presigned("GET /2015-03-31/functions", "lambda")), "lambda");
  EXPECT_EQ(Today(Presigned("GET /", "sqs") + "&Action=ListQueues"), "sqs");
  EXPECT_EQ(Tomorrow(Presigned("PUT /2024-logs/day", "s3")), "s3");
  EXPECT_EQ(Tomorrow(Presigned("GET /", "sts") + "&Action=GetCallerIdentity&Version=2011-06-15"), "sts");
}

TEST(ServiceChoice, WhatIsSignedForAnotherServiceIsNobodys) {
  EXPECT_EQ(Today("GET /2015-03-31/functions", {Signed("s3")}), "nobody");
  EXPECT_EQ(Today("POST /", {Signed("dynamodb"), {"X-Amz-Target", "DynamoDB_20120810.PutItem"}}), "nobody");
  EXPECT_EQ(Today(Presigned("PUT /2024-logs/day", "s3")), "nobody");
}

TEST(ServiceChoice, ASignatureThatNamesNoServiceSaysNothing) {
  EXPECT_EQ(Today("GET /2015-03-31/functions", {{"Authorization", "AWS AKID:signature"}}), "lambda");
  EXPECT_EQ(Today("GET /2015-03-31/functions?AWSAccessKeyId=AKID&Signature=0"), "lambda");
  EXPECT_EQ(Today("GET /2015-03-31/functions", {{"Authorization", "Bearer x"}}), "lambda");
  EXPECT_EQ(Today("GET /2015-03-31/functions", {{"Authorization", "AWS4-HMAC-SHA256 Credential=a/b/c/sqs"}}), "lambda");
}

TEST(ServiceChoice, ATargetDecides) {
  EXPECT_EQ(Today("POST /", {{"X-Amz-Target", "AmazonSQS.SendMessage"}}), "sqs");
  EXPECT_EQ(Today("POST /", {{"X-Amz-Target", "AnyScaleFrontendService.Nonsense"}}), "autoscaling");
  EXPECT_EQ(Today("POST /", {{"X-Amz-Target", "AmazonSQSx.SendMessage"}}), "nobody");
  EXPECT_EQ(Today("POST /", {{"X-Amz-Target", "AmazonSQS"}}), "sqs");
  EXPECT_EQ(Today("POST /", {{"X-Amz-Target", ".SendMessage"}}), "nobody");
}

TEST(ServiceChoice, ServicesThatSignAlikeAreToldApartByTheRest) {
  EXPECT_EQ(Tomorrow("POST /", {Signed("dynamodb"), {"X-Amz-Target", "DynamoDB_20120810.PutItem"}}), "dynamodb");
  EXPECT_EQ(Tomorrow("POST /", {Signed("dynamodb"), {"X-Amz-Target", "DynamoDBStreams_20120810.GetRecords"}}), "streams");
  EXPECT_EQ(Tomorrow("POST /", {Signed("dynamodb"), {"Host", "streams.dynamodb.eu-west-1.localhost:4566"}}), "streams");
  EXPECT_EQ(Tomorrow("POST /", {Signed("dynamodb"), {"X-Amz-Target", "AmazonSQS.SendMessage"}}), "nobody");
}

TEST(ServiceChoice, RpcV2NamesTheServiceInItsPath) {
  EXPECT_EQ(Tomorrow("POST /service/GraniteServiceVersion20100801/operation/PutMetricData", {{"Smithy-Protocol", "rpc-v2-cbor"}}), "cloudwatch");
  EXPECT_EQ(Tomorrow("POST /service/Unknown/operation/PutMetricData"), "nobody");
  EXPECT_EQ(Tomorrow("PUT /service/operation"), "s3");
}

TEST(ServiceChoice, AHostDecidesForWhoHasItsForm) {
  EXPECT_EQ(Today("GET /anything", {{"Host", "lambda.us-east-1.amazonaws.com"}}), "lambda");
  EXPECT_EQ(Today("GET /anything", {{"Host", "SQS.eu-central-1.localhost:4566"}}), "sqs");
  EXPECT_EQ(Today("GET /", {{"Host", "eu-west-1.queue.amazonaws.com"}}), "sqs");
  EXPECT_EQ(Today("GET /", {{"Host", "queue.amazonaws.com:80"}}), "sqs");
  EXPECT_EQ(Tomorrow("GET /2015-03-31/functions", {{"Host", "my.bucket.s3.us-gov-west-1.amazonaws.com"}}), "s3");
  // None of these is a form of theirs.
  for (const std::string_view host : {"lambda", "lambda.us-east-1", "lambda.example.com", "lambda.us-east.x", "a.lambda.us-east-1.x", "[::1]:4566", "", "..", "s3.us-east-1.x"}) {
    EXPECT_EQ(Today("GET /anything", {{"Host", host}}), "nobody") << host;
    EXPECT_EQ(Today("GET /2015-03-31/functions", {{"Host", host}}), "lambda") << host;
  }
}

TEST(ServiceChoice, UnsignedQueriesGoByActionAndVersion) {
  EXPECT_EQ(Today("POST /000000000000/q?Action=SendMessage"), "sqs");
  EXPECT_EQ(Today("POST /", {kForm}, "MessageBody=x&Action=SendMessage&Version=2012-11-05"), "sqs");
  EXPECT_EQ(Today("POST /", {kForm}, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"), "nobody");
  EXPECT_EQ(Tomorrow("POST /", {kForm}, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"), "sts");
  EXPECT_EQ(Tomorrow("GET /?Action=AssumeRoleWithWebIdentity"), "sts");
  EXPECT_EQ(Tomorrow("POST /", {kForm}, "Action=TagResource&Version=2011-06-15"), "sts");
  EXPECT_EQ(Tomorrow("POST /", {kForm}, "Action=TagResource&Version=2010-03-31"), "sns");
  EXPECT_EQ(Tomorrow("POST /", {kForm}, "Action=TagResource"), "sns") << "the first";
  EXPECT_EQ(Tomorrow("POST /", {kForm}, "Action=Nonsense&Version=2012-11-05"), "sqs") << "which says that it is none of its actions";
  EXPECT_EQ(Tomorrow("POST /", {kForm}, "Action=SendMessage&Version=1999-01-01"), "sqs");
  EXPECT_EQ(Tomorrow("POST /", {kForm}, "Action=Nonsense"), "nobody");
  EXPECT_EQ(Today("POST /", {kForm}, "%41ction=SendMessage"), "nobody");
  EXPECT_EQ(Tomorrow("PUT /bucket/key", {kForm}, "anything"), "s3") << "as curl -d sends it";
}

TEST(ServiceChoice, PathsGoByTheTemplatesOfOperations) {
  EXPECT_EQ(Today("GET /2015-03-31/functions"), "lambda");
  EXPECT_EQ(Today("POST /2015-03-31/functions/f%3Alive/invocations?Qualifier=1"), "lambda");
  EXPECT_EQ(Today("DELETE /2015-03-31/functions"), "lambda") << "which says that the method is not allowed";
  EXPECT_EQ(Today("POST /2015-03-31/functions/f/invocations", {kForm}, "{}"), "lambda") << "as curl -d sends it";
  EXPECT_EQ(Today("GET /2024-logs"), "nobody");
  EXPECT_EQ(Today("GET /2015-03-31/nothing"), "nobody");
  EXPECT_EQ(Today("GET /"), "nobody");
  EXPECT_EQ(Today("GET /nowhere"), "nobody");
  EXPECT_EQ(Tomorrow("GET /"), "s3");
  EXPECT_EQ(Tomorrow("GET /2024-logs"), "s3");
  EXPECT_EQ(Tomorrow("PUT /2024-logs/2015-03-31"), "s3");
  EXPECT_EQ(Tomorrow("GET /2015-03-31"), "s3") << "a bucket may be called so";
  EXPECT_EQ(Tomorrow("GET /2015-03-31/functions"), "lambda");
  EXPECT_EQ(Tomorrow("PATCH /nowhere"), "s3") << "which says that the method is not allowed";
  EXPECT_EQ(Tomorrow("GET /a/b/c"), "nobody");
}

TEST(ServiceChoice, WithoutServicesAllIsNobodys) {
  EXPECT_EQ(Chosen({}, Made("GET /2015-03-31/functions", {Signed("lambda")})), "nobody");
  EXPECT_EQ(Chosen({}, Made("GET /")), "nobody");
}

TEST(ServiceChoice, OnlyAFormThatNothingElseDecidesNeedsItsBody) {
  struct Unread final : http::BodyReader {
    Task<Result<std::string>> Read(Context&) override { co_return std::string(); }
    const http::Headers& trailers() const override { return none; }
    http::Headers none;
  };
  ServiceChoice choice;
  for (const wire::Service* service : kTomorrow) choice.Add(*service);
  const auto needs = [&](std::string_view line, Headers headers) {
    http::Request request = Made(line, headers);
    request.body_reader = std::make_unique<Unread>();
    return choice.NeedsBody(request);
  };
  EXPECT_TRUE(needs("POST /", {kForm}));
  EXPECT_FALSE(needs("POST /", {kForm, Signed("sqs")}));
  EXPECT_FALSE(needs("POST /?Action=SendMessage", {kForm}));
  EXPECT_FALSE(needs("POST /2015-03-31/functions/f/invocations", {kForm}));
  EXPECT_FALSE(needs("PUT /b/k", {}));
  EXPECT_FALSE(choice.NeedsBody(Made("POST /", {kForm})));
}

}  // namespace
}  // namespace mayfly::edge
