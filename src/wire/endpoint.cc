#include "wire/endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "wire/error_response.h"
#include "wire/validation.h"

namespace mayfly::wire {
namespace {

// A request to no operation in particular may be as large as this.
constexpr uint64_t kUnknownRequestBytesMax = 8 * 1024 * 1024;

// `operation`: null while only the body could tell.
Error TooLarge(uint64_t bytes_max, const Operation* operation) {
  return Error::Service("RequestEntityTooLargeException",
                        fmt::format("Request must be smaller than {} bytes for the {} operation", bytes_max, operation ? operation->limit_name : "requested"));
}

// What the client is told when its body could not be read.
Error BodyError(Error error, uint64_t bytes_max, const Operation* operation) {
  if (error.code == "BodyTooLarge") return TooLarge(bytes_max, operation);
  if (error.code == "MalformedBody") return Error::Service("SerializationException", "The request body is malformed");
  if (error.code == "BodyTimeout") return Error::Service("RequestTimeoutException", "The request body did not arrive in time");
  return error;
}

// A request's body on its way to a handler that reads it: at most as long as the operation allows.
class StreamedBody final : public http::BodyReader {
 public:
  StreamedBody(std::unique_ptr<http::BodyReader> body, const Operation& operation)
      : body_(std::move(body)), operation_(&operation), left_(operation.request_bytes_max) {}

  Task<Result<std::string>> Read(Context& ctx) override {
    auto piece = co_await body_->Read(ctx);
    if (!piece) co_return Fail(BodyError(std::move(piece).error(), operation_->request_bytes_max, operation_));
    if (piece->size() > left_) co_return Fail(TooLarge(operation_->request_bytes_max, operation_));
    left_ -= piece->size();
    co_return piece;
  }
  const http::Headers& trailers() const override { return body_->trailers(); }

