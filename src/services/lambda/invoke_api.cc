// Invoke, InvokeAsync.
#include "services/lambda/invoke_api.h"

#include "base/encoding.h"
#include "catalog/function_catalog.h"
#include "invoke/event_queue.h"
#include "invoke/invoker.h"
#include "invoke/loop_guard.h"
#include "invoke/trace_sampling.h"
#include "services/lambda/invocation_rules.h"
#include "services/lambda/settings.h"
#include "services/lambda/settling.h"

namespace mayfly::lambda {

Task<Result<InvokeApi::Target>> InvokeApi::FindTarget(Context& ctx, std::string_view name, const std::optional<std::string>& qualifier) const {
  MF_CO_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, name, qualifier.value_or("")));
  auto found = parts_.catalog.ResolveForInvoke(reference, parts_.random);
  if (!found) {
    if (reference.qualifier.empty()) co_return Fail(catalog::FunctionNotFound({reference.name, "$LATEST"}));
    co_return Fail(std::move(found).error());
  }
  Target target{.reference = std::move(reference), .function = std::move(found->function)};
  if (target.function->state == "Pending") co_await parts_.settling.Look(ctx, target.function);
  co_return target;
}

Task<Result<InvocationResponse>> InvokeApi::Invoke(Context& ctx, InvokeRequest request) {
  MF_CO_TRY(Target target, co_await FindTarget(ctx, request.function_name, request.qualifier));
  const std::string_view type = request.invocation_type ? std::string_view(*request.invocation_type) : "RequestResponse";
  if (request.tenant_id) co_return Fail(NoTenancy());
  if (request.durable_execution_name) {
    co_return Fail(InvalidParameterValue("A durable execution name can only be given for a function with durable configuration."));
  }
  std::string payload = request.payload ? std::move(*request.payload) : std::string();
  if (payload.empty()) payload = "{}";
  MF_CO_TRY_VOID(type == "Event" ? CheckEventPayload(payload) : CheckInvokePayload(payload, "InvokeFunction"));
  MF_CO_TRY(std::string client_context, DecodeClientContext(request.client_context));
  InvocationResponse response;
  if (type == "DryRun") {
    response.status_code = 204;
    co_return response;
  }
  ctx.trace_header = invoke::CompleteTraceHeader(ctx, parts_.random);
  if (type == "Event") {
    MF_CO_TRY_VOID(co_await AcceptEvent(ctx, std::move(target.reference), std::move(payload), std::move(client_context)));
    response.status_code = 202;
    co_return response;
  }

  runtime::Invocation invocation;
  invocation.request_id = ctx.request_id;
  invocation.invoked_function_arn = target.reference.Arn();
  invocation.payload = std::move(payload);
  MF_CO_TRY(ctx.trace_header, parts_.loops.Enter(target.reference, ctx.trace_header));
  invocation.trace_id = ctx.trace_header;
  invocation.client_context = std::move(client_context);
  invocation.want_log_tail = request.log_type && *request.log_type == "Tail";
  const bool want_log_tail = invocation.want_log_tail;
  const std::string version = target.function->version;
  MF_CO_TRY(runtime::InvokeOutcome outcome, co_await parts_.invoker.Invoke(ctx, std::move(target.function), std::move(invocation)));

  response.status_code = 200;
  if (outcome.function_error) response.function_error = "Unhandled";
  if (want_log_tail) response.log_result = Base64Encode(outcome.log_tail);
  response.executed_version = version;
  response.payload = std::move(outcome.payload);
  co_return response;
}

Task<Result<>> InvokeApi::AcceptEvent(Context& ctx, catalog::FunctionReference function, std::string payload, std::string client_context) {
  invoke::AsyncEvent event{.request_id = ctx.request_id,
                           .function = std::move(function),
                           .payload = std::move(payload),
                           .trace_header = ctx.trace_header,
                           .client_context = std::move(client_context)};
  return parts_.events.Accept(ctx, std::move(event));
}

Task<Result<InvokeAsyncResponse>> InvokeApi::InvokeAsync(Context& ctx, InvokeAsyncRequest request) {
  MF_CO_TRY(Target target, co_await FindTarget(ctx, request.function_name, std::nullopt));
  std::string payload = request.invoke_args.empty() ? "{}" : std::move(request.invoke_args);
  MF_CO_TRY_VOID(CheckEventPayload(payload));
  ctx.trace_header = invoke::CompleteTraceHeader(ctx, parts_.random);
  MF_CO_TRY_VOID(co_await AcceptEvent(ctx, std::move(target.reference), std::move(payload), {}));
  InvokeAsyncResponse response;
  response.status = 202;
  co_return response;
}

}  // namespace mayfly::lambda
