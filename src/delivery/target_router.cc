#include "delivery/target_router.h"

#include <fmt/format.h>

#include "identity/arn.h"

namespace mayfly::delivery {
namespace {

Result<> MayDeliver(const Target& target, const Delivery& delivery) {
  const DeliveryPrincipal& sender = delivery.principal;
  MF_ASSERT(sender.is_named());
  identity::RequestPrincipal principal;
  identity::ConditionKeys keys;
  switch (sender.kind) {
    case DeliveryPrincipal::Kind::Role:
      principal = {.account_id = sender.account_id, .arn = sender.name};
      break;
    case DeliveryPrincipal::Kind::Service:
      principal = identity::RequestPrincipal::Service(sender.name);
      keys.Add("aws:SourceArn", delivery.source_arn).Add("aws:SourceAccount", sender.account_id);
      break;
  }
  auto allowed = target.Authorize(principal, delivery.target_arn, keys);
  MF_ASSERT(allowed || !allowed.error().retryable);
  return allowed;
}

}  // namespace

void TargetRouter::Register(std::string service, Target& target) {
  const bool is_new = targets_.emplace(std::move(service), &target).second;
  MF_ASSERT(is_new);
}

Target* TargetRouter::Find(std::string_view target_arn) const {
  const auto arn = identity::ParseArn(target_arn);
  const auto found = arn ? targets_.find(arn->service) : targets_.end();
  return found == targets_.end() ? nullptr : found->second;
}

Result<> TargetRouter::Authorize(const Delivery& delivery) const {
  const Target* target = Find(delivery.target_arn);
  if (target) return MayDeliver(*target, delivery);
  return Fail(Error::Service("UnsupportedTarget", fmt::format("nothing here takes deliveries to {}", delivery.target_arn)));
}

Task<Result<>> TargetRouter::Deliver(Context& ctx, const Delivery& delivery) {
  MF_CO_TRY_VOID(Authorize(delivery));
  co_return co_await Find(delivery.target_arn)->Deliver(ctx, delivery);
}

size_t TargetRouter::BodyBytesMax(std::string_view target_arn) const {
  const Target* target = Find(target_arn);
  return target ? target->body_bytes_max() : std::numeric_limits<size_t>::max();
}

}  // namespace mayfly::delivery
