#include "edge/url_cors.h"

#include <gtest/gtest.h>

namespace mayfly::edge {
namespace {

http::Request From(std::string_view origin, std::string method = "GET") {
  http::Request request;
  request.method = std::move(method);
  request.target = "/";
  if (!origin.empty()) request.headers.Add("Origin", origin);
  return request;
}

catalog::Cors AllSettings() {
  catalog::Cors cors;
  cors.allow_credentials = true;
  cors.allow_headers = {"content-type", "x-a"};
  cors.allow_methods = {"GET", "POST"};
  cors.allow_origins = {"https://shop.example.com"};
  cors.expose_headers = {"x-request-id"};
  cors.max_age_seconds = 600;
  return cors;
}

TEST(UrlCors, MatchesOrigins) {
  // Broken: a page of another site reads a function's answers, or the right page cannot.
  struct Case {
    const char* allowed;
    const char* origin;
    bool is_allowed;
  };
  for (const Case& c : {
           Case{"*", "https://a.example", true},
           Case{"*", "null", true},
           Case{"https://*", "https://a.example:8443", true},
           Case{"https://*", "http://a.example", false},
           Case{"https://*", "https://", false},
           Case{"http://*", "http://localhost:3000", true},
           Case{"http://*", "https://localhost", false},
           Case{"https://www.example.com", "https://www.example.com", true},
           Case{"https://www.example.com", "HTTPS://WWW.example.com", true},
           Case{"https://www.example.com/", "https://www.example.com", true},
           Case{"https://www.example.com", "https://www.example.com.evil.example", false},
           Case{"https://www.example.com", "https://www.example.com:8443", false},
           Case{"https://www.example.com", "http://www.example.com", false},
           Case{"https://www.example.com", "https://example.com", false},
           Case{"https://www.example.com", "", false},
       }) {
    catalog::Cors cors;
    cors.allow_origins = {c.allowed};
    EXPECT_EQ(IsOriginAllowed(cors, c.origin), c.is_allowed) << c.allowed << " " << c.origin;
  }
  EXPECT_FALSE(IsOriginAllowed(catalog::Cors(), "https://a.example"));
  catalog::Cors several;
  several.allow_origins = {"https://a.example", "https://b.example"};
  EXPECT_TRUE(IsOriginAllowed(several, "https://b.example"));
}

TEST(UrlCors, KnowsAPreflight) {
  // Broken: the function runs for a browser's question, or its own OPTIONS route is never reached.
  http::Request request = From("https://a.example", "OPTIONS");
  EXPECT_FALSE(IsPreflight(request));
  request.headers.Add("Access-Control-Request-Method", "PUT");
  EXPECT_TRUE(IsPreflight(request));
  request.method = "GET";
  EXPECT_FALSE(IsPreflight(request));
}

TEST(UrlCors, AnswersAPreflight) {
  // Broken: browsers do not send the request that follows.
  const http::Response response = AnswerPreflight(AllSettings(), From("https://shop.example.com", "OPTIONS"));
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.body.empty());
  const std::vector<http::Headers::Field> expected = {{"Content-Type", "application/json"},
                                                      {"Access-Control-Allow-Origin", "https://shop.example.com"},
                                                      {"Vary", "Origin"},
                                                      {"Access-Control-Allow-Credentials", "true"},
                                                      {"Access-Control-Allow-Methods", "GET,POST"},
                                                      {"Access-Control-Allow-Headers", "content-type,x-a"},
                                                      {"Access-Control-Expose-Headers", "x-request-id"},
                                                      {"Access-Control-Max-Age", "600"}};
  EXPECT_EQ(response.headers.fields(), expected);
  EXPECT_EQ(AnswerPreflight(AllSettings(), From("https://evil.example", "OPTIONS")).headers.fields().size(), 1u);
}

TEST(UrlCors, AddsHeadersToAnswers) {
  // Broken: a page may send its request, but not read the answer.
  http::Response response = http::Response::Json(200, "{}");
  AddCorsHeaders(AllSettings(), From("https://shop.example.com"), response);
  EXPECT_EQ(response.headers.Get("Access-Control-Allow-Origin"), "https://shop.example.com");
  EXPECT_EQ(response.headers.Get("Access-Control-Expose-Headers"), "x-request-id");
  EXPECT_EQ(response.headers.Find("Access-Control-Allow-Methods"), nullptr);
  for (const char* other : {"", "https://evil.example"}) {
    http::Response without = http::Response::Json(200, "{}");
    AddCorsHeaders(AllSettings(), From(other), without);
    EXPECT_EQ(without.headers.fields().size(), 1u) << other;
  }
}

}  // namespace
}  // namespace mayfly::edge
