#include "wire/endpoint.h"

#include <fmt/format.h>

#include <utility>

#include "wire/error_response.h"

namespace mayfly::wire {
namespace {

// What the client is told when its body could not be read.
Error BodyError(const Error& error, const Operation* operation) {
  if (error.code == "BodyTooLarge") {
    return Error::Service("RequestEntityTooLargeException",
                          fmt::format("Request must be smaller than {} bytes for the {} operation", kRequestBytesMax,
                                      operation ? operation->name : "requested"));
  }
  if (error.code == "MalformedBody") return Error::Service("SerializationException", "The request body is malformed");
  if (error.code == "BodyTimeout") return Error::Service("RequestTimeoutException", "The request body did not arrive in time");
  return error;
}

}  // namespace

Endpoint::Endpoint(const Service& service, ServiceHandler* handler, Authorizer authorizer, AnswerObserver observer, BlockingPool* pool)
    : service_(service),
      handler_(handler),
      authorizer_(std::move(authorizer)),
      observer_(std::move(observer)),
      pool_(pool),
      protocols_(MakeProtocols(service)) {
  MF_ASSERT(!protocols_.empty());
}

const Protocol& Endpoint::ProtocolOf(const http::Request& request) const {
  for (const auto& protocol : protocols_) {
    if (protocol->Recognizes(request)) return *protocol;
  }
  return *protocols_.front();
}

Task<Result<Message>> Endpoint::Decode(Context& ctx, const Protocol& protocol, RouteMatch match, http::Request& request) {
  if (!pool_ || request.body.size() <= kDecodeInlineBytesMax) co_return protocol.Decode(match, request);
  // The work may outlive this task, so it owns what it reads.
  struct Work {
    RouteMatch match;
    http::Request request;
  };
  auto work = std::make_shared<Work>(Work{std::move(match), std::move(request)});
  co_return co_await pool_->Run(*ctx.loop, [protocol = &protocol, work] { return protocol->Decode(work->match, work->request); });
}

Task<Result<http::Response>> Endpoint::Run(Context& ctx, const Protocol& protocol, http::Request& request, const Operation*& operation) {
  if (protocol.routes_by_body()) {
    if (auto read = co_await request.ReadAll(ctx, kRequestBytesMax); !read) co_return Fail(BodyError(read.error(), nullptr));
  }
  MF_CO_TRY(RouteMatch match, protocol.Route(request));
  operation = match.operation;
  if (!operation->call) co_return Fail(NotImplemented(*operation));
  if (auto read = co_await request.ReadAll(ctx, kRequestBytesMax); !read) co_return Fail(BodyError(read.error(), operation));
  MF_CO_TRY(Message input, co_await Decode(ctx, protocol, std::move(match), request));
  if (authorizer_) MF_CO_TRY_VOID(co_await authorizer_(ctx, *operation, input));
  Message output(operation->output);
  MF_CO_TRY_VOID(co_await operation->call(*handler_, ctx, input.get(), output.get()));
  co_return protocol.Encode(*operation, output);
}

Task<http::Response> Endpoint::Handle(Context& ctx, http::Request& request) {
  const Operation* operation = nullptr;
  const Protocol& protocol = ProtocolOf(request);
  auto result = co_await Run(ctx, protocol, request, operation);
  http::Response response = result ? std::move(*result) : protocol.EncodeError(result.error());
  protocol.Finish(response, ctx.request_id);
  if (observer_) observer_(ctx, operation, response.status, result ? nullptr : &result.error());
  co_return response;
}

http::Response Endpoint::Refuse(Context& ctx, const Error& error, const Protocol& protocol) const {
  http::Response response = protocol.EncodeError(error);
  protocol.Finish(response, ctx.request_id);
  if (observer_) observer_(ctx, nullptr, response.status, &error);
  return response;
}

}  // namespace mayfly::wire
