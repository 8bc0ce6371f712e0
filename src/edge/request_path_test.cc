// If these fail, a request that is signed for one path acts on another.
#include "edge/request_path.h"

#include <gtest/gtest.h>

namespace mayfly::edge {
namespace {

std::string Normal(std::string target, std::string_view signing_name = "lambda") {
  http::Request request;
  request.target = std::move(target);
  request.headers.Add("Authorization", "AWS4-HMAC-SHA256 Credential=a/20260131/us-east-1/" + std::string(signing_name) + "/aws4_request, SignedHeaders=host, Signature=0");
  NormalisePath(request);
  return request.target;
}

TEST(RequestPath, EmptyAndDotSegmentsGo) {
  EXPECT_EQ(Normal("/a/./b"), "/a/b");
  EXPECT_EQ(Normal("/a/../b?x=/../y"), "/b?x=/../y");
  EXPECT_EQ(Normal("//a///b//"), "/a/b/");
  EXPECT_EQ(Normal("/../../a"), "/a");
  EXPECT_EQ(Normal("/a/.."), "/");
  EXPECT_EQ(Normal("/a/."), "/a");
  EXPECT_EQ(Normal("/."), "/");
  EXPECT_EQ(Normal("/a/./"), "/a/");
  for (const char* same : {"/", "/a", "/a/", "/a.b/..c/.d", "/a/%2e%2e/b", "*", "/a?x=//"}) EXPECT_EQ(Normal(same), same);
  EXPECT_EQ(Normal("/bucket//a/../b", "s3"), "/bucket//a/../b") << "keys of S3 may hold them";
}

}  // namespace
}  // namespace mayfly::edge
