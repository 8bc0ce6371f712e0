// If these fail, objects go that should stay, or stay for ever.
#include "services/s3/lifecycle.h"

#include <gtest/gtest.h>

namespace mayfly::s3 {
namespace {

constexpr Duration kDay = std::chrono::hours(24);
const WallTime kMade = WallTime(std::chrono::seconds(1'700'000'000));  // 22:13:20

LifecycleRule ExpiryRule(std::string prefix = "") {
  LifecycleRule rule;
  rule.status = "Enabled";
  rule.filter = LifecycleRuleFilter{};
  rule.filter->prefix = prefix;
  return rule;
}

LifecycleRule ExpiresAfter(int days, std::string prefix = "") {
  LifecycleRule rule = ExpiryRule(std::move(prefix));
  rule.expiration = LifecycleExpiration{.date = {}, .days = days, .expired_object_delete_marker = {}};
  return rule;
}

ObjectRow AgedRow() {
  ObjectRow row;
  row.modified_millis = ToEpochMillis(kMade);
  return row;
}

TEST(LifecycleTest, AgesAreRoundedUpToMidnight) {
  const std::vector<LifecycleRule> rules = {ExpiresAfter(1, "logs/")};
  const WallTime midnight = WallTime(std::chrono::seconds(1'700'092'800));  // of the second day
  EXPECT_FALSE(HasExpired(rules, "logs/a", AgedRow(), {}, kMade + kDay));
  EXPECT_FALSE(HasExpired(rules, "logs/a", AgedRow(), {}, midnight - std::chrono::seconds(1)));
  EXPECT_TRUE(HasExpired(rules, "logs/a", AgedRow(), {}, midnight));
  EXPECT_FALSE(HasExpired(rules, "data/a", AgedRow(), {}, midnight + 100 * kDay));
  EXPECT_EQ(ExpiryOf(rules, "logs/a", AgedRow())->at, midnight);
}

TEST(LifecycleTest, OlderVersionsMarkersAndUploads) {
  LifecycleRule noncurrent = ExpiryRule();
  noncurrent.noncurrent_version_expiration = NoncurrentVersionExpiration{.noncurrent_days = 1, .newer_noncurrent_versions = 2};
  ObjectRow old = AgedRow();
  old.noncurrent_millis = ToEpochMillis(kMade);
  EXPECT_FALSE(HasExpired({noncurrent}, "k", old, {.is_latest = false, .newer_noncurrent = 1}, kMade + 9 * kDay));
  EXPECT_TRUE(HasExpired({noncurrent}, "k", old, {.is_latest = false, .newer_noncurrent = 2}, kMade + 9 * kDay));
  LifecycleRule markers = ExpiryRule();
  markers.expiration = LifecycleExpiration{.date = {}, .days = {}, .expired_object_delete_marker = true};
  ObjectRow marker = AgedRow();
  marker.is_marker = true;
  EXPECT_TRUE(HasExpired({markers}, "k", marker, {}, kMade));
  EXPECT_FALSE(HasExpired({markers}, "k", marker, {.has_older = true}, kMade));
  LifecycleRule uploads = ExpiryRule("u/");
  uploads.abort_incomplete_multipart_upload = AbortIncompleteMultipartUpload{.days_after_initiation = 3};
  EXPECT_TRUE(IsAbandoned({uploads}, "u/k", kMade, kMade + 5 * kDay));
  EXPECT_FALSE(IsAbandoned({uploads}, "u/k", kMade, kMade + 2 * kDay));
}

TEST(LifecycleTest, FiltersBySizeAndTags) {
  LifecycleRule rule = ExpiresAfter(1);
  rule.filter = LifecycleRuleFilter{};
  rule.filter->and_ = LifecycleRuleAndOperator{.prefix = "a", .tags = std::vector<Tag>{{.key = "t", .value = "1"}}, .object_size_greater_than = 10, .object_size_less_than = {}};
  ObjectRow row = AgedRow();
  row.size = 11;
  EXPECT_FALSE(HasExpired({rule}, "ab", row, {}, kMade + 9 * kDay));
  row.tags = {{"t", "1"}};
  EXPECT_TRUE(HasExpired({rule}, "ab", row, {}, kMade + 9 * kDay));
  row.size = 10;
  EXPECT_FALSE(HasExpired({rule}, "ab", row, {}, kMade + 9 * kDay));
}

TEST(LifecycleTest, WhatIsRefused) {
  SeededRandom random(1);
  const auto check = [&](std::vector<LifecycleRule> rules) {
    const auto checked = CheckAndCompleteRules(rules, random);
    return checked ? std::string("fine") : checked.error().code;
  };
  EXPECT_EQ(check({ExpiresAfter(1)}), "fine");
  EXPECT_EQ(check({ExpiresAfter(0)}), "InvalidArgument");
  EXPECT_EQ(check({ExpiryRule()}), "InvalidRequest") << "it does nothing";
  LifecycleRule both = ExpiresAfter(1);
  both.prefix = "x";
  EXPECT_EQ(check({both}), "MalformedXML");
  LifecycleRule named = ExpiresAfter(1);
  named.id = "same";
  EXPECT_EQ(check({named, named}), "InvalidArgument");
}

}  // namespace
}  // namespace mayfly::s3
