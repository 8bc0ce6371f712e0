#include "edge/edge.h"

#include "base/hash.h"
#include "edge/service_choice.h"

namespace mayfly::edge {

// Counts one large request while it lives.
class Edge::LargeRequest {
 public:
  explicit LargeRequest(LargeRequests& all) : all_(&all) { ++all_->running; }
  ~LargeRequest() {
    --all_->running;
    all_->ended.Pulse();
  }
  LargeRequest(const LargeRequest&) = delete;
  LargeRequest& operator=(const LargeRequest&) = delete;

 private:
  LargeRequests* all_;
};

// Shared by the connection's handler, which ends with the function's environment, and the work, which does not.
struct Edge::FunctionCall {
  explicit FunctionCall(const Context& from) : ctx(from), answer(*from.loop) {}
  Context ctx;
  http::Request request;
  OneShot<http::Response> answer;
};

void Edge::Add(wire::Endpoint& endpoint) {
  companions_.push_back(&endpoint);
  companion_services_.push_back(&endpoint.service());
}

wire::Endpoint& Edge::EndpointOf(const http::Request& request) const {
  const auto chosen = ChooseService(request, companion_services_);
  return chosen ? *companions_[*chosen] : *lambda_;
}

Task<http::Response> Edge::Handle(Context& ctx, http::Request& request) {
  ctx.request_id = random_->Uuid();
  if (const std::string* trace = request.headers.Find("X-Amzn-Trace-Id")) ctx.trace_header = *trace;
  if (urls_->Owns(request)) co_return co_await urls_->Handle(ctx, request);
  const std::string* origin = request.headers.Find("Origin");
  if (origin && authenticator_->mode() == identity::AuthMode::Open) {
    co_return http::Response::Json(403, "{\"message\":\"requests from web pages are not allowed while the daemon runs with --auth open\"}\n");
  }
  if (request.target.starts_with("/_mayfly/")) co_return co_await admin_->Handle(ctx, request);
  if (request.body_reader) co_return co_await HandleLarge(ctx, request);
  co_return co_await HandleApi(ctx, request);
}

Task<Result<std::string>> Edge::ReadBody(Context& ctx, http::Request& request) {
  if (!request.body_reader) co_return std::string();
  if (auto read = co_await request.ReadAll(ctx, wire::kRequestBytesMax); !read) {
    Error error = std::move(read).error();
    if (error.code == "BodyTooLarge") error = Error::Service("RequestEntityTooLargeException", "The request is too large.");
    co_return Fail(std::move(error));
  }
  auto body = std::make_shared<std::string>(std::move(request.body));
  std::string sha256_hex = co_await pool_->Run(*ctx.loop, [body] { return Sha256Hex(*body); });
  request.body = std::move(*body);
  co_return sha256_hex;
}

Task<http::Response> Edge::HandleLarge(Context& ctx, http::Request& request) {
  while (large_requests_.running >= kLargeRequestsMax) {
    if (auto waited = co_await large_requests_.ended.Wait(ctx); !waited) co_return EndpointOf(request).Refuse(ctx, waited.error(), request);
  }
  const LargeRequest counted(large_requests_);
  // A signature covers the body, and most clients do not send its hash.
  if (authenticator_->mode() == identity::AuthMode::Open) co_return co_await HandleApi(ctx, request);
  auto sha256_hex = co_await ReadBody(ctx, request);
  if (!sha256_hex) co_return EndpointOf(request).Refuse(ctx, sha256_hex.error(), request);
  co_return co_await HandleApi(ctx, request, std::move(*sha256_hex));
}

Task<http::Response> Edge::HandleApi(Context& ctx, http::Request& request, std::string body_sha256_hex) {
  wire::Endpoint& endpoint = EndpointOf(request);
  auto principal = authenticator_->Authenticate(request, body_sha256_hex);
  if (!principal) co_return endpoint.Refuse(ctx, principal.error(), request);
  ctx.principal = std::move(*principal);
  http::Response response = co_await endpoint.Handle(ctx, request);
  // What was traced tells its caller so (the operation completes the header).
  if (!ctx.trace_header.empty()) response.headers.Add("X-Amzn-Trace-Id", ctx.trace_header);
  co_return response;
}

Task<http::Response> Edge::HandleFromFunction(Context& ctx, http::Request& request, std::string access_key_id) {
  ctx.request_id = random_->Uuid();
  if (const std::string* trace = request.headers.Find("X-Amzn-Trace-Id")) ctx.trace_header = *trace;
  std::string sha256_hex;
  if (request.body_reader) {
    while (large_function_requests_.running >= kLargeRequestsMax) {
      if (auto waited = co_await large_function_requests_.ended.Wait(ctx); !waited) co_return EndpointOf(request).Refuse(ctx, waited.error(), request);
    }
    const LargeRequest counted(large_function_requests_);
    auto read = co_await ReadBody(ctx, request);
    if (!read) co_return EndpointOf(request).Refuse(ctx, read.error(), request);
    sha256_hex = std::move(*read);
  }
  auto principal = authenticator_->AuthenticateSession(request, access_key_id, sha256_hex);
  if (!principal) co_return EndpointOf(request).Refuse(ctx, principal.error(), request);
  ctx.principal = std::move(*principal);
  if (!function_calls_ || function_calls_->size() >= kFunctionCallsMax) {
    co_return EndpointOf(request).Refuse(ctx, Error::Service("TooManyRequestsException", "Rate Exceeded."), request);
  }
  auto call = std::make_shared<FunctionCall>(ctx);
  call->request = std::move(request);
  function_calls_->Spawn(RunFunctionCall(call));
  co_return co_await call->answer.Take();
}

Task<> Edge::RunFunctionCall(std::shared_ptr<FunctionCall> call) {
  http::Response response = co_await EndpointOf(call->request).Handle(call->ctx, call->request);
  if (!call->ctx.trace_header.empty()) response.headers.Add("X-Amzn-Trace-Id", call->ctx.trace_header);
  call->answer.Set(std::move(response));
}

}  // namespace mayfly::edge
