#include "delivery/delivery_worker.h"

#include "base/log.h"
#include "delivery/backoff.h"
#include "identity/arn.h"

namespace mayfly::delivery {

void DeliveryWorker::AddSender(std::string name, Sender& sender) {
  const bool is_new = senders_.emplace(std::move(name), &sender).second;
  MF_ASSERT(is_new);
}

// Targets see the account and region of the delivery's owner.
Context DeliveryWorker::MakeContext(const Context& ctx, const OwedDelivery& owed) const {
  Context child = ctx.WithDeadline(loop_->Now() + options_.timeout);
  child.trace_header = owed.delivery.trace_header;
  if (const auto owner = identity::ParseArn(owed.owner_arn)) {
    child.principal.account_id = owner->account_id;
    child.principal.region = owner->region;
  }
  return child;
}

bool DeliveryWorker::IsToBeTriedAgain(const OwedDelivery& owed, const Error& error) const {
  return (error.retryable || error.kind == Error::Kind::Cancelled) && owed.attempts < options_.attempts_max;
}

Task<Verdict> DeliveryWorker::Work(Context& ctx, const std::string& payload) {
  auto decoded = DecodeDelivery(payload);
  if (!decoded) {
    log::Error("a delivery is given up: {}", decoded.error().ToString());
    co_return Verdict{.kind = Verdict::Kind::Dropped};
  }
  OwedDelivery owed = std::move(*decoded);
  Context child = MakeContext(ctx, owed);
  const auto delivered = co_await targets_->Deliver(child, owed.delivery);
  if (delivered) co_return Verdict{};
  ++owed.attempts;
  if (!IsToBeTriedAgain(owed, delivered.error())) co_return GiveUp(owed, delivered.error());
  co_return Verdict{.kind = Verdict::Kind::Later, .payload = Encode(owed),
                    .delay = Backoff(owed.attempts, options_.backoff_min, options_.backoff_max)};
}

Verdict DeliveryWorker::GiveUp(const OwedDelivery& owed, const Error& error) {
  log::Warning("the {} of {} to {} is given up: {}", owed.sender, owed.owner_arn, owed.delivery.target_arn, error.ToString());
  // One of a sender that this daemon does not have was left by another version of it.
  if (const auto sender = senders_.find(owed.sender); sender != senders_.end()) sender->second->OnGivenUp(owed);
  return {.kind = Verdict::Kind::Dropped};
}

}  // namespace mayfly::delivery
