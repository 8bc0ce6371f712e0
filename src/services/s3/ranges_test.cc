// If these fail, clients get other bytes than they asked for.
#include "services/s3/ranges.h"

#include <gtest/gtest.h>

namespace mayfly::s3 {
namespace {

std::string Shown(std::string_view text, int64_t size = 100) {
  const auto range = ParseRange(text, size);
  if (!range) return range.error().code;
  return *range ? std::to_string((*range)->offset) + "+" + std::to_string((*range)->size) : "all";
}

TEST(RangesTest, OfReads) {
  EXPECT_EQ(Shown("bytes=0-9"), "0+10");
  EXPECT_EQ(Shown("bytes=90-"), "90+10");
  EXPECT_EQ(Shown("bytes=90-1000"), "90+10");
  EXPECT_EQ(Shown("bytes=-10"), "90+10");
  EXPECT_EQ(Shown("bytes=-1000"), "0+100");
  EXPECT_EQ(Shown("bytes=100-"), "InvalidRange");
  EXPECT_EQ(Shown("bytes=-0"), "InvalidRange");
  EXPECT_EQ(Shown("bytes=0-", 0), "InvalidRange");
  for (const char* huge : {"9223372036854775807", "9223372036854775808", "18446744073709551616", "99999999999999999999999"}) {
    EXPECT_EQ(Shown("bytes=90-" + std::string(huge)), "90+10");
    EXPECT_EQ(Shown("bytes=-" + std::string(huge)), "0+100");
    EXPECT_EQ(Shown("bytes=" + std::string(huge) + "-"), "InvalidRange");
    EXPECT_EQ(Shown("bytes=" + std::string(huge) + "-" + huge), "InvalidRange");
  }
  for (const char* text : {"", "bytes=", "bytes=-", "bytes=a-b", "bytes=9-3", "bytes=0-1,3-4", "lines=0-1", "bytes=--1"}) EXPECT_EQ(Shown(text), "all") << text;
}

TEST(RangesTest, OfCopies) {
  const auto range = ParseCopyRange("bytes=5-9", 10);
  ASSERT_TRUE(range);
  EXPECT_EQ(range->offset, 5);
  EXPECT_EQ(range->size, 5);
  for (const char* text : {"bytes=5-", "bytes=-5", "5-9", "bytes=5-10", "bytes=9-5", "bytes=0-9223372036854775808"}) EXPECT_FALSE(ParseCopyRange(text, 10)) << text;
}

}  // namespace
}  // namespace mayfly::s3
