#include "invoke/function_target.h"

#include <fmt/format.h>

#include "base/json.h"
#include "identity/arn.h"

namespace mayfly::invoke {

Task<Result<>> FunctionTarget::Deliver(Context& ctx, const delivery::Delivery& delivery) {
  const auto arn = identity::ParseArn(delivery.target_arn);
  if (!arn) co_return Fail(Error::Service("ResourceNotFoundException", delivery.target_arn + " is no ARN"));
  Context child = ctx;
  child.principal.account_id = arn->account_id;
  child.principal.region = arn->region;
  MF_CO_TRY(catalog::FunctionReference function, catalog::ParseFunctionReference(child, delivery.target_arn, ""));
  MF_CO_TRY_VOID(catalog_->Resolve(function));
  if (delivery.body.size() > kAsyncPayloadBytesMax) {
    co_return Fail(Error::Service("RequestEntityTooLargeException", fmt::format("{} byte payload is too large", delivery.body.size())));
  }
  if (!json::IsValidJson(delivery.body)) co_return Fail(Error::Service("InvalidRequestContentException", "the body is no JSON"));
  AsyncEvent event{.request_id = delivery.id, .function = std::move(function), .payload = delivery.body, .trace_header = delivery.trace_header};
  auto accepted = co_await events_->Accept(child, std::move(event));
  if (!accepted) {
    Error error = std::move(accepted).error();
    error.retryable = true;
    co_return Fail(std::move(error));
  }
  co_return Result<>();
}

}  // namespace mayfly::invoke
