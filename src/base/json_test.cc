// If these fail, requests are misread: numbers lose digits, broken documents are taken, or strings change on the way.
#include "base/json.h"

#include <gtest/gtest.h>

namespace mayfly::json {
namespace {

TEST(Json, KeepsNumbersAsTheyWereWritten) {
  const std::string text = R"({"a":1.0,"b":123456789012345678901234567890,"c":1E400,"d":-0,"e":[1,2.50]})";
  auto value = Parse(text);
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(Write(*value), text);
}

TEST(Json, RoundTripsEveryKindOfValue) {
  for (const char* text : {R"({"k":[true,false,null,"s",{}],"x":{"y":[]}})", "[]", "\"a\\nb\"", "5", "true", "null", "-1.5e10"}) {
    auto value = Parse(text);
    ASSERT_TRUE(value) << text << ": " << value.error().message;
    EXPECT_EQ(Write(*value), text);
    EXPECT_TRUE(IsValidJson(text)) << text;
  }
}

TEST(Json, RefusesWhatIsNoJson) {
  for (const char* text : {"", "  ", "{", "}", "{\"a\":}", "{\"a\" 1}", "[1,]", "01", "1.", "+1", "nul", "tru", "'a'", "{} {}", "[1] x",
                           "\"\xff\"", "\"abc", "{\"a\":1,}", "[1 2]", "NaN", "{\"a\":01}", "5 5", "true false", "nullx", "\"a\" 1"}) {
    EXPECT_FALSE(IsValidJson(text)) << text;
    EXPECT_FALSE(Parse(text)) << text;
  }
}

std::string Nested(int levels, std::string_view innermost = "") {
  return std::string(static_cast<size_t>(levels), '[') + std::string(innermost) + std::string(static_cast<size_t>(levels), ']');
}

TEST(Json, ThousandLevelsAreReadAndOneMoreIsNot) {
  std::string objects, ends;
  for (int i = 0; i < kJsonDepthMax; ++i) objects += "{\"a\":", ends += '}';
  for (const std::string& fine : {Nested(kJsonDepthMax), Nested(kJsonDepthMax, "1"), Nested(kJsonDepthMax, "\"\\ud83d\""), objects + "null" + ends}) {
    EXPECT_TRUE(IsValidJson(fine));
    const auto value = Parse(fine);
    ASSERT_TRUE(value);
    EXPECT_EQ(Write(*value), fine);
  }
  for (const std::string& deep : {Nested(kJsonDepthMax + 1), Nested(100'000), objects + "[]" + ends, Nested(kJsonDepthMax, "\"\\ud83d\",[]")}) {
    EXPECT_FALSE(IsValidJson(deep));
    EXPECT_FALSE(Parse(deep));
  }
}

TEST(Json, HalvesOfSurrogatePairsAreTakenAndKept) {
  for (const std::string text : {R"("\ud83d")", R"("\ude00")", R"(["\ud83d",{"\udc00\ud800":"a\ud83db\n"}])", R"(["x","\ud83d\ud83d\ude00"])"}) {
    EXPECT_TRUE(IsValidJson(text)) << text;
    const auto value = Parse(text);
    ASSERT_TRUE(value) << text;
    const auto again = Parse(Write(*value));
    ASSERT_TRUE(again) << Write(*value);
    EXPECT_EQ(*again, *value);
  }
  EXPECT_EQ(Write(*Parse(R"(["\uD83D","\ud83dx","\ud83d\ude00\ude00"])")), "[\"\\ud83d\",\"\\ud83dx\",\"\xF0\x9F\x98\x80\\ude00\"]");
  EXPECT_EQ(ToUtf8(Parse(R"("a\ud83d\ude00\udfffz")")->string()), "a\xF0\x9F\x98\x80\xEF\xBF\xBDz");
  EXPECT_EQ(Parse(R"(["\ud83d","\"\\\/\b\f\n\r\t\u00e9\u20AC"])")->array()[1].string(), "\"\\/\b\f\n\r\t\xC3\xA9\xE2\x82\xAC");
  for (const char* text : {R"("\ud83")", R"("\ud8zz")", R"(["\ud83d","\x"])", R"(["\ud83d)", R"("\ud83d\u")", R"({"\ud83d" 1})"}) {
    EXPECT_FALSE(IsValidJson(text)) << text;
    EXPECT_FALSE(Parse(text)) << text;
  }
  EXPECT_EQ(Quote("\xED\xA0\xBD"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"") << "bytes that are not a Value's are no half of anything";
}

TEST(Json, FindsTheLastOfDuplicates) {
  auto value = Parse(R"({"a":1,"a":2})");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->IntOr("a", 0), 2);
}

TEST(Json, IntegersInEveryForm) {
  EXPECT_EQ(Parse("5")->AsInt64().value(), 5);
  EXPECT_EQ(Parse("5.0")->AsInt64().value(), 5);
  EXPECT_EQ(Parse("1e3")->AsInt64().value(), 1000);
  EXPECT_FALSE(Parse("5.5")->AsInt64());
  EXPECT_FALSE(Parse("99999999999999999999")->AsInt64());
}

TEST(Json, EscapesStrings) {
  EXPECT_EQ(Quote("a\"b\\\n\x01\xC3\xBC"), "\"a\\\"b\\\\\\n\\u0001\xC3\xBC\"");
  EXPECT_EQ(Quote("\xff"), "\"\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace mayfly::json
