#include "services/pipes/pipe_functions.h"

#include "catalog/function_reference.h"

namespace mayfly::pipes {

Task<Result<std::string>> PipeFunctions::Invoke(Context& ctx, const delivery::DeliveryPrincipal& principal, const std::string& function_arn,
                                                std::string payload) const {
  const auto function = catalog::ParseFunctionArn(function_arn);
  if (!function) co_return Fail(Error::Service("ResourceNotFoundException", function_arn + " is not the ARN of a function"));
  const identity::RequestPrincipal caller{.account_id = principal.account_id, .arn = principal.name};
  MF_CO_TRY_VOID(access_->Authorize(caller, "lambda:InvokeFunction", *function, {}));
  MF_CO_TRY(catalog::FunctionCatalog::Resolved found, catalog_->ResolveForInvoke(*function, *random_));
  ctx.request_id = random_->Uuid();
  runtime::Invocation invocation;
  invocation.request_id = ctx.request_id;
  invocation.invoked_function_arn = function_arn;
  invocation.payload = std::move(payload);
  invocation.trace_id = ctx.trace_header;
  MF_CO_TRY(runtime::InvokeOutcome outcome, co_await invoker_->Invoke(ctx, std::move(found.function), std::move(invocation)));
  if (outcome.function_error) co_return Fail(Error::Service("FunctionError", std::move(outcome.payload)));
  co_return std::move(outcome.payload);
}

}  // namespace mayfly::pipes
