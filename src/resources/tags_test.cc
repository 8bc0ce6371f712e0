// If these fail, resources get tags that AWS would refuse, or lose tags that they had.
#include "resources/tags.h"

#include <gtest/gtest.h>

namespace mayfly::resources {
namespace {

constexpr TagRules kRules{.count_max = 3,
                          .key_characters_max = 4,
                          .value_characters_max = 2,
                          .reserved = [] { return Error::Service("Reserved", ""); },
                          .bad_key = [] { return Error::Service("BadKey", ""); },
                          .bad_value = [] { return Error::Service("BadValue", ""); },
                          .too_many = [](std::string_view resource) { return Error::Service("TooMany", std::string(resource)); }};

std::string CodeOf(const Result<>& result) { return result ? "" : result.error().code; }

TEST(Tags, AreAddedOverThoseOfTheSameKeyAndRemoved) {
  Tags tags{{"a", "1"}, {"b", "2"}};
  ASSERT_TRUE(AddTags(tags, {{"b", "3"}, {"c", "4"}}, kRules));
  EXPECT_EQ(tags, (Tags{{"a", "1"}, {"b", "3"}, {"c", "4"}}));
  RemoveTags(tags, {"a", "none"});
  EXPECT_EQ(tags, (Tags{{"b", "3"}, {"c", "4"}}));
}

TEST(Tags, AreRefusedInTheServicesWordsAndNothingIsAddedThen) {
  Tags tags{{"a", "1"}, {"b", "2"}};
  EXPECT_EQ(CodeOf(AddTags(tags, {{"", "x"}}, kRules)), "BadKey");
  EXPECT_EQ(CodeOf(AddTags(tags, {{"abcde", "x"}}, kRules)), "BadKey");
  EXPECT_EQ(CodeOf(AddTags(tags, {{"äöüß", "x"}}, kRules)), "") << "characters, not bytes";
  EXPECT_EQ(CodeOf(AddTags(tags, {{"a", "xyz"}}, kRules)), "BadValue");
  EXPECT_EQ(CodeOf(AddTags(tags, {{"Aws:", "x"}}, kRules)), "Reserved");
  const auto many = AddTags(tags, {{"d", "x"}}, kRules, "queue");
  EXPECT_EQ(CodeOf(many), "TooMany");
  EXPECT_EQ(many.error().message, "queue");
  EXPECT_EQ(tags.size(), 3u);
  TagRules exact = kRules;
  exact.reserved_case = TagRules::Case::Exact;
  EXPECT_EQ(CodeOf(CheckTags({{"AWS:", "x"}}, exact)), "");
  EXPECT_EQ(CodeOf(CheckTags({{"aws:", "x"}}, exact)), "Reserved");
  EXPECT_EQ(CodeOf(CheckTags({{"aws:and-more", std::string(300, 'x')}}, TagRules())), "") << "no rules";
}

}  // namespace
}  // namespace mayfly::resources
