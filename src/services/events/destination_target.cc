#include "services/events/destination_target.h"

#include <fmt/format.h>

namespace mayfly::events {

Result<> DestinationTarget::Authorize(const identity::RequestPrincipal& principal, std::string_view target_arn, const identity::ConditionKeys& keys) const {
  const auto named = ParseNamedArn(target_arn, kDestinationKind);
  if (!named) return Fail(Error::Service("UnsupportedTarget", fmt::format("{} is no API destination", target_arn)));
  const auto* account = keys.Find("aws:SourceAccount");
  if (principal.is_service() && account && account->front() == named->name.account_id) return {};
  return authorizer_->AuthorizeNamed(principal, "events:InvokeApiDestination", named->name, target_arn);
}

Task<Result<>> DestinationTarget::Deliver(Context& ctx, const delivery::Delivery& delivery) {
  MF_CO_TRY_VOID(co_await caller_->Call(ctx, delivery));
  co_return Result<>();
}

Task<Result<std::string>> DestinationTarget::Invoke(Context& ctx, const delivery::Delivery& delivery) {
  const identity::RequestPrincipal principal{.account_id = delivery.principal.account_id, .arn = delivery.principal.name};
  MF_CO_TRY_VOID(Authorize(principal, delivery.target_arn, {}));
  co_return co_await caller_->Call(ctx, delivery);
}

}  // namespace mayfly::events
