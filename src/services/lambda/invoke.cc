// Invoke.
#include <fmt/format.h>

#include "base/encoding.h"
#include "base/json.h"
#include "invoke/trace_header.h"
#include "services/lambda/lambda_api.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {
namespace {

constexpr size_t kPayloadBytesMax = 6'291'456;
constexpr size_t kClientContextBytesMax = 3583;  // as it is sent, in base64

Error InvalidContent(std::string message) { return Error::Service("InvalidRequestContentException", std::move(message)); }

Result<std::string> DecodeClientContext(const std::optional<std::string>& header) {
  if (!header || header->empty()) return std::string();
  if (header->size() > kClientContextBytesMax) {
    return Fail(InvalidContent(fmt::format("Client context must be no more than {} bytes when base64-encoded.", kClientContextBytesMax)));
  }
  auto text = Base64Decode(*header);
  if (!text || !json::IsValidJson(*text)) return Fail(InvalidContent("Client context must be a valid Base64-encoded JSON object."));
  // It travels in a header of the Runtime API: line breaks between its tokens become spaces.
  for (char& c : *text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return *text;
}

Result<> CheckPayload(const std::string& payload) {
  if (payload.size() > kPayloadBytesMax) {
    return Fail(Error::Service("RequestEntityTooLargeException",
                               fmt::format("Request must be smaller than {} bytes for the InvokeFunction operation", kPayloadBytesMax)));
  }
  if (!json::IsValidJson(payload)) {
    auto why = json::Parse(payload);
    return Fail(InvalidContent(fmt::format("Could not parse request body into json: Could not parse payload into json: {}",
                                           why ? "not one JSON value" : why.error().message)));
  }
  return {};
}

}  // namespace

Task<Result<InvocationResponse>> LambdaApi::Invoke(Context& ctx, InvokeRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, request.function_name, request.qualifier.value_or("")));
  MF_CO_TRY(catalog::FunctionCatalog::Resolved found, parts_.catalog->ResolveForInvoke(reference, *parts_.random));
  const std::string_view type = request.invocation_type ? std::string_view(*request.invocation_type) : "RequestResponse";
  if (type == "Event") co_return Fail(NotImplemented("asynchronous invocation (InvocationType Event)"));
  if (request.tenant_id) {
    co_return Fail(InvalidParameterValue("The invoked function is not enabled with tenancy configuration. Remove the tenant ID from the request and try again."));
  }
  if (request.durable_execution_name) {
    co_return Fail(InvalidParameterValue("A durable execution name can only be given for a function with durable configuration."));
  }
  std::string payload = request.payload ? std::move(*request.payload) : std::string();
  if (payload.empty()) payload = "{}";
  MF_CO_TRY_VOID(CheckPayload(payload));
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
