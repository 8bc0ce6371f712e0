#include "edge/function_urls.h"

#include <fmt/format.h>

#include "base/log.h"
#include "edge/url_cors.h"
#include "edge/url_response.h"
#include "edge/url_stream.h"
#include "invoke/trace_sampling.h"

namespace mayfly::edge {
namespace {

constexpr size_t kPayloadBytesMax = 6'291'456;  // of the event

Error Forbidden() { return Error::Service("AccessDeniedException", "Forbidden"); }
Error WrongScope(std::string message) { return Error::Service("InvalidSignatureException", std::move(message)); }

catalog::FunctionReference ReferenceOf(const catalog::FunctionUrl& url) { return {url.function, url.is_latest() ? "" : url.qualifier}; }

}  // namespace

Task<http::Response> FunctionUrls::Handle(Context& ctx, http::Request& request) {
  std::optional<UrlHost> host = ParseUrlHost(request.headers.Get("Host"), parts_.origin.domain);
  const catalog::FunctionUrlPointer url = host ? parts_.index->Find(host->url_id) : nullptr;
  http::Response response;
  if (!url || url->function.region != host->region) {
    response = UrlUnknown();
  } else if (url->cors && IsPreflight(request)) {
    response = AnswerPreflight(*url->cors, request);
  } else {
    response = co_await ReadAndRun(ctx, request, *url, std::move(*host));
    if (url->cors) AddCorsHeaders(*url->cors, request, response);
  }
  response.headers.Set("x-amzn-RequestId", ctx.request_id);
  if (!ctx.trace_header.empty()) response.headers.Set("X-Amzn-Trace-Id", ctx.trace_header);
  co_return response;
}

Task<http::Response> FunctionUrls::ReadAndRun(Context& ctx, http::Request& request, const catalog::FunctionUrl& url, UrlHost host) {
  if (!request.body_reader) co_return co_await Run(ctx, request, url, std::move(host));
  const auto place = co_await large_requests_.Take(ctx);
  if (!place) co_return Refuse(ctx, place.error());
  if (auto read = co_await request.ReadAll(ctx, kPayloadBytesMax); !read) {
    co_return read.error().code == "BodyTooLarge" ? UrlTooLarge() : Refuse(ctx, read.error());
  }
  co_return co_await Run(ctx, request, url, std::move(host));
}

Task<http::Response> FunctionUrls::Run(Context& ctx, http::Request& request, const catalog::FunctionUrl& url, UrlHost host) {
  auto caller = Authenticate(request, url);
  if (!caller) co_return Refuse(ctx, caller.error());
  if (*caller) ctx.principal = **caller;
  if (!IsAllowed(url, *caller ? &**caller : nullptr)) co_return UrlForbidden();
  auto found = parts_.catalog->ResolveForInvoke(ReferenceOf(url), *parts_.random);
  if (!found) co_return Refuse(ctx, found.error());

  UrlEventContext event_context{.host = std::move(host), .request_id = ctx.request_id};
  auto chain = parts_.loops->Enter(ReferenceOf(url), invoke::CompleteTraceHeader(ctx, *parts_.random));
  if (!chain) co_return Refuse(ctx, chain.error());
  ctx.trace_header = std::move(*chain);
  event_context.trace_header = ctx.trace_header.substr(0, ctx.trace_header.find(';'));
  event_context.scheme = parts_.origin.scheme;
  event_context.port = parts_.origin.port;
  event_context.received_at = parts_.loop->WallNow();
  event_context.caller = std::move(*caller);

  runtime::Invocation invocation;
  invocation.payload = MakeUrlEvent(request, event_context);
  request.body = std::string();
  if (invocation.payload.size() > kPayloadBytesMax) co_return UrlTooLarge();
  invocation.request_id = ctx.request_id;
  invocation.invoked_function_arn = url.FunctionArn();
  invocation.trace_id = ctx.trace_header;
  if (url.invoke_mode == "RESPONSE_STREAM") {
    auto streamed = co_await parts_.invoker->InvokeStreaming(ctx, std::move(found->function), std::move(invocation));
    if (!streamed) co_return Refuse(ctx, streamed.error());
    auto response = co_await MakeStreamedUrlResponse(ctx, std::move(*streamed));
    co_return response ? std::move(*response) : Refuse(ctx, response.error());
  }
  auto outcome = co_await parts_.invoker->Invoke(ctx, std::move(found->function), std::move(invocation));
  if (!outcome) co_return Refuse(ctx, outcome.error());
  co_return MakeUrlResponse(*outcome, UrlInvokeMode::Buffered);
}

Result<std::optional<Principal>> FunctionUrls::Authenticate(const http::Request& request, const catalog::FunctionUrl& url) {
  if (url.auth_type == "NONE") return std::nullopt;
  MF_TRY(const auto claim, identity::ParseClaim(request));
  if (!claim) return Fail(Forbidden());
  if (claim->service != "lambda") return Fail(WrongScope("Credential should be scoped to correct service: 'lambda'. "));
  if (claim->region != url.function.region) return Fail(WrongScope("Credential should be scoped to a valid region. "));
  MF_TRY(Principal caller, parts_.authenticator->Authenticate(request));
  return caller;
}

bool FunctionUrls::IsAllowed(const catalog::FunctionUrl& url, const Principal* caller) const {
  const identity::RequestPrincipal principal = caller ? identity::RequestPrincipal::Of(*caller) : identity::RequestPrincipal::Anonymous();
  identity::ConditionKeys url_keys;
  url_keys.Add("lambda:FunctionUrlAuthType", url.auth_type);
  if (!parts_.access->Authorize(principal, "lambda:InvokeFunctionUrl", ReferenceOf(url), url_keys)) return false;
  identity::ConditionKeys invoke_keys;
  invoke_keys.Add("lambda:InvokedViaFunctionUrl", "true");
  return parts_.access->Authorize(principal, "lambda:InvokeFunction", ReferenceOf(url), invoke_keys).has_value();
}

http::Response FunctionUrls::Refuse(Context& ctx, const Error& error) const {
  // A function or alias that has just gone takes its permissions along.
  if (error.IsService("AccessDeniedException") || error.IsService("ResourceNotFoundException")) return UrlForbidden();
  if (error.kind == Error::Kind::Service) return parts_.lambda->Refuse(ctx, error);
  if (error.kind == Error::Kind::Fault) log::Error("{} function URL: {}", ctx.request_id, error.ToString());
  return UrlBadGateway();
}

}  // namespace mayfly::edge
