#include "edge/edge.h"

#include "base/hash.h"

namespace mayfly::edge {

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

Task<http::Response> Edge::HandleLarge(Context& ctx, http::Request& request) {
  while (large_requests_ >= kLargeRequestsMax) {
    if (auto waited = co_await large_request_ended_.Wait(ctx); !waited) co_return lambda_->Refuse(ctx, waited.error());
  }
  struct Counted {
    explicit Counted(Edge& edge) : edge(&edge) { ++edge.large_requests_; }
    ~Counted() {
      --edge->large_requests_;
      edge->large_request_ended_.Pulse();
    }
    Edge* edge;
  };
  const Counted counted(*this);
  if (authenticator_->mode() == identity::AuthMode::Strict) {
    // The signature covers the body, and most clients do not send its hash.
    if (auto read = co_await request.ReadAll(ctx, wire::kRequestBytesMax); !read) {
      Error error = std::move(read).error();
      if (error.code == "BodyTooLarge") error = Error::Service("RequestEntityTooLargeException", "The request is too large.");
      co_return lambda_->Refuse(ctx, error);
    }
    auto body = std::make_shared<std::string>(std::move(request.body));
    std::string sha256_hex = co_await pool_->Run(*ctx.loop, [body] { return Sha256Hex(*body); });
    request.body = std::move(*body);
    co_return co_await HandleApi(ctx, request, std::move(sha256_hex));
  }
  co_return co_await HandleApi(ctx, request);
}

Task<http::Response> Edge::HandleApi(Context& ctx, http::Request& request, std::string body_sha256_hex) {
  auto principal = authenticator_->Authenticate(request, body_sha256_hex);
  if (!principal) co_return lambda_->Refuse(ctx, principal.error());
  ctx.principal = std::move(*principal);
  http::Response response = co_await lambda_->Handle(ctx, request);
  // What was traced tells its caller so (the operation completes the header).
  if (!ctx.trace_header.empty()) response.headers.Add("X-Amzn-Trace-Id", ctx.trace_header);
  co_return response;
}

}  // namespace mayfly::edge
