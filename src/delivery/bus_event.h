// BusEvent: an event for a bus of events, as a delivery: how services put events of their own (an object was made, an alarm rang) onto
// the default bus of an account, and how whoever has a bus for its target says what stands around the body.
//
// A service owes it as it owes any other delivery (owed_delivery.h), so that an event of what was answered 2xx is there after a crash:
//   OwedDelivery{.sender = …, .owner_arn = …, .delivery = MakeBusDelivery({.id = …, .source = "aws.s3", …}, DeliveryPrincipal::Service(…))}
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "delivery/delivery.h"

namespace mayfly::delivery {

struct BusEvent {
  std::string id;           // "": the delivery's
  std::string source;       // "aws.s3"
  std::string detail_type;  // "Object Created"
  std::string account_id;   // whose event it is
  std::string region;
  WallTime time{};          // when it happened; clients see seconds
  std::vector<std::string> resources;
  std::string detail;       // a JSON object
};

// arn:aws:events:REGION:ACCOUNT:event-bus/NAME
std::string BusArn(std::string_view account_id, std::string_view region, std::string_view name);
bool IsBusArn(std::string_view arn);

// To the default bus of the event's account and region.
Delivery MakeBusDelivery(BusEvent event, DeliveryPrincipal principal);
// Says what is to stand around `delivery.body` on the bus `delivery.target_arn`; members that are empty are left to the delivery.
// At most kBusResourcesMax resources.
inline constexpr size_t kBusResourcesMax = 50;
void AddBusFields(Delivery& delivery, const BusEvent& event);
// The reverse of both. Without such fields: of the delivery's source, `now`.
BusEvent ReadBusEvent(const Delivery& delivery, WallTime now);

}  // namespace mayfly::delivery
