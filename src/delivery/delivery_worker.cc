#include "delivery/delivery_worker.h"

#include <algorithm>

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

// Null for one of a sender that this daemon does not have: another version of it has left that.
Sender* DeliveryWorker::SenderOf(const OwedDelivery& owed) const {
  const auto sender = senders_.find(owed.sender);
  return sender == senders_.end() ? nullptr : sender->second;
}

RetryRule DeliveryWorker::RuleOf(const OwedDelivery& owed) const {
  const RetryRule usual{.attempts_max = options_.attempts_max, .backoff_min = options_.backoff_min, .backoff_max = options_.backoff_max};
  const Sender* sender = SenderOf(owed);
  return sender ? sender->RuleOf(owed, usual) : usual;
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
  if (!delivered) co_return Judge(std::move(owed), delivered.error());
  if (Sender* sender = SenderOf(owed)) sender->OnDelivered(owed);
  co_return Verdict{};
}

Verdict DeliveryWorker::Judge(OwedDelivery owed, const Error& error) const {
  ++owed.attempts;
  if (!error.retryable && error.kind != Error::Kind::Cancelled) return GiveUp(owed, {.why = GivenUp::Why::Refused, .error = error});
  const RetryRule rule = RuleOf(owed);
  if (owed.attempts >= rule.attempts_max) return GiveUp(owed, {.why = GivenUp::Why::Attempts, .error = error});
  if (rule.age_left <= Duration::zero()) return GiveUp(owed, {.why = GivenUp::Why::Age, .error = error});
  const Duration delay = std::min(rule.age_left, Backoff(owed.attempts, rule.backoff_min, rule.backoff_max));
  return {.kind = Verdict::Kind::Later, .payload = Encode(owed), .delay = delay};
}

Verdict DeliveryWorker::GiveUp(const OwedDelivery& owed, GivenUp given_up) const {
  log::Warning("the {} of {} to {} is given up: {}", owed.sender, owed.owner_arn, owed.delivery.target_arn, given_up.error.ToString());
  Verdict verdict{.kind = Verdict::Kind::Dropped};
  if (Sender* sender = SenderOf(owed)) {
    verdict.follow_ups = sender->InsteadOf(owed, given_up);
    sender->OnGivenUp(owed);
  }
  return verdict;
}

}  // namespace mayfly::delivery
