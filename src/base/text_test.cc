// If these fail, names, header fields and numbers of requests are read otherwise than they are written.
#include "base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mayfly {
namespace {

TEST(Text, CaseIsOfAsciiOnly) {
  EXPECT_EQ(LowerCase("X-Amz-Date Ü"), "x-amz-date Ü");
  EXPECT_TRUE(EqualIgnoringCase("Content-TYPE", "content-type"));
  EXPECT_FALSE(EqualIgnoringCase("[", "{")) << "32 apart, and no letters";
  EXPECT_FALSE(EqualIgnoringCase("ab", "abc"));
  EXPECT_TRUE(StartsWithIgnoringCase("AWS:tag", "aws:"));
  EXPECT_FALSE(StartsWithIgnoringCase("aw", "aws:"));
}

TEST(Text, TrimTakesBothEndsOnly) {
  EXPECT_EQ(Trim(" \t a b\t"), "a b");
  EXPECT_EQ(Trim(" \t "), "");
  EXPECT_EQ(Trim("\ta ", " "), "\ta");
}

TEST(Text, SplitKeepsEmptyPieces) {
  EXPECT_THAT(Split("a;;b", ';'), testing::ElementsAre("a", "", "b"));
  EXPECT_THAT(Split("", ';'), testing::ElementsAre(""));
}

TEST(Text, NumbersAreWholeTexts) {
  EXPECT_TRUE(IsNumber("007"));
  for (const char* text : {"", "-1", "1 ", "0x1", "1.0"}) EXPECT_FALSE(IsNumber(text)) << text;
  EXPECT_EQ(ParseNumber<int>("-17"), -17);
  EXPECT_EQ(ParseNumber<uint16_t>("65535"), 65535);
  EXPECT_EQ(ParseNumber<double>("2.5e1"), 25.0);
  for (const char* text : {"", "+1", " 1", "1 ", "65536", "-1", "1e3"}) EXPECT_FALSE(ParseNumber<uint16_t>(text)) << text;
}

TEST(Text, HexDigits) {
  EXPECT_EQ(HexValue('a'), 10);
  EXPECT_EQ(HexValue('F'), 15);
  for (const char c : {'g', '/', ':', '`', '\xff'}) EXPECT_EQ(HexValue(c), -1);
  EXPECT_TRUE(ConsistsOf("0af", kLowerHexDigits));
  EXPECT_FALSE(ConsistsOf("", kLowerHexDigits));
}

}  // namespace
}  // namespace mayfly
