// If these fail, loops of functions run for ever, or chains that are no loops are stopped.
#include "invoke/lineage.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mayfly::invoke {
namespace {

constexpr std::string_view kRoot = "Root=1-65a5b3c4-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=0";
std::string ArnOf(std::string_view name) { return fmt::format("arn:aws:lambda:us-east-1:123456789012:function:{}", name); }

TEST(Lineage, TheFirstInvocationOfAChainCountsNothingBefore) {
  const Hop hop = AddHop(kRoot, ArnOf("a"));
  EXPECT_EQ(hop.earlier, 0);
  EXPECT_THAT(hop.trace_header, testing::MatchesRegex("Root=1-65a5b3c4-[0-9a-f]+;Parent=[0-9a-f]+;Sampled=0;Lineage=[0-9a-f]+:0"));
}

TEST(Lineage, EachFunctionOfAChainIsCountedByItself) {
  std::string header(kRoot);
  for (int round = 0; round < kRecursionMax; ++round) {
    for (const char* name : {"a", "b"}) {
      const Hop hop = AddHop(header, ArnOf(name));
      EXPECT_EQ(hop.earlier, round);
      EXPECT_FALSE(hop.is_loop());
      EXPECT_FALSE(IsLoop(hop.trace_header, ArnOf(name)));
      header = hop.trace_header;
    }
  }
  const Hop stopped = AddHop(header, ArnOf("a"));
  EXPECT_TRUE(stopped.is_loop());
  EXPECT_TRUE(IsLoop(stopped.trace_header, ArnOf("a")));
  EXPECT_FALSE(IsLoop(stopped.trace_header, ArnOf("b")));
}

TEST(Lineage, OtherMembersAreKeptAndTheMemberMayStandAnywhere) {
  const std::string first = AddHop("", ArnOf("a")).trace_header;
  ASSERT_TRUE(first.starts_with("Lineage="));
  const Hop hop = AddHop("Self=1-x;" + first + ";Root=1-y;;Custom=z", ArnOf("a"));
  EXPECT_EQ(hop.earlier, 1);
  EXPECT_TRUE(hop.trace_header.starts_with("Self=1-x;Root=1-y;Custom=z;Lineage=")) << hop.trace_header;
}

TEST(Lineage, WhatIsNoEntryIsPassedOver) {
  const std::string own = AddHop("", ArnOf("a")).trace_header.substr(8, 8);
  for (const std::string& text : std::vector<std::string>{"", ":", "x:1", own + ":-1", own + ":1x", own + ":99999999999", own.substr(1) + ":1", own, own + ":1:2"}) {
    const Hop hop = AddHop("Lineage=" + text, ArnOf("a"));
    EXPECT_EQ(hop.earlier, 0) << text;
    EXPECT_EQ(hop.trace_header, "Lineage=" + own + ":0") << text;
  }
  EXPECT_EQ(AddHop("Lineage=1:" + own + ":3", ArnOf("a")).earlier, 4) << "the form with a number in front";
  EXPECT_EQ(AddHop("Lineage=" + own + ":3|" + own + ":5;Lineage=" + own + ":4", ArnOf("a")).earlier, 6) << "the highest counts";
}

TEST(Lineage, AChainOfManyFunctionsForgetsTheOldest) {
  std::string header;
  for (int i = 0; i < 40; ++i) header = AddHop(header, ArnOf(fmt::format("f{}", i))).trace_header;
  EXPECT_EQ(std::ranges::count(header, '|'), kLineageFunctionsMax - 1);
  EXPECT_EQ(AddHop(header, ArnOf("f39")).earlier, 1);
  EXPECT_EQ(AddHop(header, ArnOf("f0")).earlier, 0);
}

}  // namespace
}  // namespace mayfly::invoke