 private:
  std::unique_ptr<http::BodyReader> body_;
  const Operation* operation_;
  uint64_t left_;
};

uint64_t LargestRequestOf(const Service& service) {
  uint64_t largest = service.operations.empty() ? kUnknownRequestBytesMax : 0;
  for (const Operation& operation : service.operations) largest = std::max(largest, operation.request_bytes_max);
  return largest;
}

}  // namespace

Endpoint::Endpoint(const Service& service, ServiceHandler* handler, Authorizer authorizer, CallWatch watch, BlockingPool* pool)
    : service_(service),
      handler_(handler),
      authorizer_(std::move(authorizer)),
      watch_(std::move(watch)),
      pool_(pool),
      protocols_(MakeProtocols(service)),
      request_bytes_max_(LargestRequestOf(service)) {
  MF_ASSERT(!protocols_.empty());
}

const Protocol& Endpoint::ProtocolOf(const http::Request& request) const {
  for (const auto& protocol : protocols_) {
    if (protocol->Recognizes(request)) return *protocol;
  }
  return *protocols_.front();
}

const Operation* Endpoint::OperationOf(const http::Request& request) const {
  const Protocol& protocol = ProtocolOf(request);
  if (protocol.routes_by_body() && request.body_reader) return nullptr;
  const auto match = protocol.Route(request);
  return match ? match->operation : nullptr;
}

bool Endpoint::Streams(const http::Request& request) const {
  const Operation* operation = OperationOf(request);
  return operation && operation->StreamsRequest();
}

Task<Result<>> Endpoint::ReadBody(Context& ctx, http::Request& request) const { co_return co_await Gather(ctx, request, OperationOf(request)); }

Task<Result<>> Endpoint::Gather(Context& ctx, http::Request& request, const Operation* operation) const {
  const uint64_t bytes_max = operation ? operation->request_bytes_max : request_bytes_max_;
  if (auto read = co_await request.ReadAll(ctx, bytes_max); !read) co_return Fail(BodyError(std::move(read).error(), bytes_max, operation));
  co_return Result<>();
}

// Of a body that has not come whole with its head.
Task<Result<>> Endpoint::TakeBody(Context& ctx, http::Request& request, const Operation& operation) const {
  if (!operation.StreamsRequest()) co_return co_await Gather(ctx, request, &operation);
  const int64_t announced = request.content_length();
  if (announced > 0 && static_cast<uint64_t>(announced) > operation.request_bytes_max) co_return Fail(TooLarge(operation.request_bytes_max, &operation));
  request.body_reader = std::make_unique<StreamedBody>(std::move(request.body_reader), operation);
  co_return Result<>();
}

Task<Result<Message>> Endpoint::ReadOnPool(Context& ctx, const Protocol& protocol, RouteMatch match, http::Request& request, Violations& violations) {
  // The work may outlive this task, so it owns what it reads.
  struct Work {
    RouteMatch match;
    http::Request request;
    Violations violations;
  };
  auto work = std::make_shared<Work>(Work{std::move(match), std::move(request), {}});
  MF_CO_TRY(Message message, co_await pool_->Run(*ctx.loop, [protocol = &protocol, work] { return protocol->Read(work->match, work->request, work->violations); }));
  violations = std::move(work->violations);
  co_return message;
}

Task<Result<Message>> Endpoint::Perform(Context& ctx, const Operation& operation, Message input) {
  std::shared_ptr<void> place;
  if (watch_.begun) place = watch_.begun(ctx, operation, input);
  if (authorizer_) MF_CO_TRY_VOID(co_await authorizer_(ctx, operation, input));
  if (watch_.check) MF_CO_TRY_VOID(watch_.check(ctx, operation, input));
  MF_CO_TRY(void* answer, co_await operation.call(*handler_, ctx, input.get()));
  co_return Message(operation.output, answer);
}

Task<Result<http::Response>> Endpoint::Run(Context& ctx, const Protocol& protocol, http::Request& request, const Operation*& operation) {
  if (request.body_reader && protocol.routes_by_body()) MF_CO_TRY_VOID(co_await Gather(ctx, request, nullptr));
  MF_CO_TRY(RouteMatch match, protocol.Route(request));
  operation = match.operation;
  if (!operation->call) co_return Fail(NotImplemented(*operation));
  if (request.body_reader) MF_CO_TRY_VOID(co_await TakeBody(ctx, request, *operation));
  if (request.body.size() > operation->request_bytes_max) co_return Fail(TooLarge(operation->request_bytes_max, operation));
  Message input;
  Violations violations;
  if (pool_ && request.body.size() > kDecodeInlineBytesMax) {
    MF_CO_TRY(input, co_await ReadOnPool(ctx, protocol, std::move(match), request, violations));
  } else {
    MF_CO_TRY(input, protocol.Read(match, request, violations));
  }
  if (rules_) rules_(*operation, input, violations);
  if (!violations.empty()) co_return Fail(protocol.ErrorOf(violations));
  MF_CO_TRY(Message output, co_await Perform(ctx, *operation, std::move(input)));
  co_return protocol.Encode(*operation, output);
}

Task<Result<Message>> Endpoint::Call(Context& ctx, const Operation& operation, Message input) {
  MF_ASSERT(operation.call && input.structure() == operation.input);
  Result<Message> output;
  Violations violations;
  if (rules_) rules_(operation, input, violations);
  if (auto valid = Validate(*operation.input, input.get()); !valid) {
    output = Fail(std::move(valid).error());
  } else if (!violations.empty()) {
    output = Fail(violations.ToError());
  } else {
    output = co_await Perform(ctx, operation, std::move(input));
  }
  const Error* error = output ? nullptr : &output.error();
  if (watch_.answered) watch_.answered(ctx, &operation, error ? DescribeError(service_, *error).status : operation.status, error);
  if (error && error->kind == Error::Kind::Fault) co_return Fail(ForCaller(service_, *error));
  co_return output;
}

Task<http::Response> Endpoint::Handle(Context& ctx, http::Request& request) {
  const Operation* operation = nullptr;
  const Protocol& protocol = ProtocolOf(request);
  const std::unique_ptr<Visit> visit = reception_ ? reception_(ctx, request) : nullptr;
  Result<http::Response> result;
  if (auto answer = visit ? visit->Answer() : std::nullopt) result = std::move(*answer);
  else result = co_await Run(ctx, protocol, request, operation);
  http::Response response = result ? std::move(*result) : protocol.EncodeError(result.error());
  protocol.Finish(response, ctx.request_id);
  if (visit) visit->Finish(response);
  if (watch_.answered) watch_.answered(ctx, operation, response.status, result ? nullptr : &result.error());
  co_return response;
}

http::Response Endpoint::Refuse(Context& ctx, const Error& error, const Protocol& protocol) const {
  http::Response response = protocol.EncodeError(error);
  protocol.Finish(response, ctx.request_id);
  if (watch_.answered) watch_.answered(ctx, nullptr, response.status, &error);
  return response;
}

}  // namespace mayfly::wire
