// Invoke.
#include "base/encoding.h"
#include "invoke/trace_header.h"
#include "services/lambda/invocation_rules.h"
#include "services/lambda/lambda_api.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {

Task<Result<InvocationResponse>> LambdaApi::Invoke(Context& ctx, InvokeRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, request.function_name, request.qualifier.value_or("")));
  MF_CO_TRY(catalog::FunctionCatalog::Resolved found, parts_.catalog->ResolveForInvoke(reference, *parts_.random));
  const std::string_view type = request.invocation_type ? std::string_view(*request.invocation_type) : "RequestResponse";
  if (type == "Event") co_return Fail(NotImplemented("asynchronous invocation (InvocationType Event)"));
  if (request.tenant_id) co_return Fail(NoTenancy());
  if (request.durable_execution_name) {
    co_return Fail(InvalidParameterValue("A durable execution name can only be given for a function with durable configuration."));
  }
  std::string payload = request.payload ? std::move(*request.payload) : std::string();
  if (payload.empty()) payload = "{}";
  MF_CO_TRY_VOID(CheckInvokePayload(payload, "InvokeFunction"));
  InvocationResponse response;
  if (type == "DryRun") {
    response.status_code = 204;
    co_return response;
  }

  runtime::Invocation invocation;
  invocation.request_id = ctx.request_id;
  invocation.invoked_function_arn = reference.Arn();
  invocation.payload = std::move(payload);
  ctx.trace_header = invoke::CompleteTraceHeader(ctx, *parts_.random);
  invocation.trace_id = ctx.trace_header;
  MF_CO_TRY(invocation.client_context, DecodeClientContext(request.client_context));
  invocation.want_log_tail = request.log_type && *request.log_type == "Tail";
  const bool want_log_tail = invocation.want_log_tail;
  const std::string version = found.function->version;
  MF_CO_TRY(runtime::InvokeOutcome outcome, co_await parts_.invoker->Invoke(ctx, std::move(found.function), std::move(invocation)));

  response.status_code = 200;
  if (outcome.function_error) response.function_error = "Unhandled";
  if (want_log_tail) response.log_result = Base64Encode(outcome.log_tail);
  response.executed_version = version;
  response.payload = std::move(outcome.payload);
  co_return response;
}

}  // namespace mayfly::lambda
