#include "edge/url_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"

namespace mayfly::edge {
namespace {

http::Request Get(std::string target) {
  http::Request request;
  request.method = "GET";
  request.target = std::move(target);
  request.peer = "203.0.113.7:51234";
  return request;
}

UrlEventContext SomeContext() {
  UrlEventContext context{.host = {.name = "abc.lambda-url.eu-west-1.localhost", .url_id = "abc", .region = "eu-west-1"},
                          .request_id = "r-1"};
  context.trace_header = "Root=1-2-3";
  context.port = "4566";
  context.received_at = WallTime(std::chrono::milliseconds(1'584'039'838'390));
  return context;
}

json::Value Event(const http::Request& request, const UrlEventContext& context = SomeContext()) {
  auto event = json::Parse(MakeUrlEvent(request, context));
  EXPECT_TRUE(event) << event.error().message;
  return event ? std::move(*event) : json::Value();
}

TEST(UrlHost, KnowsTheAddressesOfFunctions) {
  // Broken: an API call lands at a function, or a function's request at the API.
  struct Case {
    const char* host;
    const char* domain;
    const char* id;  // "" when it is none
  };
  for (const Case& c : {
           Case{"abc.lambda-url.us-east-1.localhost:4566", "localhost", "abc"},
           Case{"ABC.Lambda-URL.US-East-1.LocalHost", "localhost", "abc"},
           Case{"abc.lambda-url.us-east-1.localhost.", "localhost", "abc"},
           Case{"abc.lambda-url.us-east-1.lambda.example.com", "lambda.example.com", "abc"},
           Case{"abc.lambda-url.us-east-1.localhost", "lambda.example.com", "abc"},
           Case{"abc.lambda-url.us-east-1.evil.example", "lambda.example.com", ""},
           Case{"abc.lambda-url.us-east-1.evil.localhost", "localhost", ""},
           Case{"abc.lambda-url.us-east-1", "localhost", ""},
           Case{".lambda-url.us-east-1.localhost", "localhost", ""},
           Case{"a_b.lambda-url.us-east-1.localhost", "localhost", ""},
           Case{"lambda-url.us-east-1.localhost", "localhost", ""},
           Case{"127.0.0.1:4566", "localhost", ""},
           Case{"[::1]:4566", "localhost", ""},
           Case{"localhost", "localhost", ""},
           Case{"", "localhost", ""},
       }) {
    const auto parsed = ParseUrlHost(c.host, c.domain);
    EXPECT_EQ(parsed ? parsed->url_id : "", c.id) << c.host;
    if (parsed) {
      EXPECT_EQ(parsed->region, "us-east-1") << c.host;
      EXPECT_EQ(parsed->name.find(':'), std::string::npos) << c.host;
    }
  }
}

TEST(UrlOrigin, IsTheListenersUnlessSaidOtherwise) {
  // Broken: clients are told an address where nobody listens.
  const UrlOrigin listener{.scheme = "http", .domain = "localhost", .port = "4566"};
  for (const auto& [option, address] : {
           std::pair{"localhost", "http://x.lambda-url.r.localhost:4566/"},
           std::pair{"lambda.example.com", "http://x.lambda-url.r.lambda.example.com:4566/"},
           std::pair{"lambda.example.com:80", "http://x.lambda-url.r.lambda.example.com/"},
           std::pair{"https://Lambda.example.com", "https://x.lambda-url.r.lambda.example.com/"},
           std::pair{"https://lambda.example.com:8443", "https://x.lambda-url.r.lambda.example.com:8443/"},
       }) {
    const auto origin = ParseUrlOrigin(option, listener);
    ASSERT_TRUE(origin) << option;
    EXPECT_EQ(UrlAddress(*origin, "x", "r"), address);
  }
  for (const char* bad : {"", "ftp://x", "a..b", "a/b", "x:", "x:port", "x:123456", "https://", "a b"})
    EXPECT_FALSE(ParseUrlOrigin(bad, listener)) << bad;
}

TEST(UrlEvent, HasTheMembersOfPayload2) {
  // Broken: frameworks in functions (Mangum, Powertools, lambda_http) do not know the event.
  http::Request request = Get("/a/b?x=1&x=2&y=a%20b+c&empty=");
  request.headers.Add("Host", "abc.lambda-url.eu-west-1.localhost:4566");
  request.headers.Add("User-Agent", "curl/8");
  request.headers.Add("X-Many", "first");
  request.headers.Add("x-many", "second");
  request.headers.Add("Cookie", "session=1; theme=dark");
  request.headers.Add("Connection", "keep-alive");
  EXPECT_EQ(
      json::Write(Event(request)),
      R"({"version":"2.0","routeKey":"$default","rawPath":"/a/b","rawQueryString":"x=1&x=2&y=a%20b+c&empty=",)"
      R"("cookies":["session=1","theme=dark"],)"
      R"("headers":{"host":"abc.lambda-url.eu-west-1.localhost:4566","user-agent":"curl/8","x-many":"first,second","cookie":"session=1; theme=dark",)"
      R"("x-forwarded-for":"203.0.113.7","x-forwarded-port":"4566","x-forwarded-proto":"http","x-amzn-trace-id":"Root=1-2-3"},)"
      R"("queryStringParameters":{"x":"1,2","y":"a b c","empty":""},)"
      R"("requestContext":{"accountId":"anonymous","apiId":"abc","domainName":"abc.lambda-url.eu-west-1.localhost","domainPrefix":"abc",)"
      R"("http":{"method":"GET","path":"/a/b","protocol":"HTTP/1.1","sourceIp":"203.0.113.7","userAgent":"curl/8"},"requestId":"r-1",)"
      R"("routeKey":"$default","stage":"$default","time":"12/Mar/2020:19:03:58 +0000","timeEpoch":1584039838390},"isBase64Encoded":false})");
}

TEST(UrlEvent, LeavesOutWhatThereIsNot) {
  // Broken: a function sees an empty body or query where AWS has no member.
  const json::Value event = Event(Get("/"));
  for (const char* name : {"cookies", "queryStringParameters", "body"}) EXPECT_FALSE(event.Find(name)) << name;
  EXPECT_FALSE(event.Find("requestContext")->Find("authorizer"));
}

TEST(UrlEvent, KeepsThePathAsSentAndDecodesItInTheContext) {
  // Broken: a slash in a name (%2F) becomes a path separator, or an encoded name stays encoded. Recorded on AWS.
  struct Case {
    const char* target;
    const char* raw_path;
    const char* path;
  };
  for (const Case& c : {
           Case{"/capture/space%20value", "/capture/space%20value", "/capture/space value"},
           Case{"/a%2Fb?c", "/a%2Fb", "/a/b"},
           Case{"/literal%2525value", "/literal%2525value", "/literal%25value"},
           Case{"/%CE%BB", "/%CE%BB", "/λ"},
           Case{"/a+b", "/a+b", "/a+b"},
           Case{"/pa2%Fth/1", "/pa2%Fth/1", "/pa2%Fth/1"},
           Case{"*", "/", "/"},
           Case{"//double", "//double", "//double"},
       }) {
    const json::Value event = Event(Get(c.target));
    EXPECT_EQ(event.StringOr("rawPath", ""), c.raw_path);
    EXPECT_EQ(event.Find("requestContext")->Find("http")->StringOr("path", ""), c.path);
  }
}

TEST(UrlEvent, EncodesBodiesThatAreNoText) {
  // Broken: a binary upload is damaged, or a JSON body comes as base64.
  struct Case {
    const char* content_type;
    std::string body;
    const char* in_event;
    bool is_base64;
  };
  for (const Case& c : {
           Case{"text/plain", "text", "text", false},
           Case{"application/json; charset=utf-8", R"({"a":1})", R"({"a":1})", false},
           Case{"Application/XML", "<a/>", "<a/>", false},
           Case{"application/javascript", "1", "1", false},
           Case{"application/x-www-form-urlencoded", "a=1", "YT0x", true},
           Case{"multipart/form-data; boundary=x", "a", "YQ==", true},
           Case{"application/octet-stream", "a", "YQ==", true},
           Case{"", "a", "YQ==", true},
           Case{"text/plain", std::string("\xff\xfe"), "//4=", true},
       }) {
    http::Request request = Get("/");
    request.method = "POST";
    if (*c.content_type) request.headers.Add("Content-Type", c.content_type);
    request.body = c.body;
    const json::Value event = Event(request);
    EXPECT_EQ(event.StringOr("body", ""), c.in_event) << c.content_type;
    EXPECT_EQ(event.BoolOr("isBase64Encoded", !c.is_base64), c.is_base64) << c.content_type;
  }
}

TEST(UrlEvent, NamesTheCallerAndKeepsTheSignature) {
  // Broken: a function behind AWS_IAM does not know who calls, or gets a signature that it could use again.
  UrlEventContext context = SomeContext();
  context.caller =
      Principal{.account_id = "111122223333", .region = "eu-west-1", .access_key_id = "AKIAX", .arn = "arn:aws:iam::111122223333:user/u"};
  http::Request request = Get("/");
  request.headers.Add("Authorization", "AWS4-HMAC-SHA256 …");
  const json::Value event = Event(request, context);
  EXPECT_FALSE(event.Find("headers")->Find("authorization"));
  const json::Value& made = *event.Find("requestContext");
  EXPECT_EQ(made.StringOr("accountId", ""), "111122223333");
  ASSERT_TRUE(made.Find("authentication") && made.Find("authentication")->is_null());
  const json::Value& iam = *made.Find("authorizer")->Find("iam");
  EXPECT_EQ(iam.StringOr("accessKey", ""), "AKIAX");
  EXPECT_EQ(iam.StringOr("userArn", ""), "arn:aws:iam::111122223333:user/u");
  EXPECT_THAT(std::string(iam.StringOr("userId", "")), testing::MatchesRegex("AIDA[0-9A-F]{17}"));
  EXPECT_TRUE(iam.Find("cognitoIdentity")->is_null());
  context.caller->arn = "arn:aws:iam::111122223333:root";
  const json::Value root_event = Event(request, context);
  EXPECT_EQ(root_event.Find("requestContext")->Find("authorizer")->Find("iam")->StringOr("userId", ""), "111122223333");
}

TEST(UrlEvent, TakesWhatTheClientSaysOfItself) {
  // Broken: a trace or a chain of proxies ends at Mayfly.
  http::Request request = Get("/");
  request.peer = "[::1]:99";
  request.headers.Add("X-Forwarded-For", "198.51.100.1");
  request.headers.Add("X-Forwarded-Proto", "https");
  request.headers.Add("X-Amzn-Trace-Id", "Root=1-9-9;Parent=8");
  const json::Value event = Event(request);
  const json::Value& headers = *event.Find("headers");
  EXPECT_EQ(headers.StringOr("x-forwarded-for", ""), "198.51.100.1,::1");
  EXPECT_EQ(headers.StringOr("x-forwarded-proto", ""), "https");
  EXPECT_EQ(headers.StringOr("x-amzn-trace-id", ""), "Root=1-9-9;Parent=8");
  EXPECT_EQ(event.Find("requestContext")->Find("http")->StringOr("sourceIp", ""), "::1");
}

}  // namespace
}  // namespace mayfly::edge
