// If these fail, what is owed is lost or sent as somebody else after an update of the daemon.
#include "delivery/owed_delivery.h"

#include <gtest/gtest.h>

namespace mayfly::delivery {
namespace {

std::string Number(uint64_t value) {
  std::string bytes;
  for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}
std::string Text(std::string_view text) { return Number(text.size()) + std::string(text); }

// As it was written when only Lambda owed deliveries.
std::string OldForm(uint64_t kind, std::string_view qualifier) {
  std::string bytes = "D" + Number(kind) + Number(3);
  for (const std::string_view part : {std::string_view("111122223333"), std::string_view("cn-north-1"), std::string_view("f"), qualifier}) bytes += Text(part);
  for (const char* part : {"an-id", "arn:aws-cn:sqs:cn-north-1:111122223333:q", "arn:aws-cn:lambda:cn-north-1:111122223333:function:f", "Root=1", "detail"}) {
    bytes += Text(part);
  }
  bytes += Number(2) + Text("ErrorCode") + Number(1) + Text("200") + Text("RequestID") + Number(0) + Text("r");
  return bytes + Text("the body");
}

TEST(OwedDelivery, TheFirstFormIsStillRead) {
  const auto owed = DecodeDelivery(OldForm(1, "live"));
  ASSERT_TRUE(owed);
  EXPECT_EQ(owed->sender, "lambda-dead-letter");
  EXPECT_EQ(owed->owner_arn, "arn:aws-cn:lambda:cn-north-1:111122223333:function:f:live");
  EXPECT_EQ(owed->attempts, 3);
  const Delivery& delivery = owed->delivery;
  EXPECT_EQ(delivery.principal.kind, DeliveryPrincipal::Kind::Role);
  EXPECT_EQ(delivery.principal.name, "arn:aws-cn:iam::111122223333:root");
  EXPECT_EQ(delivery.principal.account_id, "111122223333");
  EXPECT_EQ(delivery.id, "an-id");
  EXPECT_EQ(delivery.target_arn, "arn:aws-cn:sqs:cn-north-1:111122223333:q");
  EXPECT_EQ(delivery.source_arn, "arn:aws-cn:lambda:cn-north-1:111122223333:function:f");
  EXPECT_EQ(delivery.trace_header, "Root=1");
  EXPECT_EQ(delivery.detail_type, "detail");
  ASSERT_EQ(delivery.attributes.size(), 2u);
  EXPECT_EQ(delivery.attributes[0].type, DeliveryAttribute::Type::Number);
  EXPECT_EQ(delivery.attributes[1].value, "r");
  EXPECT_EQ(delivery.body, "the body");

  const auto record = DecodeDelivery(OldForm(0, ""));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->sender, "lambda-destination");
  EXPECT_EQ(record->owner_arn, "arn:aws-cn:lambda:cn-north-1:111122223333:function:f");
  EXPECT_FALSE(DecodeDelivery(OldForm(2, "")));
}

TEST(OwedDelivery, IsReadAsItWasWrittenOrNotAtAll) {
  OwedDelivery owed{.sender = "sns", .owner_arn = "arn:aws:sns:eu-west-1:111122223333:t:s", .attempts = 7};
  owed.delivery = {.id = "i", .target_arn = "arn:aws:sqs:eu-west-1:111122223333:q", .body = std::string("\0body", 5),
                   .attributes = {{"a", DeliveryAttribute::Type::Number, "1"}}, .source_arn = "arn:aws:sns:eu-west-1:111122223333:t",
                   .principal = DeliveryPrincipal::Service("sns.amazonaws.com", "111122223333"), .trace_header = "Root=2", .detail_type = "d"};
  owed.accepted_at = WallTime(std::chrono::milliseconds(1'234'567'890));
  const LaneItem item = ItemOf(owed);
  EXPECT_EQ(item.lane, "deliver/arn:aws:sqs:eu-west-1:111122223333:q");
  const auto read = DecodeDelivery(item.payload);
  ASSERT_TRUE(read);
  EXPECT_EQ(Encode(*read), item.payload);
  EXPECT_EQ(read->sender, "sns");
  EXPECT_EQ(read->owner_arn, owed.owner_arn);
  EXPECT_EQ(read->attempts, 7);
  EXPECT_EQ(read->accepted_at, owed.accepted_at);
  EXPECT_EQ(read->delivery.body, owed.delivery.body);
  EXPECT_EQ(read->delivery.principal.kind, DeliveryPrincipal::Kind::Service);
  EXPECT_EQ(read->delivery.principal.name, "sns.amazonaws.com");
  for (size_t size = 0; size < item.payload.size(); ++size) EXPECT_FALSE(DecodeDelivery(item.payload.substr(0, size))) << size;
  EXPECT_FALSE(DecodeDelivery(item.payload + "x"));
  EXPECT_FALSE(DecodeDelivery("Z" + item.payload.substr(1))) << "a form of a newer daemon";
}

TEST(OwedDelivery, WithoutAPrincipalNothingIsSent) {
  std::string old = OldForm(0, "");
  const std::string account = Text("111122223333");
  old.replace(old.find(account), account.size(), Text(""));
  EXPECT_FALSE(DecodeDelivery(old));
}

}  // namespace
}  // namespace mayfly::delivery
