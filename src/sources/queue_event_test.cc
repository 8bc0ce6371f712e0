// If these fail, functions see other events than AWS gives them, or events that are larger than an invocation may be.
#include "sources/queue_event.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace mayfly::sources {
namespace {

constexpr const char* kQueue = "arn:aws:sqs:eu-central-1:123456789012:orders";

ReceivedMessage MessageOf(std::string body) {
  auto message = std::make_shared<QueueMessage>();
  message->message_id = "059f36b4-87a3-44ab-83d2-661975830a7d";
  message->body = std::move(body);
  message->md5_of_body = "e4e68fb7bd0e697a0ae8f1bb342846b3";
  message->sender_id = "AIDAIENQZJOLO23YVJ4VO";
  message->sent_epoch_millis = 1545082649183;
  return {std::move(message), "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a", 1, 1545082649185};
}

std::string EventOf(const ReceivedMessage& received) {
  const QueueRecordWriter writer(kQueue);
  QueueEvent event;
  EXPECT_TRUE(event.Add(writer, received));
  return event.Take();
}

TEST(QueueEvent, IsTheEventOfAws) {
  EXPECT_EQ(EventOf(MessageOf("Test message.")),
            R"({"Records":[{"messageId":"059f36b4-87a3-44ab-83d2-661975830a7d","receiptHandle":"AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",)"
            R"("body":"Test message.","attributes":{"ApproximateReceiveCount":"1","SentTimestamp":"1545082649183",)"
            R"("SenderId":"AIDAIENQZJOLO23YVJ4VO","ApproximateFirstReceiveTimestamp":"1545082649185"},"messageAttributes":{},)"
            R"("md5OfBody":"e4e68fb7bd0e697a0ae8f1bb342846b3","eventSource":"aws:sqs",)"
            R"("eventSourceARN":"arn:aws:sqs:eu-central-1:123456789012:orders","awsRegion":"eu-central-1"}]})");
}

TEST(QueueEvent, TellsMessageAttributesByTheirTypes) {
  ReceivedMessage received = MessageOf("x");
  QueueMessage message = *received.message;
  message.attributes = {{"Name", "String", "Žižka \"x\""}, {"Count", "Number.int", "42"}, {"Picture", "Binary.png", std::string("\x00\xFF", 2)}};
  message.md5_of_attributes = "d25a6aea97eb8f585bfa92d314504a92";
  received.message = std::make_shared<const QueueMessage>(message);
  EXPECT_NE(EventOf(received).find(
                R"("messageAttributes":{"Name":{"stringValue":"Žižka \"x\"","stringListValues":[],"binaryListValues":[],"dataType":"String"},)"
                R"("Count":{"stringValue":"42","stringListValues":[],"binaryListValues":[],"dataType":"Number.int"},)"
                R"("Picture":{"binaryValue":"AP8=","stringListValues":[],"binaryListValues":[],"dataType":"Binary.png"}},)"
                R"("md5OfMessageAttributes":"d25a6aea97eb8f585bfa92d314504a92","md5OfBody":)"),
            std::string::npos);
}

TEST(QueueEvent, TellsOfGroupsTracesAndDeadLetters) {
  ReceivedMessage received = MessageOf("x");
  QueueMessage message = *received.message;
  message.group_id = "g";
  message.deduplication_id = "d";
  message.sequence_number = "18849496460467696128";
  message.trace_header = "Root=1-5e1b4151-5ac6c58d5f4b3f9b1a2c3d4e";
  message.dead_letter_source_arn = "arn:aws:sqs:eu-central-1:123456789012:source";
  received = {std::make_shared<const QueueMessage>(message), "h", 3, 1545082649185};
  EXPECT_NE(EventOf(received).find(
                R"("attributes":{"ApproximateReceiveCount":"3","AWSTraceHeader":"Root=1-5e1b4151-5ac6c58d5f4b3f9b1a2c3d4e",)"
                R"("SentTimestamp":"1545082649183","SequenceNumber":"18849496460467696128","MessageGroupId":"g",)"
                R"("SenderId":"AIDAIENQZJOLO23YVJ4VO","MessageDeduplicationId":"d","ApproximateFirstReceiveTimestamp":"1545082649185",)"
                R"("DeadLetterQueueSourceArn":"arn:aws:sqs:eu-central-1:123456789012:source"})"),
            std::string::npos);
}

// A body is text: it arrives as it was sent, whatever is in it.
TEST(QueueEvent, BodiesSurvive) {
  for (const std::string body : {"", "{\"a\":\"b\\n\"}", "tab\tline\nquote\"back\\slash", "π 🐝", "</script>\x7f"}) {
    const auto event = json::Parse(EventOf(MessageOf(body)));
    ASSERT_TRUE(event.has_value()) << body;
    EXPECT_EQ(event->Find("Records")->array().at(0).StringOr("body", "?"), body);
  }
}

TEST(QueueEvent, EndsWhereTheNextMessageWouldBeTooMuch) {
  const QueueRecordWriter writer(kQueue);
  QueueEvent one;
  ASSERT_TRUE(one.Add(writer, MessageOf("x")));
  const size_t single = one.Take().size();
  const size_t each = single - 14;  // without {"Records":[ ]}
  QueueEvent event;
  int taken = 0;
  const size_t bytes_max = 14 + 3 * each + 2;  // three with their commas
  while (event.Add(writer, MessageOf("x"), bytes_max)) ++taken;
  EXPECT_EQ(taken, 3);
  const std::string text = event.Take();
  EXPECT_EQ(text.size(), bytes_max);
  EXPECT_TRUE(json::IsValidJson(text));
  EXPECT_TRUE(event.Add(writer, MessageOf(std::string(100, 'y')), 10)) << "the first message goes whatever its size";
  EXPECT_TRUE(json::IsValidJson(event.Take()));
}

}  // namespace
}  // namespace mayfly::sources
