// OwedDelivery: a delivery that somebody owes, as it lies in the lane of its target until it has ended (delivery_worker.h).
//
// To owe one: append ItemOf(owed) to the daemon's DurableLanes, or return it among a verdict's follow-ups, so that it is
// committed together with what it follows from.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "delivery/delivery.h"
#include "delivery/durable_lanes.h"

namespace mayfly::delivery {

// The kind of the lanes of deliveries: what DeliveryWorker is the worker of.
inline constexpr std::string_view kDeliveryLanes = "deliver";
// … and of those whose deliveries are made one after the other (DurableLanes::Order::InOrder).
inline constexpr std::string_view kOrderedDeliveryLanes = "deliver-in-order";

struct OwedDelivery {
  std::string sender;     // who owes it, by the name that DeliveryWorker knows
  std::string owner_arn;  // whose it is and where its end is counted: a function (as it was named), a subscription, a rule …
  Delivery delivery;
  int attempts = 0;  // that failed
  WallTime accepted_at{};  // by DurableLanes::Time, for senders whose deliveries have an age; whole milliseconds are kept
};

// Each target has a lane of its own, so that a slow one delays nobody else.
std::string DeliveryLane(std::string_view target_arn);
LaneItem ItemOf(const OwedDelivery& owed);
// In the lane of its target and its message group.
LaneItem OrderedItemOf(const OwedDelivery& owed);

// The form in the store. Old forms stay readable (owed_delivery.cc).
std::string Encode(const OwedDelivery& owed);
// Error: a Fault, what is stored is damaged or of a newer form.
Result<OwedDelivery> DecodeDelivery(std::string_view bytes);

}  // namespace mayfly::delivery
