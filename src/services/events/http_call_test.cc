// If these fail, endpoints are called with headers that users may not set, or connections do not win over targets.
#include "services/events/http_call.h"

#include <gtest/gtest.h>

namespace mayfly::events {
namespace {

DestinationRow Endpoint(std::string url, std::string method = "POST") {
  DestinationRow row;
  row.endpoint = std::move(url);
  row.method = std::move(method);
  return row;
}

ConnectionRow ApiKey(std::string http = "{}") {
  ConnectionRow row;
  row.type = "API_KEY";
  row.parameters = R"({"ApiKeyAuthParameters":{"ApiKeyName":"X-Key","ApiKeyValue":"k"},"InvocationHttpParameters":)" + http + "}";
  return row;
}

TEST(HttpCall, PathQueryAndHeaderAreFilled) {
  const auto connection = ApiKey(R"({"HeaderParameters":[{"Key":"x-both","Value":"c"}],"QueryStringParameters":[{"Key":"q","Value":"1 2"}]})");
  const auto request = CallOf(Endpoint("https://a.example/x/*/y/*?z=1"), connection, {.path_values = {"a/b"}, .headers = {{"X-Both", "t"}, {"Host", "evil"}, {"X-Amz-Target", "t"}},
                                                                                     .query = {{"q", "t"}, {"p", "&"}}}, "{}");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->url, "https://a.example/x/a%2Fb/y/?z=1&p=%26&q=1%202");
  EXPECT_EQ(request->headers.Get("X-Both"), "c");
  EXPECT_EQ(request->headers.Get("X-Key"), "k");
  EXPECT_EQ(request->headers.Find("Host"), nullptr);
  EXPECT_EQ(request->headers.Find("X-Amz-Target"), nullptr);
}

TEST(HttpCall, BodiesTakeTheConnectionsMembers) {
  const auto connection = ApiKey(R"({"BodyParameters":[{"Key":"a","Value":"c"}]})");
  EXPECT_EQ(CallOf(Endpoint("http://a/"), connection, {}, R"({"a":1,"b":2})")->body, R"({"a":"c","b":2})");
  EXPECT_EQ(CallOf(Endpoint("http://a/"), connection, {}, "[1]")->body, "[1]");
  EXPECT_EQ(CallOf(Endpoint("http://a/", "GET"), connection, {}, "{}")->body, "");
  EXPECT_FALSE(CallOf(Endpoint("ftp://a/"), connection, {}, "{}"));
}

TEST(HttpCall, TokensAreAskedForInAFormAndRead) {
  ConnectionRow row;
  row.type = "OAUTH_CLIENT_CREDENTIALS";
  row.parameters = R"({"OAuthParameters":{"ClientParameters":{"ClientID":"i","ClientSecret":"s&"},"AuthorizationEndpoint":"https://a/token","HttpMethod":"POST",
    "OAuthHttpParameters":{"BodyParameters":[{"Key":"grant_type","Value":"other"}]}}})";
  EXPECT_EQ(TokenCallOf(row)->body, "client_id=i&client_secret=s%26&grant_type=other");
  const auto token = ReadToken(R"({"access_token":"t","token_type":"bearer","expires_in":60})");
  ASSERT_TRUE(token);
  EXPECT_EQ(token->type + " " + token->text, "Bearer t");
  EXPECT_EQ(token->lifetime, std::chrono::seconds(60));
  for (const char* answer : {"", "[]", "{}", R"({"access_token":5})", "<html>"}) EXPECT_FALSE(ReadToken(answer)) << answer;
}

TEST(HttpCall, SomeFailuresPass) {
  for (const int status : {200, 204, 299}) EXPECT_EQ(VerdictOf(status), CallVerdict::Taken) << status;
  for (const int status : {401, 407, 409, 429, 500, 503}) EXPECT_EQ(VerdictOf(status), CallVerdict::TryAgain) << status;
  for (const int status : {301, 400, 403, 404}) EXPECT_EQ(VerdictOf(status), CallVerdict::Refused) << status;
}

TEST(HttpCall, SecretsAreNotShown) {
  const auto shown = PublicParameters(*json::Parse(R"({"BasicAuthParameters":{"Username":"u","Password":"p"},"ApiKeyAuthParameters":{"ApiKeyName":"n","ApiKeyValue":"v"},
    "OAuthParameters":{"ClientParameters":{"ClientID":"i","ClientSecret":"s"}},"InvocationHttpParameters":{"HeaderParameters":[{"Key":"k","Value":"v","IsValueSecret":true},
    {"Key":"l","Value":"w","IsValueSecret":false}]}})"));
  EXPECT_EQ(json::Write(shown), R"({"BasicAuthParameters":{"Username":"u"},"ApiKeyAuthParameters":{"ApiKeyName":"n"},"OAuthParameters":{"ClientParameters":{"ClientID":"i"}},)"
                                R"("InvocationHttpParameters":{"HeaderParameters":[{"Key":"k","IsValueSecret":true},{"Key":"l","Value":"w","IsValueSecret":false}]}})");
}

}  // namespace
}  // namespace mayfly::events
