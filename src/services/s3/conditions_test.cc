// If these fail, conditional requests read what they should not, or overwrite what somebody else has written.
#include "services/s3/conditions.h"

#include <gtest/gtest.h>

namespace mayfly::s3 {
namespace {

constexpr int64_t kMillis = 1'700'000'000'500;

ObjectRow Row() {
  ObjectRow row;
  row.etag = "abc";
  row.modified_millis = kMillis;
  return row;
}

std::string Read(const ReadConditions& conditions) {
  const auto verdict = CheckRead(conditions, Row());
  return verdict ? *verdict == ReadVerdict::Give ? "give" : "304" : verdict.error().code;
}

std::string Write(const WriteConditions& conditions, const std::optional<ObjectRow>& current) {
  const auto allowed = CheckWrite(conditions, current, "k");
  return allowed ? "yes" : allowed.error().code;
}

TEST(ConditionsTest, Reads) {
  const WallTime at = FromMillis(kMillis - 500), before = FromMillis(kMillis - 5000), after = FromMillis(kMillis + 5000);
  EXPECT_EQ(Read({}), "give");
  EXPECT_EQ(Read({.if_match = "\"abc\""}), "give");
  EXPECT_EQ(Read({.if_match = "x"}), "PreconditionFailed");
  EXPECT_EQ(Read({.if_none_match = "\"abc\""}), "304");
  EXPECT_EQ(Read({.if_modified_since = at}), "304") << "parts of a second do not count";
  EXPECT_EQ(Read({.if_modified_since = before}), "give");
  EXPECT_EQ(Read({.if_unmodified_since = before}), "PreconditionFailed");
  EXPECT_EQ(Read({.if_unmodified_since = after}), "give");
  EXPECT_EQ(Read({.if_match = "abc", .if_unmodified_since = before}), "give");
  EXPECT_EQ(Read({.if_none_match = "abc", .if_modified_since = before}), "304");
  EXPECT_EQ(Read({.if_none_match = "x", .if_modified_since = after}), "give");
}

TEST(ConditionsTest, Writes) {
  ObjectRow marker = Row();
  marker.is_marker = true;
  EXPECT_EQ(Write({}, Row()), "yes");
  EXPECT_EQ(Write({.if_none_match = "*"}, std::nullopt), "yes");
  EXPECT_EQ(Write({.if_none_match = "*"}, marker), "yes");
  EXPECT_EQ(Write({.if_none_match = "*"}, Row()), "PreconditionFailed");
  EXPECT_EQ(Write({.if_none_match = "abc"}, Row()), "NotImplemented");
  EXPECT_EQ(Write({.if_match = "\"abc\""}, Row()), "yes");
  EXPECT_EQ(Write({.if_match = "x"}, Row()), "PreconditionFailed");
  EXPECT_EQ(Write({.if_match = "abc"}, std::nullopt), "NoSuchKey");
  EXPECT_EQ(Write({.if_match = "abc"}, marker), "NoSuchKey");
}

TEST(ConditionsTest, Removals) {
  EXPECT_TRUE(CheckRemoval(std::nullopt, std::nullopt));
  EXPECT_TRUE(CheckRemoval("*", Row()));
  EXPECT_FALSE(CheckRemoval("*", std::nullopt));
  EXPECT_FALSE(CheckRemoval("x", Row()));
}

}  // namespace
}  // namespace mayfly::s3
