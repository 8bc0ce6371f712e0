// If these fail, a web page changes queues and functions through the browser of whoever looks at it, or a program is taken for a page.
#include "edge/web_pages.h"

#include <gtest/gtest.h>

namespace mayfly::edge {
namespace {

constexpr std::string_view kChrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36";
constexpr std::string_view kSignature = "AWS4-HMAC-SHA256 Credential=test/20260131/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=00";
constexpr std::string_view kPresigned = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test%2F20260131%2Fus-east-1%2Fsqs%2Faws4_request&X-Amz-Date=20260131T120000Z"
                                        "&X-Amz-SignedHeaders=host&X-Amz-Signature=00";

using Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

bool IsTaken(std::string method, std::string target, Fields fields = {}) {
  http::Request request;
  request.method = std::move(method);
  request.target = std::move(target);
  for (const auto& [name, value] : fields) request.headers.Add(name, value);
  const auto result = RefuseWebPages(request);
  EXPECT_TRUE(result || result.error().code == "AccessDeniedException");
  return result.has_value();
}

const std::string kInvoke = "/2015-03-31/functions/f/invocations";
const std::string kSend = "/000000000000/q?Action=SendMessage&MessageBody=x";

TEST(WebPages, WhatABrowserCallsAnotherSites) {
  for (const char* site : {"cross-site", "same-site", "anything"}) {
    for (const char* method : {"GET", "POST", "DELETE", "OPTIONS"}) {
      EXPECT_FALSE(IsTaken(method, "/2015-03-31/functions", {{"Sec-Fetch-Site", site}})) << method << site;
      EXPECT_FALSE(IsTaken(method, "/2015-03-31/functions", {{"sec-fetch-site", site}, {"Authorization", kSignature}})) << method << site;
    }
  }
  EXPECT_FALSE(IsTaken("GET", "/_mayfly/status", {{"Sec-Fetch-Site", "none"}, {"Sec-Fetch-Site", "cross-site"}}));
  for (const char* origin : {"https://evil.example", "null", "http://localhost:4566", ""}) {
    EXPECT_FALSE(IsTaken("POST", kInvoke, {{"Origin", origin}, {"Authorization", kSignature}})) << origin;
  }
  EXPECT_TRUE(IsTaken("GET", "/_mayfly/status", {{"Sec-Fetch-Site", "none"}, {"User-Agent", kChrome}})) << "somebody wrote the address";
  EXPECT_TRUE(IsTaken("GET", "/_mayfly/status", {{"Sec-Fetch-Site", "same-origin"}, {"User-Agent", kChrome}}));
}

TEST(WebPages, AGetThatNamesAnAction) {
  for (const std::string& target : {kSend, std::string("/?Action=ListQueues"), std::string("/?x=1&%41ction=ListQueues"), std::string("/?Action=")}) {
    for (const char* method : {"GET", "HEAD"}) {
      EXPECT_FALSE(IsTaken(method, target)) << target;
      EXPECT_FALSE(IsTaken(method, target, {{"User-Agent", "curl/8.0"}})) << target;
      EXPECT_FALSE(IsTaken(method, target, {{"Authorization", "Basic dGVzdDp0ZXN0"}})) << "of http://NAME:PASSWORD@…";
      EXPECT_TRUE(IsTaken(method, target, {{"Authorization", kSignature}})) << target;
    }
  }
  EXPECT_FALSE(IsTaken("GET", kSend + "&X-Amz-Credential=111111111111%2F20260131%2Fus-east-1%2Fsqs%2Faws4_request"));
  EXPECT_TRUE(IsTaken("GET", kSend + "&" + std::string(kPresigned), {{"User-Agent", "curl/8.0"}}));
  EXPECT_FALSE(IsTaken("GET", kSend + "&" + std::string(kPresigned), {{"User-Agent", kChrome}})) << "a page may write any URL";
  EXPECT_FALSE(IsTaken("GET", kSend + "&" + std::string(kPresigned), {{"Sec-Fetch-Site", "none"}}));
  EXPECT_TRUE(IsTaken("GET", "/2015-03-31/functions?Marker=Action", {{"User-Agent", kChrome}})) << "reading";
}

TEST(WebPages, UnsignedChangesComeFromPrograms) {
  for (const char* type : {"text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/ping",
                           "application/csp-report", "TEXT/PLAIN ; application/json", ""}) {
    for (const char* method : {"POST", "PUT", "DELETE", "PATCH"}) {
      EXPECT_FALSE(IsTaken(method, kInvoke, {{"User-Agent", kChrome}, {"Content-Type", type}})) << method << type;
      EXPECT_FALSE(IsTaken(method, kInvoke + "?" + std::string(kPresigned), {{"User-Agent", kChrome}, {"Content-Type", type}})) << method << type;
      EXPECT_TRUE(IsTaken(method, kInvoke, {{"User-Agent", "curl/8.0"}, {"Content-Type", type}})) << method << type;
      EXPECT_TRUE(IsTaken(method, kInvoke, {{"User-Agent", kChrome}, {"Content-Type", type}, {"Authorization", kSignature}})) << method << type;
    }
  }
  EXPECT_FALSE(IsTaken("POST", kInvoke, {{"User-Agent", kChrome}}));
  EXPECT_FALSE(IsTaken("POST", kInvoke, {{"Content-Type", "text/plain"}}));
  EXPECT_FALSE(IsTaken("POST", kInvoke, {{"Content-Type", "text/plain"}, {"Authorization", "Basic dGVzdDp0ZXN0"}}));
  EXPECT_TRUE(IsTaken("POST", kInvoke));
  EXPECT_TRUE(IsTaken("POST", "/", {{"Content-Type", "application/x-www-form-urlencoded"}}));
  EXPECT_TRUE(IsTaken("POST", "/", {{"User-Agent", kChrome}, {"X-Amz-Target", "AmazonSQS.ListQueues"}, {"Content-Type", "application/x-amz-json-1.0"}}));
  EXPECT_TRUE(IsTaken("POST", "/service/AmazonSQS/operation/ListQueues", {{"smithy-protocol", "rpc-v2-cbor"}, {"Content-Type", "application/cbor"}}));
  EXPECT_TRUE(IsTaken("POST", kInvoke, {{"User-Agent", "node"}, {"sec-fetch-mode", "cors"}, {"Content-Type", "text/plain;charset=UTF-8"}})) << "Node.js' fetch";
}

}  // namespace
}  // namespace mayfly::edge
