// If these fail, buckets have names that S3 refuses, or keys and versions are taken for others.
#include "services/s3/s3_names.h"

#include <gtest/gtest.h>

namespace mayfly::s3 {
namespace {

TEST(NamesTest, Buckets) {
  for (const char* name : {"abc", "my-bucket", "a.b.c", "0ab", "1234"}) EXPECT_TRUE(IsBucketName(name)) << name;
  for (const char* name : {"", "ab", "Abc", "a_b", "-ab", "ab-", "a..b", "192.168.0.1", "xn--abc", "abc-s3alias", ".ab", "a/b"}) EXPECT_FALSE(IsBucketName(name)) << name;
  EXPECT_TRUE(IsBucketName(std::string(63, 'a')));
  EXPECT_FALSE(IsBucketName(std::string(64, 'a')));
}

TEST(NamesTest, Keys) {
  EXPECT_TRUE(CheckKey(std::string(1024, 'k')));
  EXPECT_EQ(CheckKey(std::string(1025, 'k')).error().code, "KeyTooLongError");
  EXPECT_FALSE(CheckKey(std::string_view("a\0b", 3)));
  EXPECT_EQ(FormEncoded("a b/ü+=:"), "a+b/%C3%BC%2B%3D%3A");
}

TEST(NamesTest, VersionsHoldTheirPlace) {
  SeededRandom random(1);
  const std::string id = MakeVersionId(0x123456789abcdef, random);
  EXPECT_EQ(id.size(), 32u);
  EXPECT_EQ(SequenceOf(id), 0x123456789abcdef);
  EXPECT_EQ(SequenceOf("null"), std::nullopt);
  EXPECT_EQ(SequenceOf(std::string(32, 'z')), std::nullopt);
}

TEST(NamesTest, EntityTags) {
  EXPECT_EQ(Unquoted("\"abc\""), "abc");
  EXPECT_EQ(Unquoted("abc"), "abc");
  EXPECT_TRUE(NamesTag("\"x\", \"abc\"", "abc"));
  EXPECT_TRUE(NamesTag("*", "abc"));
  EXPECT_FALSE(NamesTag("\"x\"", "abc"));
}

}  // namespace
}  // namespace mayfly::s3
