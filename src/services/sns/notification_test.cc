// If these fail, subscribers get messages in another form than AWS's, or what is signed is not what they check.
#include "services/sns/notification.h"

#include <gtest/gtest.h>

namespace mayfly::sns {
namespace {

Notification Example() {
  return {.message_id = "id", .topic_arn = "arn:t", .sequence_number = {}, .subject = "About", .message = "a \"b\"\n", .timestamp = "T",
          .token = {}, .subscribe_url = {}, .attributes = {{"k", "String", "v"}, {"b", "Binary", std::string("\0\xff", 2)}}};
}
const MessageSignature kSignature{.version = "1", .signature = "S", .certificate_url = "C"};

TEST(Notification, IsADocumentOfLines) {
  EXPECT_EQ(WriteNotification(Example(), kSignature, "U"),
            "{\n  \"Type\" : \"Notification\",\n  \"MessageId\" : \"id\",\n  \"TopicArn\" : \"arn:t\",\n  \"Subject\" : \"About\",\n"
            "  \"Message\" : \"a \\\"b\\\"\\n\",\n  \"Timestamp\" : \"T\",\n  \"SignatureVersion\" : \"1\",\n  \"Signature\" : \"S\",\n"
            "  \"SigningCertURL\" : \"C\",\n  \"UnsubscribeURL\" : \"U\",\n  \"MessageAttributes\" : {\n"
            "    \"k\" : {\"Type\":\"String\",\"Value\":\"v\"},\n    \"b\" : {\"Type\":\"Binary\",\"Value\":\"AP8=\"}\n  }\n}");
}

TEST(Notification, OfAFifoTopicHasANumberAndNoSignature) {
  Notification message = Example();
  message.sequence_number = "7";
  message.attributes.clear();
  message.subject.clear();
  EXPECT_EQ(WriteNotification(message, {}, "U"),
            "{\n  \"Type\" : \"Notification\",\n  \"MessageId\" : \"id\",\n  \"SequenceNumber\" : \"7\",\n  \"TopicArn\" : \"arn:t\",\n"
            "  \"Message\" : \"a \\\"b\\\"\\n\",\n  \"Timestamp\" : \"T\",\n  \"UnsubscribeURL\" : \"U\"\n}");
}

TEST(Notification, IsAnEventOfAFunction) {
  Notification message = Example();
  message.subject.clear();
  message.attributes.pop_back();
  EXPECT_EQ(WriteFunctionEvent(message, kSignature, "arn:s", "U"),
            R"({"Records":[{"EventSource":"aws:sns","EventVersion":"1.0","EventSubscriptionArn":"arn:s","Sns":{"Type":"Notification",)"
            R"("MessageId":"id","TopicArn":"arn:t","Subject":null,"Message":"a \"b\"\n","Timestamp":"T","SignatureVersion":"1","Signature":"S",)"
            R"("SigningCertUrl":"C","UnsubscribeUrl":"U","MessageAttributes":{"k":{"Type":"String","Value":"v"}}}}]})");
}

TEST(Notification, SignsItsMembersInTheirOrder) {
  EXPECT_EQ(TextToSign(Example()), "Message\na \"b\"\n\nMessageId\nid\nSubject\nAbout\nTimestamp\nT\nTopicArn\narn:t\nType\nNotification\n");
  Notification request = Example();
  request.type = "SubscriptionConfirmation";
  request.token = "K";
  request.subscribe_url = "L";
  EXPECT_EQ(TextToSign(request),
            "Message\na \"b\"\n\nMessageId\nid\nSubscribeURL\nL\nTimestamp\nT\nToken\nK\nTopicArn\narn:t\nType\nSubscriptionConfirmation\n");
}

}  // namespace
}  // namespace mayfly::sns
