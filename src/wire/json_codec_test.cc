// If these fail, numbers, times or patterns change on their way through the service.
#include "wire/json_codec.h"

#include <gtest/gtest.h>

#include "wire/pattern.h"
#include "wire/storage.h"

namespace mayfly::wire {
namespace {

const Path kPath{nullptr, "Member"};

template <typename T>
std::string RoundTrip(Kind kind, std::string_view text) {
  const Shape shape{.kind = kind};
  T value{};
  Violations violations;
  json::Value parsed = *json::Parse(text);
  if (auto read = ReadJson(shape, parsed, &value, kPath, violations); !read) return read.error().code;
  std::string out;
  WriteJson(shape, &value, out);
  return out;
}

TEST(JsonCodec, KeepsNumbersExact) {
  EXPECT_EQ(RoundTrip<int64_t>(Kind::Long, "9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(RoundTrip<int64_t>(Kind::Long, "9223372036854775808"), "SerializationException");
  EXPECT_EQ(RoundTrip<int32_t>(Kind::Integer, "-2147483648"), "-2147483648");
  EXPECT_EQ(RoundTrip<int32_t>(Kind::Integer, "2147483648"), "SerializationException");
  EXPECT_EQ(RoundTrip<int32_t>(Kind::Integer, "5.0"), "5");
  EXPECT_EQ(RoundTrip<double>(Kind::Double, "0.1"), "0.1");
  EXPECT_EQ(RoundTrip<double>(Kind::Double, "0.30000000000000004"), "0.30000000000000004");
  EXPECT_EQ(RoundTrip<double>(Kind::Double, "1e400"), "SerializationException");
}

TEST(JsonCodec, ReadsAndWritesTimes) {
  EXPECT_EQ(RoundTrip<WallTime>(Kind::Timestamp, "1767225600"), "1767225600");
  EXPECT_EQ(RoundTrip<WallTime>(Kind::Timestamp, "1767225600.123"), "1767225600.123");
  EXPECT_EQ(RoundTrip<WallTime>(Kind::Timestamp, "0"), "0");
  EXPECT_EQ(RoundTrip<WallTime>(Kind::Timestamp, "-1.25"), "-1.250");
  EXPECT_EQ(RoundTrip<WallTime>(Kind::Timestamp, "-2"), "-2");
  EXPECT_EQ(RoundTrip<WallTime>(Kind::Timestamp, "1e30"), "SerializationException");
  EXPECT_EQ(RoundTrip<WallTime>(Kind::Timestamp, "\"2026-01-01T00:00:00Z\""), "SerializationException");
  EXPECT_EQ(ToEpochSeconds(*ParseIso8601("2026-01-01T00:00:00Z")), "1767225600");
  EXPECT_EQ(ToEpochSeconds(*ParseIso8601("2026-01-01T00:00:00.5Z")), "1767225600.500");
  EXPECT_FALSE(ParseIso8601("2026-02-30T00:00:00Z"));
  EXPECT_FALSE(ParseIso8601("2026-01-01T25:00:00Z"));
  EXPECT_FALSE(ParseIso8601("2026-01-01T00:00:00.Z"));
  EXPECT_FALSE(ParseIso8601("2026-01-01 00:00:00Z"));
}

TEST(JsonCodec, BlobsAreBase64) {
  EXPECT_EQ(RoundTrip<std::string>(Kind::Blob, "\"AP8=\""), "\"AP8=\"");
  EXPECT_EQ(RoundTrip<std::string>(Kind::Blob, "\"***\""), "SerializationException");
  EXPECT_EQ(RoundTrip<std::string>(Kind::Blob, "\"\""), "\"\"");
}

TEST(JsonCodec, TakesAListAsItWasWritten) {
  const Shape item{.kind = Kind::Integer};
  const Shape shape{.kind = Kind::List, .element = &item};
  WrittenList list;
  std::string out;
  WriteJson(shape, &list, out);
  EXPECT_EQ(out, "[]");
  list.Append("1");
  list.Append("{\"a\":2}");
  out.clear();
  WriteJson(shape, &list, out);
  EXPECT_EQ(out, "[1,{\"a\":2}]");
}

TEST(JsonCodec, RefusesABodyThatWouldTakeTheMemory) {
  std::string bomb = "{\"a\":[";
  for (size_t i = 0; i < kBodyValuesMax; ++i) bomb += "0,";
  bomb += "0]}";
  const auto refused = ParseJsonBody(bomb);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "SerializationException");
  EXPECT_EQ(refused.error().message, "The request body has too many values");
  // One long text is what packages are, whatever stands in it.
  std::string text = "{\"a\":\"";
  for (size_t i = 0; i < kBodyValuesMax; ++i) text += ",[{\\\"";
  EXPECT_TRUE(ParseJsonBody(text + "\"}"));
}

TEST(Pattern, LookAroundIsSaidOtherwise) {
  static const Pattern alias("(?!^[0-9]+$)([a-zA-Z0-9-_]+)", "[a-zA-Z0-9-_]+", "[0-9]+");
  EXPECT_TRUE(alias.Matches("live"));
  EXPECT_TRUE(alias.Matches("1a"));
  EXPECT_FALSE(alias.Matches("17"));
  EXPECT_FALSE(alias.Matches("a b"));
  EXPECT_EQ(alias.shown(), "(?!^[0-9]+$)([a-zA-Z0-9-_]+)");
}

TEST(Pattern, MatchesTheWholeTextOnly) {
  static const Pattern digits("[0-9]+");
  EXPECT_TRUE(digits.Matches("12"));
  EXPECT_FALSE(digits.Matches("12\n"));
  EXPECT_FALSE(digits.Matches("x12"));
  EXPECT_FALSE(digits.Matches(""));
  EXPECT_FALSE(digits.Matches(std::string("12\0", 3)));
}

}  // namespace
}  // namespace mayfly::wire
