// If these fail, forms of web pages store what their authors did not allow, or other bytes than they hold.
#include <gtest/gtest.h>

#include "services/s3/form_body.h"
#include "services/s3/post_policy.h"

namespace mayfly::s3 {
namespace {

constexpr std::string_view kForm =
    "--B\r\nContent-Disposition: form-data; name=\"Key\"\r\n\r\nuser/${filename}\r\n"
    "--B\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n"
    "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b.txt\"\r\nContent-Type: text/plain\r\n\r\nline\r\n--x\r\n-\r\n--B--\r\nignored";

TEST(FormBodyTest, InPiecesOfAnySize) {
  for (size_t size = 1; size <= kForm.size(); size += 7) {
    auto form = FormBody::Of("multipart/form-data; boundary=B");
    ASSERT_TRUE(form);
    std::string file;
    for (size_t at = 0; at < kForm.size(); at += size) ASSERT_TRUE(form->Take(kForm.substr(at, size), file));
    EXPECT_TRUE(form->End());
    EXPECT_EQ(file, "line\r\n--x\r\n-") << size;
    EXPECT_EQ(*form->Find("key"), "user/${filename}");
    EXPECT_EQ(*form->Find("empty"), "");
    EXPECT_EQ(form->file_name(), "a b.txt");
    EXPECT_EQ(form->file_type(), "text/plain");
  }
}

TEST(FormBodyTest, WhatIsRefused) {
  EXPECT_FALSE(FormBody::Of("text/plain"));
  EXPECT_FALSE(FormBody::Of("multipart/form-data"));
  auto form = FormBody::Of("multipart/form-data; boundary=\"B\"");
  std::string file;
  EXPECT_EQ(form->Take("no delimiter at all", file).error().code, "MalformedPOSTRequest");
  auto large = FormBody::Of("multipart/form-data; boundary=B");
  const auto taken = large->Take("--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n" + std::string(kFieldsBytesMax, 'x'), file);
  EXPECT_EQ(taken.error().code, "MaxPostPreDataLengthExceededError");
  auto cut = FormBody::Of("multipart/form-data; boundary=B");
  ASSERT_TRUE(cut->Take(kForm.substr(0, 60), file));
  EXPECT_FALSE(cut->End());
}

using Fields = std::vector<std::pair<std::string, std::string>>;

std::string Judge(std::string_view conditions, const Fields& fields) {
  const auto policy = PostPolicy::Parse(std::string(R"({"expiration":"2030-01-01T00:00:00.000Z","conditions":)").append(conditions).append("}"));
  if (!policy) return policy.error().code;
  const auto allowed = policy->Check(fields, WallTime(std::chrono::seconds(1'700'000'000)));
  return allowed ? "yes" : allowed.error().message;
}

TEST(PostPolicyTest, Conditions) {
  EXPECT_EQ(Judge(R"([{"bucket":"b"},["starts-with","$key","user/"]])", {{"bucket", "b"}, {"key", "user/a"}}), "yes");
  EXPECT_EQ(Judge(R"([{"bucket":"b"}])", {{"bucket", "c"}}), "Invalid according to Policy: Policy Condition failed: [\"eq\", \"$bucket\", \"b\"]");
  EXPECT_EQ(Judge(R"([["starts-with","$key","user/"]])", {{"key", "x"}}), "Invalid according to Policy: Policy Condition failed: [\"starts-with\",\"$key\",\"user/\"]");
  EXPECT_EQ(Judge("[]", {{"acl", "private"}}), "Invalid according to Policy: Extra input fields: acl");
  EXPECT_EQ(Judge("[]", {{"x-ignore-this", "1"}, {"policy", "p"}, {"x-amz-signature", "s"}}), "yes");
  EXPECT_EQ(Judge(R"([["starts-with","$Content-Type","image/"]])", {{"content-type", "image/png,image/gif"}}), "yes");
  EXPECT_EQ(Judge(R"([["starts-with","$Content-Type","image/"]])", {{"content-type", "image/png,text/html"}}).substr(0, 12), "Invalid acco");
  for (const char* bad : {"[1]", R"([["eq","key","x"]])", R"([["like","$key","x"]])", R"([["content-length-range",9,1]])", R"([{"a":"b","c":"d"}])"}) {
    EXPECT_EQ(Judge(bad, {}), "InvalidPolicyDocument") << bad;
  }
}

TEST(PostPolicyTest, SizesAndTime) {
  const auto policy = PostPolicy::Parse(R"({"expiration":"2020-01-01T00:00:00Z","conditions":[["content-length-range",2,4]]})");
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->CheckSize(1).error().code, "EntityTooSmall");
  EXPECT_TRUE(policy->CheckSize(4));
  EXPECT_EQ(policy->CheckSize(5).error().code, "EntityTooLarge");
  EXPECT_EQ(policy->Check({}, WallTime(std::chrono::seconds(1'700'000'000))).error().message, "Invalid according to Policy: Policy expired.");
}

}  // namespace
}  // namespace mayfly::s3
