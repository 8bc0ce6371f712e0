// FailedDeliveries: counts the records or the dead letters of asynchronous invocations that no target took.
//
// The senders of EventQueue's deliveries, one for each kind; told by DeliveryWorker, on its strand.
#pragma once

#include "delivery/delivery_worker.h"
#include "invoke/function_metrics.h"

namespace mayfly::invoke {

// The names of the senders. They stand in stored deliveries.
inline constexpr std::string_view kDestinationSender = "lambda-destination";
inline constexpr std::string_view kDeadLetterSender = "lambda-dead-letter";

class FailedDeliveries final : public delivery::Sender {
 public:
  FailedDeliveries(telemetry::Metrics& metrics, const telemetry::Metric& metric) : metrics_(&metrics), metric_(&metric) {}

  void OnGivenUp(const delivery::OwedDelivery& owed) override {
    const auto function = catalog::ParseFunctionArn(owed.owner_arn);
    if (function) SeriesOf(*metrics_, *function).Add(*metric_);
  }

 private:
  telemetry::Metrics* metrics_;
  const telemetry::Metric* metric_;
};

}  // namespace mayfly::invoke
