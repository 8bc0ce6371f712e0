#include "services/scheduler/operation_target.h"

#include "services/scheduler/schedule_target.h"

namespace mayfly::scheduler {
namespace {

bool IsPassing(const Error& error) {
  const std::string_view code = error.code;
  return error.kind == Error::Kind::Fault || code.contains("Throttl") || code.contains("TooManyRequests") || code.starts_with("Internal") ||
         code == "ServiceException" || code == "ServiceUnavailable";
}

}  // namespace

Task<Result<>> OperationTarget::Deliver(Context& ctx, const delivery::Delivery& delivery) {
  const auto target = ParseUniversalTarget(delivery.target_arn);
  if (!target) co_return Fail(Error::Service("UnsupportedTarget", "nothing here takes deliveries to " + delivery.target_arn));
  Principal principal{.account_id = delivery.principal.account_id, .region = {}, .access_key_id = {}, .arn = delivery.principal.name};
  if (const auto schedule = ParseScheduleArn(delivery.source_arn)) principal.region = schedule->group.region;
  auto called = co_await directory_->CallJson(ctx, std::move(principal), target->service, target->operation, delivery.body);
  if (called) co_return Result<>();
  Error error = std::move(called).error();
  error.retryable = IsPassing(error);
  co_return Fail(std::move(error));
}

}  // namespace mayfly::scheduler
