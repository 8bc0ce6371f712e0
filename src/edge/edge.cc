#include "edge/edge.h"

#include <limits>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/json.h"
#include "edge/request_path.h"
#include "edge/url_response.h"
#include "edge/web_pages.h"
#include "runtime/endpoint_caller.h"

namespace mayfly::edge {
namespace {

// Has no operation: whatever is asked of it is unknown, in the protocol of the asker.
constexpr wire::Service kNobody{.name = "nobody", .title = "Mayfly", .signing = "", .protocol = "query json-1.0 rest-json", .operations = {}, .errors = {}};

constexpr std::string_view kAdminPath = "/_mayfly/";
constexpr size_t kShownHostBytesMax = 253;

// What was traced tells its caller so (the operation completes the header).
void TellTrace(const Context& ctx, http::Response& response) {
  if (!ctx.trace_header.empty()) response.headers.Add("X-Amzn-Trace-Id", ctx.trace_header);
}

// Of "203.0.113.7:5000" and "[2001:db8::1]:5000". What is no address (a socket's name) is this machine.
std::string AddressOf(std::string_view peer) {
  const size_t colon = peer.rfind(':');
  if (colon == std::string_view::npos) return "127.0.0.1";
  std::string_view address = peer.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  if (constexpr std::string_view kMapped = "::ffff:"; address.starts_with(kMapped)) address.remove_prefix(kMapped.size());
  return std::string(address);
}

// The name that follows the role's in arn:aws:sts::A:assumed-role/ROLE/FUNCTION.
std::string_view FunctionOfSession(std::string_view arn) { return arn.substr(arn.rfind('/') + 1); }

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

Edge::Edge(Loop& loop, identity::Authenticator& authenticator, const wire::Directory& directory, FunctionUrls& urls, Admin& admin,
           AllowedHosts& hosts, Random& random, BlockingPool& pool, Reception reception)
    : loop_(&loop),
      authenticator_(&authenticator),
      directory_(&directory),
      urls_(&urls),
      admin_(&admin),
      hosts_(&hosts),
      random_(&random),
      pool_(&pool),
      reception_(reception),
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
  if (authenticator_->mode() == identity::AuthMode::Open) {
    if (const auto checked = CheckSender(request); !checked) co_return Refuse(ctx, request, checked.error());
  }
  if (request.target.starts_with(kAdminPath)) co_return co_await admin_->Handle(ctx, request);
  co_return co_await HandleApi(ctx, request);
}

Result<> Edge::CheckSender(const http::Request& request) {
  const std::string_view host = request.headers.Get("Host");
  if (!hosts_->Allow(host, [this](std::string_view name) { return choice_.IsServiceHost(name); })) {
    return Fail(Error::Service(
        "AccessDeniedException",
        fmt::format("The daemon runs with --auth open and does not answer to the host '{}': if it should, start it with --allowed-host NAME, or with --auth strict",
                    host.substr(0, kShownHostBytesMax))));
  }
  return RefuseWebPages(request);
}

http::Response Edge::Refuse(Context& ctx, const http::Request& request, const Error& error) {
  if (!request.target.starts_with(kAdminPath)) return EndpointOf(request).Refuse(ctx, error, request);
  return http::Response::Json(403, fmt::format("{{\"message\":{}}}\n", json::Quote(error.message)));
}

http::Response Edge::RefuseHead(const http::Request& skimmed) {
  if (urls_->Owns(skimmed)) return UrlHeadTooLarge();
  Context ctx(*loop_);
  ctx.request_id = random_->Uuid();
  const http::ServerLimits limits = ApiServerLimits();
  const Error error = Error::Service("RequestEntityTooLargeException", fmt::format("Request line and header must be smaller than {} bytes and have no more than {} fields",
                                                                                   limits.head_bytes_max, limits.header_count_max));
  http::Response response = Refuse(ctx, skimmed, error);
  if (skimmed.target.starts_with(kAdminPath)) response.status = 413;
  return response;
}

Task<http::Response> Edge::HandleApi(Context& ctx, http::Request& request) {
  NormalisePath(request);
  const Door door{.mode = authenticator_->mode(), .large = &large_requests_};
  Preparation prepared;
  Result<> admitted;
  if (request.body_reader) admitted = co_await Prepare(ctx, request, door, prepared);
  if (admitted) admitted = Admit(ctx, request, door, prepared);
  wire::Endpoint& endpoint = EndpointOf(request);
  if (!admitted) co_return endpoint.Refuse(ctx, admitted.error(), request);
  const identity::Calls::Place place = Receive(ctx, request, {});
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
  identity::SignatureRules rules{.body_sha256_hex = prepared.sha256_hex};
  if (door.mode == identity::AuthMode::Strict) {
    const wire::Endpoint& endpoint = EndpointOf(request);
    rules.signing_names = endpoint.service().signing;
    rules.anonymous = endpoint.service().anonymous;
    if (endpoint.Streams(request)) rules.unsigned_bodies = identity::UnsignedBodies::Taken;
  }
  const bool counts = door.mode == identity::AuthMode::Strict && door.session.empty();
  if (counts && failed_signatures_.IsBarred(AddressOf(request.peer), loop_->Now())) return Fail(Error::Service("ThrottlingException", "Rate exceeded"));
  auto principal = door.session.empty() ? authenticator_->Authenticate(request, rules) : authenticator_->AuthenticateSession(request, door.session, rules);
  if (!principal && counts) failed_signatures_.Note(AddressOf(request.peer), principal.error(), loop_->Now());
  if (!principal) return Fail(std::move(principal).error());
  ctx.principal = std::move(*principal);
  return authenticator_->OpenBody(request, door.mode, rules.unsigned_bodies);
}

identity::Calls::Place Edge::Receive(const Context& ctx, const http::Request& request, std::string_view function_name) {
  identity::Call call;
  call.source_address = AddressOf(request.peer);
  call.user_agent = request.headers.Get("User-Agent");
  call.referer = request.headers.Get("Referer");
  call.is_secure = function_name.empty() && reception_.transport == Reception::Transport::Tls;
  call.function_name = function_name;
  return reception_.calls->Begin(ctx.principal, std::move(call));
}

// A signature covers the body, and most clients do not send its hash.
Task<std::string> Edge::HashBody(Context& ctx, http::Request& request) {
  auto body = std::make_shared<std::string>(std::move(request.body));
  std::string sha256_hex = co_await pool_->Run(*ctx.loop, [body] { return Sha256Hex(*body); });
  request.body = std::move(*body);
  co_return sha256_hex;
}

Task<http::Response> Edge::HandleFromFunction(Context& ctx, http::Request& request, runtime::EndpointCaller caller) {
  ctx.request_id = random_->Uuid();
  if (const std::string* trace = request.headers.Find("X-Amzn-Trace-Id")) ctx.trace_header = *trace;
  NormalisePath(request);
  const Door door{.mode = identity::AuthMode::Strict, .session = caller.access_key_id, .large = &large_function_requests_};
  Preparation prepared;
  Result<> admitted;
  if (request.body_reader) admitted = co_await Prepare(ctx, request, door, prepared);
  if (admitted && !caller.vpc_member.empty() && reach_) admitted = reach_(caller, EndpointOf(request).service().name);
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
  const identity::Calls::Place place = Receive(call->ctx, call->request, FunctionOfSession(call->ctx.principal.arn));
  http::Response response = co_await EndpointOf(call->request).Handle(call->ctx, call->request);
  TellTrace(call->ctx, response);
  call->answer.Set(std::move(response));
}

}  // namespace mayfly::edge
