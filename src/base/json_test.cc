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

TEST(Json, BoundsDepth) {
  const std::string deep = std::string(kJsonDepthMax + 10, '[') + std::string(kJsonDepthMax + 10, ']');
  EXPECT_FALSE(IsValidJson(deep));
  const std::string fine = std::string(100, '[') + std::string(100, ']');
  EXPECT_TRUE(IsValidJson(fine));
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
