// If this fails, events of services arrive on buses as somebody else's, or without what stands around their detail.
#include "delivery/bus_event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mayfly::delivery {
namespace {

const WallTime kNow(std::chrono::seconds(1'800'000'000));

TEST(BusEvent, IsReadAsItWasMade) {
  const Delivery delivery =
      MakeBusDelivery({.id = "i", .source = "aws.s3", .detail_type = "Object Created", .account_id = "111122223333", .region = "eu-west-1",
                       .time = kNow, .resources = {"arn:aws:s3:::b", "r"}, .detail = R"({"a":1})"},
                      DeliveryPrincipal::Service("s3.amazonaws.com", "111122223333"));
  EXPECT_EQ(delivery.target_arn, "arn:aws:events:eu-west-1:111122223333:event-bus/default");
  EXPECT_EQ(delivery.source_arn, "arn:aws:s3:::b");
  const BusEvent read = ReadBusEvent(delivery, WallTime());
  EXPECT_EQ(read.id, "i");
  EXPECT_EQ(read.source, "aws.s3");
  EXPECT_EQ(read.detail_type, "Object Created");
  EXPECT_EQ(read.account_id, "111122223333");
  EXPECT_EQ(read.region, "eu-west-1");
  EXPECT_EQ(read.time, kNow);
  EXPECT_THAT(read.resources, testing::ElementsAre("arn:aws:s3:::b", "r"));
  EXPECT_EQ(read.detail, R"({"a":1})");
}

TEST(BusEvent, WithoutFieldsItIsOfItsSource) {
  Delivery delivery{.id = "i", .target_arn = "arn:aws:events:eu-west-1:111122223333:event-bus/b", .body = "{}"};
  delivery.source_arn = "arn:aws:x:eu-west-1:111122223333:y";
  const BusEvent read = ReadBusEvent(delivery, kNow);
  EXPECT_EQ(read.source, "x");
  EXPECT_EQ(read.region, "eu-west-1");
  EXPECT_EQ(read.time, kNow);
  EXPECT_THAT(read.resources, testing::ElementsAre(delivery.source_arn));
  EXPECT_TRUE(IsBusArn(delivery.target_arn));
  EXPECT_FALSE(IsBusArn(delivery.source_arn));
}

}  // namespace
}  // namespace mayfly::delivery
