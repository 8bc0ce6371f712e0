// If these fail, functions get messages that they did not ask for, or messages that they wait for are deleted unseen.
#include "sources/queue_filter.h"

#include <gtest/gtest.h>

namespace mayfly::sources {
namespace {

const QueueRecordWriter kWriter("arn:aws:sqs:us-east-1:000000000000:q");

ReceivedMessage MessageWithBody(std::string body) {
  auto message = std::make_shared<QueueMessage>();
  message->message_id = "m";
  message->body = std::move(body);
  message->sender_id = "AIDA";
  message->attributes = {{"kind", "String", "urgent"}};
  return {std::move(message), "h", 2, 1};
}

bool Wants(std::vector<std::string> patterns, std::string body) {
  return QueueFilter(*Filters::Compile(patterns), kWriter).Wants(MessageWithBody(std::move(body)));
}

TEST(QueueFilter, WithoutPatternsEverythingIsWanted) { EXPECT_TRUE(Wants({}, "not { json")); }

TEST(QueueFilter, LooksIntoBodiesOfJson) {
  const char* pattern = R"({"body":{"temperature":[{"numeric":[">",30]}],"place":["Oslo"]}})";
  EXPECT_TRUE(Wants({pattern}, R"({"temperature":31,"place":"Oslo"})"));
  EXPECT_FALSE(Wants({pattern}, R"({"temperature":29,"place":"Oslo"})"));
  EXPECT_FALSE(Wants({pattern}, "Oslo"));
  EXPECT_FALSE(Wants({pattern}, ""));
  EXPECT_FALSE(Wants({pattern}, "{\"temperature\":31"));
}

TEST(QueueFilter, ComparesPlainBodies) {
  EXPECT_TRUE(Wants({R"({"body":["Oslo"]})"}, "Oslo"));
  EXPECT_TRUE(Wants({R"({"body":[{"prefix":"Os"}]})"}, "Oslo"));
  EXPECT_FALSE(Wants({R"({"body":["Oslo"]})"}, "Rome"));
  EXPECT_FALSE(Wants({R"({"body":[{"prefix":"{"}]})"}, R"({"a":1})")) << "a document is no plain text";
  EXPECT_FALSE(Wants({R"({"body":[{"anything-but":"x"}]})"}, R"(["y"])"));
  // A number is text as well as JSON.
  EXPECT_TRUE(Wants({R"({"body":["7"]})"}, "7"));
  EXPECT_TRUE(Wants({R"({"body":[{"numeric":[">",6]}]})"}, "7"));
}

TEST(QueueFilter, OtherMembersDoNotDependOnTheBody) {
  const char* pattern = R"({"messageAttributes":{"kind":{"stringValue":["urgent"]}}})";
  EXPECT_TRUE(Wants({pattern}, "plain"));
  EXPECT_TRUE(Wants({pattern}, R"({"a":1})"));
  EXPECT_FALSE(Wants({R"({"messageAttributes":{"kind":{"stringValue":["late"]}}})"}, "plain"));
  EXPECT_TRUE(Wants({R"({"attributes":{"ApproximateReceiveCount":["2"]},"eventSource":["aws:sqs"]})"}, "plain"));
}

TEST(QueueFilter, OneOfThePatternsIsEnough) {
  EXPECT_TRUE(Wants({R"({"body":{"a":[1]}})", R"({"body":["x"]})"}, "x"));
  EXPECT_TRUE(Wants({R"({"body":{"a":[1]}})", R"({"body":["x"]})"}, R"({"a":1})"));
  EXPECT_FALSE(Wants({R"({"body":{"a":[1]}})", R"({"body":["x"]})"}, R"({"a":2})"));
  EXPECT_TRUE(Wants({R"({"$or":[{"body":{"a":[1]}},{"body":{"b":[1]}}]})"}, R"({"b":1})"));
}

}  // namespace
}  // namespace mayfly::sources
