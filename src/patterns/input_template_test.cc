// If this fails, targets get something else than their rule or pipe makes of an event.
#include "patterns/input_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "patterns/json_path.h"

namespace mayfly::patterns {
namespace {

const json::Value kEvent = *json::Parse(R"({"detail":{"id":"i-1","n":1.10,"on":true,"o":{"k":"v"},"l":[{"x":1},{"x":2}],"q":"say \"x\""},"a b":5})");

std::string Fill(std::string_view text) {
  return FillTemplate(text, [](std::string_view name) -> std::optional<json::Value> {
    const auto path = JsonPath::Parse("$.detail." + std::string(name));
    return path ? path->Find(kEvent) : std::nullopt;
  });
}

std::string Find(std::string_view path) {
  const auto parsed = JsonPath::Parse(path);
  const auto found = parsed ? parsed->Find(kEvent) : std::nullopt;
  return !parsed ? "no path" : found ? json::Write(*found) : "nothing";
}

TEST(JsonPath, FindsWhatItNames) {
  EXPECT_EQ(Find("$.detail.id"), "\"i-1\"");
  EXPECT_EQ(Find("$.detail.n"), "1.10");
  EXPECT_EQ(Find("$.detail.l[1].x"), "2");
  EXPECT_EQ(Find("$.detail.l[*].x"), "[1,2]");
  EXPECT_EQ(Find("$['a b']"), "5");
  EXPECT_EQ(Find("$"), json::Write(kEvent));
  EXPECT_EQ(Find("$.detail.l[2]"), "nothing");
  EXPECT_EQ(Find("$.none.x"), "nothing");
  for (const char* bad : {"", "detail", "$.", "$x", "$.a[", "$.a[x]", "$.a[-1]"}) EXPECT_EQ(Find(bad), "no path") << bad;
}

TEST(InputTemplate, ValuesInJson) {
  EXPECT_EQ(Fill(R"({"a": <id>, "b": <n>, "c": <on>, "d": <o>, "e": <l>})"), R"({"a": "i-1", "b": 1.10, "c": true, "d": {"k":"v"}, "e": [{"x":1},{"x":2}]})");
  EXPECT_EQ(Fill(R"({"a": "<id>", "b": "n is <n> of <o>"})"), R"({"a": "i-1", "b": "n is 1.10 of {k:v}"})");
  EXPECT_EQ(Fill(R"(["<id> \"<n>\"", <none>, "<none>"])"), R"(["i-1 \"1.10\"", "", ""])");
  EXPECT_EQ(Fill("<o>"), R"({"k":"v"})");
}

TEST(InputTemplate, Texts) {
  EXPECT_EQ(Fill(R"("<id> is <q>")"), R"("i-1 is say "x"")");  // not escaped, as on AWS
  EXPECT_EQ(Fill("\"<id>\"\n \"n: <n>\""), "i-1\nn: 1.10");
  EXPECT_EQ(Fill("<id> is on"), "i-1 is on");
  EXPECT_EQ(Fill("a < b > c <not this>"), "a < b > c <not this>");
}

TEST(InputTemplate, ABackslashHidesQuotesAndNothingElse) {
  EXPECT_EQ(Fill(R"({"a": "\\<id>", "b": "\"<id>\""})"), R"({"a": "\\i-1", "b": "\"i-1\""})");
}

TEST(InputTemplate, TellsWhetherItCanBecomeJson) {
  for (const char* text : {R"({"a": <a>, "b": "x <b>"})", "[<a>]", "<a>", R"("a <b>")", "\"a <b>\"\n \"c\"\r\n", R"("say \"<a>\"")"}) {
    EXPECT_TRUE(IsWellFormedTemplate(text)) << text;
  }
  for (const char* text : {R"({"a": <a>)", R"({"a": <a> <b>})", "a <b>", "<a> <b>", R"("a <b>)", "\"a\"\nb", R"({"a": b})"}) EXPECT_FALSE(IsWellFormedTemplate(text)) << text;
}

TEST(InputTemplate, NamesItsPlaceholders) {
  EXPECT_THAT(PlaceholdersOf(R"({"a": <id>, "b": "<aws.events.rule-name> <$.x[0]>", "c": "< x >"})"),
              testing::ElementsAre("id", "aws.events.rule-name", "$.x[0]"));
}

}  // namespace
}  // namespace mayfly::patterns
