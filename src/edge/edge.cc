#include "edge/edge.h"

#include <limits>

#include "base/hash.h"

namespace mayfly::edge {
namespace {

// Has no operation: whatever is asked of it is unknown, in the protocol of the asker.
constexpr wire::Service kNobody{.name = "nobody", .title = "Mayfly", .signing = "", .protocol = "query json-1.0 rest-json", .operations = {}, .errors = {}};

// What was traced tells its caller so (the operation completes the header).
void TellTrace(const Context& ctx, http::Response& response) {
  if (!ctx.trace_header.empty()) response.headers.Add("X-Amzn-Trace-Id", ctx.trace_header);
}

}  // namespace

// Shared by the connection's handler, which ends with the function's environment, and the work, which does not.
struct Edge::FunctionCall {
  explicit FunctionCall(const Context& from) : ctx(from), answer(*from.loop) {}
  Context ctx;
  http::Request request;
  OneShot<http::Response> answer;
};

http::ServerLimits ApiServerLimits() {
  http::ServerLimits limits;
  limits.body_bytes_max = std::numeric_limits<decltype(limits.body_bytes_max)>::max();
  return limits;
}

Edge::Edge(Loop& loop, identity::Authenticator& authenticator, const wire::Directory& directory, FunctionUrls& urls, Admin& admin, Random& random,
           BlockingPool& pool)
    : authenticator_(&authenticator),
      directory_(&directory),
      urls_(&urls),
      admin_(&admin),
      random_(&random),
      pool_(&pool),
      nobody_(kNobody, nullptr),
      large_requests_(loop, kLargeRequestsMax),
      large_function_requests_(loop, kLargeRequestsMax),
      function_calls_(std::in_place, loop) {
  for (const wire::Endpoint* endpoint : directory.endpoints()) choice_.Add(endpoint->service());
}

wire::Endpoint& Edge::EndpointOf(const http::Request& request) {
  const auto chosen = choice_.Of(request);
  return chosen ? *directory_->endpoints()[*chosen] : nobody_;
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
  co_return co_await HandleApi(ctx, request);
}

Task<http::Response> Edge::HandleApi(Context& ctx, http::Request& request) {
  const Door door{.mode = authenticator_->mode(), .large = &large_requests_};
  Preparation prepared;
  Result<> admitted;
  if (request.body_reader) admitted = co_await Prepare(ctx, request, door, prepared);
  if (admitted) admitted = Admit(ctx, request, door, prepared);
  wire::Endpoint& endpoint = EndpointOf(request);
  if (!admitted) co_return endpoint.Refuse(ctx, admitted.error(), request);
  http::Response response = co_await endpoint.Handle(ctx, request);
  TellTrace(ctx, response);
  co_return response;
}

Task<Result<>> Edge::Prepare(Context& ctx, http::Request& request, const Door& door, Preparation& prepared) {
  const bool undecided = choice_.NeedsBody(request);
  const bool checked = door.mode == identity::AuthMode::Strict;
  const wire::Endpoint& endpoint = EndpointOf(request);
  if (endpoint.Streams(request) && !(checked && identity::NeedsWholeBody(request))) co_return Result<>();
  MF_CO_TRY(auto place, co_await door.large->Take(ctx));
  prepared.place.emplace(std::move(place));
  // Otherwise the endpoint reads it.
  if (undecided || checked) MF_CO_TRY_VOID(co_await endpoint.ReadBody(ctx, request));
  if (checked) prepared.sha256_hex = co_await HashBody(ctx, request);
  co_return Result<>();
}

Result<> Edge::Admit(Context& ctx, http::Request& request, const Door& door, const Preparation& prepared) {
  auto principal = door.session.empty() ? authenticator_->Authenticate(request, prepared.sha256_hex)
                                        : authenticator_->AuthenticateSession(request, door.session, prepared.sha256_hex);
  if (!principal) return Fail(std::move(principal).error());
  ctx.principal = std::move(*principal);
  return authenticator_->OpenBody(request, door.mode);
}

// A signature covers the body, and most clients do not send its hash.
Task<std::string> Edge::HashBody(Context& ctx, http::Request& request) {
  auto body = std::make_shared<std::string>(std::move(request.body));
  std::string sha256_hex = co_await pool_->Run(*ctx.loop, [body] { return Sha256Hex(*body); });
  request.body = std::move(*body);
  co_return sha256_hex;
}

Task<http::Response> Edge::HandleFromFunction(Context& ctx, http::Request& request, std::string access_key_id) {
  ctx.request_id = random_->Uuid();
  if (const std::string* trace = request.headers.Find("X-Amzn-Trace-Id")) ctx.trace_header = *trace;
  const Door door{.mode = identity::AuthMode::Strict, .session = access_key_id, .large = &large_function_requests_};
  Preparation prepared;
  Result<> admitted;
  if (request.body_reader) admitted = co_await Prepare(ctx, request, door, prepared);
  if (admitted) admitted = Admit(ctx, request, door, prepared);
  if (!admitted) co_return EndpointOf(request).Refuse(ctx, admitted.error(), request);
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
  TellTrace(call->ctx, response);
  call->answer.Set(std::move(response));
}

}  // namespace mayfly::edge
