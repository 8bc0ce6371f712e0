// If these fail, changes of objects are told to others than asked for, twice, or in words that handlers do not read.
#include "services/s3/notifications.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace mayfly::s3 {
namespace {

struct Filtered {
  std::vector<std::string> events;
  std::string prefix;
  std::string suffix;
};

QueueConfiguration Rule(const Filtered& wanted, std::string name = "q") {
  QueueConfiguration rule;
  rule.queue_arn = "arn:aws:sqs:us-east-1:000000000000:" + name;
  rule.events = wanted.events;
  std::vector<FilterRule> rules;
  if (!wanted.prefix.empty()) rules.push_back({.name = "prefix", .value = wanted.prefix});
  if (!wanted.suffix.empty()) rules.push_back({.name = "SUFFIX", .value = wanted.suffix});
  if (!rules.empty()) rule.filter = NotificationConfigurationFilter{.key = S3KeyFilter{.filter_rules = rules}};
  return rule;
}

std::string Check(std::vector<QueueConfiguration> rules) {
  SeededRandom random(1);
  NotificationConfiguration configuration;
  configuration.queue_configurations = std::move(rules);
  const auto checked = CheckAndComplete(configuration, random);
  return checked ? "fine" : checked.error().code + ": " + checked.error().message.substr(0, 24);
}

TEST(NotificationsTest, WhatIsRefused) {
  EXPECT_EQ(Check({Rule({{"s3:ObjectCreated:*"}, "", ""})}), "fine");
  EXPECT_EQ(Check({Rule({{"s3:Nothing:*"}, "", ""})}), "InvalidArgument: The event is not support");
  EXPECT_EQ(Check({Rule({{"s3:ObjectCreated:*"}, "a/", ""}), Rule({{"s3:ObjectCreated:Put"}, "a/b", ""})}), "InvalidArgument: Configuration is ambiguo");
  EXPECT_EQ(Check({Rule({{"s3:ObjectCreated:*"}, "a", ".jpg"}), Rule({{"s3:ObjectCreated:*"}, "a", ".png"})}), "fine") << "their suffixes are apart";
  EXPECT_EQ(Check({Rule({{"s3:ObjectCreated:*"}, "a/", ""}), Rule({{"s3:ObjectCreated:*"}, "b/", ""})}), "fine");
  EXPECT_EQ(Check({Rule({{"s3:ObjectCreated:*"}, "", ""}), Rule({{"s3:ObjectRemoved:*"}, "", ""})}), "fine");
  EXPECT_EQ(Check({Rule({{"s3:ObjectCreated:*"}, "", ""}, "q.fifo")}), "InvalidArgument: Unable to validate the f");
  QueueConfiguration odd = Rule({{"s3:ObjectCreated:*"}, "x", ""});
  odd.filter->key->filter_rules->front().name = "infix";
  EXPECT_EQ(Check({odd}), "InvalidArgument: filter rule name must be");
  QueueConfiguration elsewhere = Rule({{"s3:ObjectCreated:*"}, "", ""});
  elsewhere.queue_arn = "arn:aws:sns:us-east-1:000000000000:t";
  EXPECT_EQ(Check({elsewhere}), "InvalidArgument: The ARN could not be par");
}

TEST(NotificationsTest, WhomAChangeFits) {
  const NotificationRule rule{.id = "i", .target_arn = "", .events = {"s3:ObjectCreated:*", "s3:ObjectRemoved:Delete"}, .prefix = "in/", .suffix = ".jpg"};
  EXPECT_TRUE(Fits(rule, "ObjectCreated:Put", "in/a.jpg"));
  EXPECT_TRUE(Fits(rule, "ObjectRemoved:Delete", "in/a.jpg"));
  EXPECT_FALSE(Fits(rule, "ObjectRemoved:DeleteMarkerCreated", "in/a.jpg"));
  EXPECT_FALSE(Fits(rule, "ObjectCreated:Put", "out/a.jpg"));
  EXPECT_FALSE(Fits(rule, "ObjectCreated:Put", "in/a.png"));
}

TEST(NotificationsTest, TheRecord) {
  const BucketRow bucket{.name = "b", .account_id = "000000000000", .region = "us-east-1", .versioning = "Enabled"};
  ObjectRow row;
  row.version_id = "v1";
  row.sequence = 0x1234;
  row.size = 5;
  row.etag = "abc";
  const Occurrence put{.event = "ObjectCreated:Put", .bucket = bucket, .key = "a b/ü+.txt", .row = row, .request_id = "r", .principal_id = "AWS:x",
                       .source_ip = "127.0.0.1", .time = FromMillis(1'700'000'000'000)};
  const auto document = json::Parse(RecordOf(put, "rule"));
  ASSERT_TRUE(document);
  const json::Value& record = document->Find("Records")->array().front();
  EXPECT_EQ(record.StringOr("eventVersion", ""), "2.1");
  EXPECT_EQ(record.StringOr("eventName", ""), "ObjectCreated:Put");
  EXPECT_EQ(record.StringOr("eventTime", ""), "2023-11-14T22:13:20.000Z");
  const json::Value& s3 = *record.Find("s3");
  EXPECT_EQ(s3.StringOr("configurationId", ""), "rule");
  const json::Value& object = *s3.Find("object");
  EXPECT_EQ(json::Write(object), R"({"key":"a+b/%C3%BC%2B.txt","size":5,"eTag":"abc","versionId":"v1","sequencer":"0000000000001234"})");
  EXPECT_EQ(s3.Find("bucket")->StringOr("arn", ""), "arn:aws:s3:::b");
  Occurrence removed = put;
  removed.event = "ObjectRemoved:Delete";
  const auto gone = json::Parse(RecordOf(removed, "rule"));
  EXPECT_EQ(json::Write(*gone->Find("Records")->array().front().Find("s3")->Find("object")), R"({"key":"a+b/%C3%BC%2B.txt","versionId":"v1","sequencer":"0000000000001234"})");
  EXPECT_EQ(DetailTypeOf("LifecycleExpiration:Delete"), "Object Deleted");
}

}  // namespace
}  // namespace mayfly::s3
