// DeliveryWorker: one attempt at a delivery that is owed to a destination or a dead-letter queue. DurableLanes calls it for
// each item of a "deliver" lane; each target has a lane of its own, so that a slow one delays nobody else.
//
// A target that refuses for good, or fails `attempts_max` times, is given up: DestinationDeliveryFailures or
// DeadLetterErrors counts it, the log says it. One per daemon, on its strand.
#pragma once

#include "delivery/durable_lanes.h"
#include "invoke/function_scope.h"
#include "delivery/target_router.h"

namespace mayfly::invoke {

struct DeliveryOptions {
  int attempts_max = 5;
  Duration backoff_min = std::chrono::seconds(1);  // doubled after each failure
  Duration backoff_max = std::chrono::minutes(5);
  Duration timeout = std::chrono::seconds(30);     // the deadline that a target is given
};

class DeliveryWorker final : public delivery::LaneWorker {
 public:
  DeliveryWorker(Loop& loop, delivery::TargetRouter& targets, telemetry::Metrics& metrics, DeliveryOptions options)
      : loop_(&loop), targets_(&targets), metrics_(&metrics), options_(options) {}

  Task<delivery::Verdict> Work(Context& ctx, const std::string& payload) override;

 private:
  Loop* loop_;
  delivery::TargetRouter* targets_;
  telemetry::Metrics* metrics_;
  DeliveryOptions options_;
};

}  // namespace mayfly::invoke
