// If these fail, Describes show what was not asked for, or leave out what was.
#include "services/ec2/selection.h"

#include <gtest/gtest.h>

#include "services/ec2/places.h"

namespace mayfly::ec2 {
namespace {

bool Fits(std::string pattern, std::string value) { return IsWanted({std::move(pattern)}, {std::move(value)}); }

TEST(Filter, StarsAndQuestionMarksStandForOthers) {
  EXPECT_TRUE(Fits("main", "main"));
  EXPECT_FALSE(Fits("main", "Main"));
  EXPECT_TRUE(Fits("*", ""));
  EXPECT_TRUE(Fits("m*n", "main"));
  EXPECT_TRUE(Fits("*a*b*", "xxaxxbxx"));
  EXPECT_FALSE(Fits("*a*b", "xxaxxbxx"));
  EXPECT_TRUE(Fits("m??n", "main"));
  EXPECT_FALSE(Fits("m?n", "main"));
  EXPECT_TRUE(Fits("100\\*", "100*"));
  EXPECT_FALSE(Fits("100\\*", "1000"));
  EXPECT_FALSE(Fits("", "x"));
}

TEST(Filter, OneOfItsValuesIsEnough) {
  EXPECT_TRUE(IsWanted({"a", "b"}, {"x", "b"}));
  EXPECT_FALSE(IsWanted({"a", "b"}, {}));
  EXPECT_FALSE(IsWanted({}, {"a"}));
}

TEST(Filter, TagsAreReadByKey) {
  std::vector<std::string> values;
  EXPECT_TRUE(ReadTagFilter("tag:Name", {{"Name", "main"}, {"Stage", "dev"}}, values));
  EXPECT_EQ(values, std::vector<std::string>{"main"});
  values.clear();
  EXPECT_TRUE(ReadTagFilter("tag-key", {{"Name", "main"}, {"Stage", "dev"}}, values));
  EXPECT_EQ(values, (std::vector<std::string>{"Name", "Stage"}));
  EXPECT_FALSE(ReadTagFilter("vpc-id", {}, values));
}

TEST(Zone, HasAnIdOfItsRegion) {
  EXPECT_EQ(ZoneIdOf("us-east-1a"), "use1-az1");
  EXPECT_EQ(ZoneIdOf("ap-northeast-2c"), "apne2-az3");
  EXPECT_EQ(ZoneIdOf("eu-central-1b"), "euc1-az2");
  EXPECT_EQ(FindZone("eu-west-1", "euw1-az2"), "eu-west-1b");
  EXPECT_EQ(FindZone("eu-west-1", "us-east-1a"), "");
}

}  // namespace
}  // namespace mayfly::ec2
