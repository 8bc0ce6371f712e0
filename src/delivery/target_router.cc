#include "delivery/target_router.h"

#include <fmt/format.h>

#include "identity/arn.h"

namespace mayfly::delivery {

void TargetRouter::Register(std::string service, Target& target) {
  const bool is_new = targets_.emplace(std::move(service), &target).second;
  MF_ASSERT(is_new);
}

Target* TargetRouter::Find(std::string_view target_arn) const {
  const auto arn = identity::ParseArn(target_arn);
  const auto found = arn ? targets_.find(arn->service) : targets_.end();
  return found == targets_.end() ? nullptr : found->second;
}

Task<Result<>> TargetRouter::Deliver(Context& ctx, const Delivery& delivery) {
  Target* target = Find(delivery.target_arn);
  if (!target) {
    co_return Fail(Error::Service("UnsupportedTarget", fmt::format("nothing here takes deliveries to {}", delivery.target_arn)));
  }
  co_return co_await target->Deliver(ctx, delivery);
}

size_t TargetRouter::BodyBytesMax(std::string_view target_arn) const {
  const Target* target = Find(target_arn);
  return target ? target->body_bytes_max() : std::numeric_limits<size_t>::max();
}

}  // namespace mayfly::delivery
