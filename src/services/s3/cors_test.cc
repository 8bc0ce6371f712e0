// If these fail, pages read objects that a bucket's rules do not give them, or not those that they do.
#include "services/s3/cors.h"

#include <gtest/gtest.h>

namespace mayfly::s3 {
namespace {

CORSRule RuleFor(std::vector<std::string> origins, std::vector<std::string> methods, std::vector<std::string> headers = {}) {
  CORSRule rule;
  rule.allowed_origins = std::move(origins);
  rule.allowed_methods = std::move(methods);
  if (!headers.empty()) rule.allowed_headers = std::move(headers);
  return rule;
}

bool IsAllowed(const CORSRule& rule, std::string origin, std::string method, std::vector<std::string> headers = {}) {
  return AllowingRule({rule}, {.origin = std::move(origin), .method = std::move(method), .headers = std::move(headers)}) != nullptr;
}

TEST(CorsTest, AStarStandsForAnything) {
  const CORSRule rule = RuleFor({"https://*.example.com"}, {"GET"}, {"X-*"});
  EXPECT_TRUE(IsAllowed(rule, "https://a.example.com", "GET", {"x-a"}));
  EXPECT_FALSE(IsAllowed(rule, "https://example.com", "GET"));
  EXPECT_FALSE(IsAllowed(rule, "https://a.example.com.evil", "GET"));
  EXPECT_FALSE(IsAllowed(rule, "https://a.example.com", "PUT"));
  EXPECT_FALSE(IsAllowed(rule, "https://a.example.com", "GET", {"y-a"}));
  EXPECT_TRUE(IsAllowed(RuleFor({"*"}, {"GET"}), "null", "GET"));
  EXPECT_FALSE(IsAllowed(RuleFor({"*"}, {"GET"}), "null", "GET", {"x-a"}));
  EXPECT_FALSE(IsAllowed(RuleFor({"ab*ba"}, {"GET"}), "aba", "GET"));
}

TEST(CorsTest, AnyoneGetsAStarAndNoCredentials) {
  const auto anyone = CorsHeaders(RuleFor({"https://a", "*"}, {"GET", "PUT"}), {.origin = "https://a", .method = "GET", .headers = {}});
  EXPECT_EQ(anyone.Get("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(anyone.Find("Access-Control-Allow-Credentials"), nullptr);
  const auto one = CorsHeaders(RuleFor({"https://a"}, {"GET"}), {.origin = "https://a", .method = "GET", .headers = {}});
  EXPECT_EQ(one.Get("Access-Control-Allow-Origin"), "https://a");
  EXPECT_EQ(one.Get("Access-Control-Allow-Credentials"), "true");
}

}  // namespace
}  // namespace mayfly::s3
