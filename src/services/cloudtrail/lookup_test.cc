// If these fail, LookupEvents shows an account what another one did, leaves out what was asked for, or loses its place between pages.
#include "services/cloudtrail/lookup.h"

#include <gtest/gtest.h>

#include <filesystem>

#include <fmt/format.h>

namespace mayfly::cloudtrail {
namespace {

std::string Made(std::string_view account, std::string_view region, std::string_view name, int minute, std::string_view more = "") {
  return fmt::format(R"({{"eventTime":"2026-01-31T12:{:02}:00Z","eventName":"{}","eventSource":"sqs.amazonaws.com","awsRegion":"{}","eventID":"id-{}","readOnly":false,)"
                     R"("userIdentity":{{"arn":"arn:aws:iam::{}:user/ann","userName":"ann","accessKeyId":"AKIA1"}},"recipientAccountId":"{}",)"
                     R"("requestParameters":{{"queueName":"q{}"}}{}}})",
                     minute, name, region, minute, account, account, minute, more);
}

Question Of(std::string_view key = "", std::string_view value = "") {
  Question question{.account_id = "111111111111", .region = "us-east-1", .attribute = std::nullopt};
  if (!key.empty()) question.attribute = LookupAttribute{.attribute_key = std::string(key), .attribute_value = std::string(value)};
  return question;
}

TEST(LookupTest, WhatIsMeant) {
  const std::string record = Made("111111111111", "us-east-1", "CreateQueue", 7);
  EXPECT_TRUE(AnswerOf(Of(), record));
  EXPECT_FALSE(AnswerOf(Of(), Made("222222222222", "us-east-1", "CreateQueue", 7)));
  EXPECT_FALSE(AnswerOf(Of(), Made("111111111111", "eu-west-1", "CreateQueue", 7)));
  EXPECT_FALSE(AnswerOf(Of(), "no record"));
  for (const auto& [key, right, wrong] : std::initializer_list<std::tuple<std::string_view, std::string_view, std::string_view>>{
           {"EventId", "id-7", "id-8"}, {"EventName", "CreateQueue", "Create"}, {"ReadOnly", "false", "true"}, {"Username", "ann", "bob"},
           {"EventSource", "sqs.amazonaws.com", "sqs"}, {"AccessKeyId", "AKIA1", "AKIA"}, {"ResourceName", "q7", "q"}, {"ResourceType", "AWS::SQS::Queue", "AWS::S3::Bucket"}}) {
    EXPECT_TRUE(AnswerOf(Of(key, right), record)) << key;
    EXPECT_FALSE(AnswerOf(Of(key, wrong), record)) << key;
  }
  const auto event = AnswerOf(Of(), record);
  EXPECT_EQ(event->username, "ann");
  EXPECT_EQ(event->cloud_trail_event, record);
  Question late = Of();
  late.start = *event->event_time + std::chrono::seconds(1);
  EXPECT_FALSE(AnswerOf(late, record));
}

TEST(LookupTest, TokensAndWhatIsNone) {
  const auto place = PlaceOf(TokenOf({"2026-01-31", 77}));
  ASSERT_TRUE(place);
  EXPECT_EQ(place->day, "2026-01-31");
  EXPECT_EQ(place->before, 77U);
  for (const std::string_view text : {"", "x", "2026-01-31", "2026-01-31.", "2026-13-31.5", "../../../.5", "2026-01-31.-1"}) {
    const auto none = PlaceOf(text);
    ASSERT_FALSE(none) << text;
    EXPECT_TRUE(none.error().IsService("InvalidNextTokenException"));
  }
}

TEST(LookupTest, PagesShowEachRecordOnce) {
  char name[] = "/tmp/mayfly_lookup_XXXXXX";
  const std::string folder = ::mkdtemp(name);
  telemetry::Trail trail;
  ASSERT_TRUE(trail.Open(folder));
  for (int minute = 0; minute < 10; ++minute) {
    const WallTime day{std::chrono::hours(24 * (20'000 + minute / 4))};
    trail.Write(Made("111111111111", "us-east-1", "CreateQueue", minute), day);
    trail.Write(Made("222222222222", "us-east-1", "CreateQueue", minute), day);
  }
  std::vector<std::string> ids;
  telemetry::Trail::Place from;
  for (int page = 0; page < 10; ++page) {
    auto found = LookUp(folder, Of(), from, 3);
    ASSERT_TRUE(found);
    for (const Event& event : *found->events) ids.push_back(*event.event_id);
    if (!found->next_token) break;
    from = *PlaceOf(*found->next_token);
  }
  EXPECT_EQ(ids, (std::vector<std::string>{"id-9", "id-8", "id-7", "id-6", "id-5", "id-4", "id-3", "id-2", "id-1", "id-0"}));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace mayfly::cloudtrail
