#include "invoke/function_target.h"

#include <fmt/format.h>

#include "base/json.h"

namespace mayfly::invoke {
namespace {

Result<catalog::FunctionReference> ReferenceOf(std::string_view arn) {
  auto function = catalog::ParseFunctionArn(arn);
  if (!function) return Fail(Error::Service("ResourceNotFoundException", fmt::format("{} is not the ARN of a function", arn)));
  return std::move(*function);
}

Result<> CheckBody(const std::string& body) {
  if (body.size() > kAsyncPayloadBytesMax) {
    return Fail(Error::Service("RequestEntityTooLargeException", fmt::format("{} byte payload is too large", body.size())));
  }
  if (!json::IsValidJson(body)) return Fail(Error::Service("InvalidRequestContentException", "the body is no JSON"));
  return {};
}

}  // namespace

Result<> FunctionTarget::Authorize(const identity::RequestPrincipal& principal, std::string_view target_arn,
                                   const identity::ConditionKeys& keys) const {
  MF_TRY(const catalog::FunctionReference function, ReferenceOf(target_arn));
  return access_->Authorize(principal, "lambda:InvokeFunction", function, keys);
}

Task<Result<>> FunctionTarget::Deliver(Context& ctx, const delivery::Delivery& delivery) {
  MF_CO_TRY(catalog::FunctionReference function, ReferenceOf(delivery.target_arn));
  MF_CO_TRY_VOID(catalog_->Resolve(function));
  MF_CO_TRY_VOID(CheckBody(delivery.body));
  AsyncEvent event{.request_id = delivery.id, .function = std::move(function), .payload = delivery.body, .trace_header = delivery.trace_header};
  auto accepted = co_await events_->Accept(ctx, std::move(event));
  if (accepted) co_return Result<>();
  Error error = std::move(accepted).error();
  error.retryable = true;
  co_return Fail(std::move(error));
}

}  // namespace mayfly::invoke
