// If these fail, a value is kept that AWS would refuse, or an advanced parameter is cut to a standard one.
#include "services/ssm/value_rules.h"

#include <gtest/gtest.h>

namespace mayfly::ssm {
namespace {

std::string TierOf(std::optional<std::string> asked, std::string_view present, size_t characters) {
  const auto tier = ChooseTier(asked, present, std::string(characters, 'x'));
  return tier ? *tier : tier.error().code;
}

TEST(Tier, IsStandardUnlessSaidOtherwise) {
  EXPECT_EQ(TierOf(std::nullopt, "", 1), "Standard");
  EXPECT_EQ(TierOf(std::nullopt, "", 4096), "Standard");
  EXPECT_EQ(TierOf(std::nullopt, "", 4097), "ValidationException");
  EXPECT_EQ(TierOf("Advanced", "", 8192), "Advanced");
  EXPECT_EQ(TierOf("Advanced", "", 8193), "ValidationException");
}

TEST(Tier, GoesUpAndNeverDown) {
  EXPECT_EQ(TierOf(std::nullopt, "Advanced", 1), "Advanced");
  EXPECT_EQ(TierOf("Advanced", "Standard", 1), "Advanced");
  EXPECT_EQ(TierOf("Standard", "Advanced", 1), "ValidationException");
}

TEST(Tier, ChoosesItselfWhenItIsIntelligent) {
  EXPECT_EQ(TierOf("Intelligent-Tiering", "", 4096), "Standard");
  EXPECT_EQ(TierOf("Intelligent-Tiering", "", 4097), "Advanced");
  EXPECT_EQ(TierOf("Intelligent-Tiering", "Advanced", 1), "Advanced");
  EXPECT_EQ(TierOf("Intelligent-Tiering", "", 8193), "ValidationException");
}

TEST(Tier, CountsCharacters) {
  std::string value;
  for (int i = 0; i < 4096; ++i) value += "ü";
  EXPECT_EQ(*ChooseTier(std::nullopt, "", value), "Standard");
}

TEST(Pattern, MustMatchTheWholeValue) {
  EXPECT_TRUE(CheckPattern("", "anything"));
  EXPECT_TRUE(CheckPattern("^\\d+$", "123"));
  EXPECT_TRUE(CheckPattern("\\d+", "123"));
  EXPECT_EQ(CheckPattern("\\d+", "12a").error().code, "ParameterPatternMismatchException");
  EXPECT_EQ(CheckPattern("(", "x").error().code, "InvalidAllowedPatternException");
}

TEST(DataType, IsOneOfThree) {
  for (const char* good : {"text", "aws:ec2:image", "aws:ssm:integration"}) EXPECT_TRUE(CheckDataType(good));
  for (const char* bad : {"", "Text", "number"}) EXPECT_EQ(CheckDataType(bad).error().code, "ValidationException");
}

}  // namespace
}  // namespace mayfly::ssm
