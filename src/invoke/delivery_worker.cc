#include "invoke/delivery_worker.h"

#include "base/log.h"
#include "invoke/async_event.h"
#include "delivery/backoff.h"

namespace mayfly::invoke {

Task<delivery::Verdict> DeliveryWorker::Work(Context& ctx, const std::string& payload) {
  auto decoded = DecodeDelivery(payload);
  if (!decoded) {
    log::Error("a delivery is given up: {}", decoded.error().ToString());
    co_return delivery::Verdict{.kind = delivery::Verdict::Kind::Dropped};
  }
  OwedDelivery owed = std::move(*decoded);
  Context child = ctx.WithDeadline(loop_->Now() + options_.timeout);
  child.trace_header = owed.delivery.trace_header;
  child.principal.account_id = owed.function.name.account_id;
  child.principal.region = owed.function.name.region;
  const auto delivered = co_await targets_->Deliver(child, owed.delivery);
  if (delivered) co_return delivery::Verdict{};
  const Error& error = delivered.error();
  if ((error.retryable || error.kind == Error::Kind::Cancelled) && ++owed.attempts < options_.attempts_max) {
    co_return delivery::Verdict{.kind = delivery::Verdict::Kind::Later, .payload = Encode(owed),
                      .delay = delivery::Backoff(owed.attempts, options_.backoff_min, options_.backoff_max)};
  }
  const bool dead_letter = owed.kind == OwedDelivery::Kind::DeadLetter;
  log::Warning("{} of {} to {} is given up: {}", dead_letter ? "the dead letter" : "the record", owed.function.Arn(), owed.delivery.target_arn,
               error.ToString());
  metrics_->Of(ScopeOf(owed.function))
      .Add(dead_letter ? telemetry::Metric::DeadLetterErrors : telemetry::Metric::DestinationDeliveryFailures);
  co_return delivery::Verdict{.kind = delivery::Verdict::Kind::Dropped};
}

}  // namespace mayfly::invoke
