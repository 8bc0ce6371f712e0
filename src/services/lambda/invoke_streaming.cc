// InvokeWithResponseStream.
#include "base/encoding.h"
#include "catalog/function_catalog.h"
#include "invoke/invoker.h"
#include "invoke/loop_guard.h"
#include "invoke/trace_sampling.h"
#include "services/lambda/invocation_rules.h"
#include "services/lambda/invoke_api.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {
namespace {

// As JSON in JSON it may become six times as long, and has to fit into one message.
constexpr size_t kErrorDetailsBytesMax = 1 << 20;
constexpr std::string_view kErrorTooLarge =
    R"({"errorType":"Function.Unknown","errorMessage":"The function's error is too large to be told."})";

using Event = InvokeWithResponseStreamResponseEvent;

Task<Result<>> SendChunk(Context& ctx, wire::EventWriter<Event> events, std::string bytes) {
  Event event;
  event.payload_chunk.emplace().payload = std::move(bytes);
  co_return co_await events.Send(ctx, event);
}

// The function's bytes as they come; how it ended is the last event.
Task<Result<>> SendEvents(Context& ctx, wire::EventWriter<Event> events, std::unique_ptr<invoke::StreamedInvocation> streamed,
                          bool wants_log) {
  while (streamed->begun()) {
    MF_CO_TRY(std::string bytes, co_await streamed->Read(ctx));
    if (bytes.empty()) break;
    MF_CO_TRY_VOID(co_await SendChunk(ctx, events, std::move(bytes)));
  }
  runtime::InvokeOutcome& outcome = streamed->outcome();
  // An answer that was given in one piece is sent in one.
  if (!streamed->begun() && !outcome.function_error && !outcome.payload.empty()) {
    MF_CO_TRY_VOID(co_await SendChunk(ctx, events, std::move(outcome.payload)));
  }
  Event end;
  end.invoke_complete.emplace();
  if (outcome.function_error) {
    end.invoke_complete->error_code = "Unhandled";
    const bool fits = outcome.payload.size() <= kErrorDetailsBytesMax;
    end.invoke_complete->error_details = fits ? std::move(outcome.payload) : std::string(kErrorTooLarge);
  }
  if (wants_log) end.invoke_complete->log_result = Base64Encode(outcome.log_tail);
  co_return co_await events.Send(ctx, end);
}

}  // namespace

Task<Result<InvokeWithResponseStreamResponse>> InvokeApi::InvokeWithResponseStream(Context& ctx, InvokeWithResponseStreamRequest request) {
  MF_CO_TRY(Target target, co_await FindTarget(ctx, request.function_name, request.qualifier));
  if (request.tenant_id) co_return Fail(NoTenancy());
  runtime::Invocation invocation;
  if (request.payload) invocation.payload = std::move(*request.payload);
  if (invocation.payload.empty()) invocation.payload = "{}";
  MF_CO_TRY_VOID(CheckInvokePayload(invocation.payload, "InvokeWithResponseStream"));
  InvokeWithResponseStreamResponse response;
  if (request.invocation_type == "DryRun") {
    response.status_code = 204;
    co_return response;
  }
  invocation.request_id = ctx.request_id;
  invocation.invoked_function_arn = target.reference.Arn();
  MF_CO_TRY(ctx.trace_header, parts_.loops.Enter(target.reference, invoke::CompleteTraceHeader(ctx, parts_.random)));
  invocation.trace_id = ctx.trace_header;
  MF_CO_TRY(invocation.client_context, DecodeClientContext(request.client_context));
  invocation.want_log_tail = request.log_type == "Tail";
  const bool wants_log = invocation.want_log_tail;
  response.status_code = 200;
  response.executed_version = target.function->version;
  MF_CO_TRY(std::unique_ptr<invoke::StreamedInvocation> streamed,
            co_await parts_.invoker.InvokeStreaming(ctx, std::move(target.function), std::move(invocation)));
  response.response_stream_content_type = streamed->begun() ? streamed->content_type() : streamed->outcome().content_type;
  response.event_stream = [streamed = std::move(streamed), wants_log](Context& ctx, wire::EventWriter<Event> events) mutable {
    return SendEvents(ctx, events, std::move(streamed), wants_log);
  };
  co_return response;
}

}  // namespace mayfly::lambda
