// If this fails, rules do not hear of events that they want, or 1,000 rules cost 1,000 times one.
#include "patterns/pattern_index.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace mayfly::patterns {
namespace {

Error RefusedByIndex(std::string_view reason) { return Error::Service("Refused", std::string(reason)); }
constexpr Dialect kIndexDialect{.refuse = RefusedByIndex};

EventPattern Compiled(const std::string& text) {
  auto pattern = EventPattern::Compile(text, kIndexDialect);
  MF_ASSERT(pattern.has_value());
  return std::move(*pattern);
}

std::vector<std::string> MatchesOf(const PatternIndex& index, std::string_view event) { return index.Match(*json::Parse(event)); }

TEST(PatternIndex, FindsByAnyExactField) {
  PatternIndex index;
  index.Set("a", Compiled(R"({"source":["s"],"detail":{"kind":["x",1]}})"));
  index.Set("b", Compiled(R"({"source":["s"],"detail":{"kind":["y",null]}})"));
  index.Set("c", Compiled(R"({"source":[{"prefix":"s"}]})"));
  EXPECT_THAT(MatchesOf(index, R"({"source":"s","detail":{"kind":["x","y"]}})"), testing::ElementsAre("a", "b", "c"));
  EXPECT_THAT(MatchesOf(index, R"({"source":"s","detail":{"kind":1.0}})"), testing::ElementsAre("a", "c"));
  EXPECT_THAT(MatchesOf(index, R"({"source":"s","detail":[{"kind":null}]})"), testing::ElementsAre("b", "c"));
  EXPECT_THAT(MatchesOf(index, R"({"source":"t","detail":{"kind":"x"}})"), testing::IsEmpty());
}

TEST(PatternIndex, ForgetsAndReplaces) {
  PatternIndex index;
  index.Set("a", Compiled(R"({"source":["s"]})"));
  index.Set("a", Compiled(R"({"source":["t"]})"));
  EXPECT_THAT(MatchesOf(index, R"({"source":"s"})"), testing::IsEmpty());
  EXPECT_THAT(MatchesOf(index, R"({"source":"t"})"), testing::ElementsAre("a"));
  index.Remove("a");
  index.Remove("a");
  EXPECT_THAT(MatchesOf(index, R"({"source":"t"})"), testing::IsEmpty());
  EXPECT_EQ(index.size(), 0u);
}

TEST(PatternIndex, AgreesWithAskingAll) {
  SeededRandom random(7);
  const auto pick = [&](uint64_t below) { return random.Below(below); };
  PatternIndex index;
  std::map<std::string, EventPattern> all;
  for (int i = 0; i < 300; ++i) {
    std::string text = fmt::format(R"({{"s":["v{}","v{}"])", pick(20), pick(20));
    if (pick(2) == 0) text += fmt::format(R"(,"d":{{"k":[{}]}})", pick(10));
    if (pick(3) == 0) text = fmt::format(R"({{"d":{{"k":[{{"numeric":[">",{}]}}]}})", pick(10));
    text += '}';
    const std::string name = fmt::format("r{}", pick(200));
    index.Set(name, Compiled(text));
    all.insert_or_assign(name, Compiled(text));
  }
  for (int i = 0; i < 100; ++i) {
    const auto event = json::Parse(fmt::format(R"({{"s":["v{}"],"d":[{{"k":{}}},{{"k":{}}}]}})", pick(20), pick(10), pick(10)));
    std::vector<std::string> expected;
    for (const auto& [name, pattern] : all) {
      if (pattern.Matches(*event)) expected.push_back(name);
    }
    EXPECT_EQ(index.Match(*event), expected);
  }
}

}  // namespace
}  // namespace mayfly::patterns
