#include "runtime/runtime_api.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/json.h"
#include "base/text.h"
#include "runtime/api_messages.h"
#include "runtime/response_pipe.h"

namespace mayfly::runtime {
namespace {

constexpr std::string_view kRuntimePrefix = "/2018-06-01/runtime/";

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kOctetStream = "application/octet-stream";
constexpr size_t kCopiedPayloadBytesMax = 16 * 1024;
constexpr size_t kContentTypeBytesMax = 4096;  // it becomes a header of the caller's answer

http::Response TooLarge(int64_t bytes_max) {
  return ErrorResponse(413, "RequestEntityTooLarge", fmt::format("Exceeded maximum allowed payload size ({} bytes).", bytes_max));
}

// "(Runtime|Function).[A-Z][a-zA-Z]+" counts; everything else is unknown.
std::string NormaliseErrorType(std::string_view type, std::string_view fallback) {
  for (const std::string_view family : {"Runtime.", "Function."}) {
    if (!type.starts_with(family) || type.size() < family.size() + 2) continue;
    const std::string_view name = type.substr(family.size());
    bool letters = IsUpperCase(name[0]);
    for (const char c : name) letters = letters && (IsUpperCase(c) || IsLowerCase(c));
    if (letters) return std::string(type);
  }
  return std::string(fallback);
}

// What a runtime says behind a chunked body about a failure that came when the answer had begun. False: nothing.
bool TakeErrorTrailers(const http::Request& request, RuntimeAnswer& answer) {
  const http::Headers* trailers = request.body_reader ? &request.body_reader->trailers() : nullptr;
  if (!trailers || !trailers->Find("Lambda-Runtime-Function-Error-Type")) return false;
  const std::string_view type = trailers->Get("Lambda-Runtime-Function-Error-Type");
  answer.kind = RuntimeAnswer::Kind::Error;
  answer.error_type = NormaliseErrorType(type, "Function.Unknown");
  answer.payload = Base64Decode(trailers->Get("Lambda-Runtime-Function-Error-Body")).value_or("");
  if (answer.payload.empty()) answer.payload = fmt::format(R"({{"errorType":{}}})", json::Quote(type));
  return true;
}

}  // namespace

void RuntimeApi::Restart() {
  strand_.Check();
  ++generation_;
  state_ = State::Started;
  in_hand_ = false;
  delivered_ = false;
  ForgetPayload();
  invocation_.stream.reset();
  work_.Pulse();  // a GET /next of the old process ends
}

void RuntimeApi::Offer(Invocation invocation, WallTime deadline) {
  strand_.Check();
  MF_ASSERT(!in_hand_);
  invocation_ = std::move(invocation);
  request_id_ = invocation_.request_id;
  invocation_id_ = fmt::format("{}-{}", request_id_, ++invocation_count_);
  deadline_ = deadline;
  in_hand_ = true;
  delivered_ = false;
  work_.Pulse();
}

std::optional<Invocation> RuntimeApi::TakeBack() {
  strand_.Check();
  const bool is_unread = delivered_ && state_ == State::Running && delivery_ == Delivery::Lost;
  if (!in_hand_ || (delivered_ && !is_unread)) return std::nullopt;
  in_hand_ = false;
  if (large_payload_) invocation_.payload = *large_payload_;
  large_payload_.reset();
  return std::move(invocation_);
}

Task<> RuntimeApi::AwaitFateOfDelivery(TimePoint until) {
  while (in_hand_ && delivered_ && delivery_ == Delivery::Open && !delivered_to_.empty() && co_await delivery_known_.WaitUntil(until)) {
  }
}

void RuntimeApi::OnConnectionEnd(std::string_view peer, bool torn) {
  strand_.Check();
  if (!in_hand_ || !delivered_ || peer != delivered_to_) return;
  delivery_ = torn ? Delivery::Lost : Delivery::Read;
  delivery_known_.Pulse();
}

// The runtime has taken it: it will not be sent again.
void RuntimeApi::ForgetPayload() {
  if (invocation_.payload.capacity() > kCopiedPayloadBytesMax) invocation_.payload = {};
  large_payload_.reset();
}

Task<http::Response> RuntimeApi::Handle(Context& ctx, http::Request& request) {
  strand_.Check();
  const std::string path(request.path());
  const std::string_view method = request.method;
  if (path == "/ping" || path == "/2018-06-01/ping") co_return http::Response::Text(200, "pong");
  if (!path.starts_with(kRuntimePrefix)) co_return ErrorResponse(404, "InvalidRequest", "404 page not found");
  const std::string_view rest = std::string_view(path).substr(kRuntimePrefix.size());
  if (rest == "invocation/next") {
    if (method == "GET") co_return co_await Next(ctx, request);
    co_return ErrorResponse(405, "InvalidRequest", "use GET");
  }
  if (rest == "init/error" && method == "POST") co_return co_await ReportInitError(ctx, request);
  if (rest == "restore/next" && method == "GET") {
    // Without a snapshot there is nothing to wait for: the runtime goes on as after a restore (once, right after boot).
    if (state_ != State::Started) co_return Refuse(State::RestoreReady);
    state_ = State::RestoreReady;
    co_return http::Response::Json(200, "");
  }
  if (rest == "restore/error" && method == "POST") {
    if (state_ != State::RestoreReady) co_return Refuse(State::InitError);
    co_return co_await ReportInitError(ctx, request);
  }
  if (rest.starts_with("invocation/")) {
    const std::string_view tail = rest.substr(11);
    const size_t slash = tail.find('/');
    if (slash != std::string_view::npos && method == "POST") {
      const std::string_view verb = tail.substr(slash + 1);
      if (verb == "response") co_return co_await Respond(ctx, request, tail.substr(0, slash));
      if (verb == "error") co_return co_await ReportError(ctx, request, tail.substr(0, slash));
    }
  }
  co_return ErrorResponse(404, "InvalidRequest", "404 page not found");
}

Task<http::Response> RuntimeApi::Next(Context& ctx, const http::Request& request) {
  const bool allowed = state_ == State::Started || state_ == State::RestoreReady || state_ == State::ResponseSent ||
                       state_ == State::Ready || (state_ == State::Running && !in_hand_);
  if (!allowed) co_return Refuse(State::Ready);
  const uint64_t generation = generation_;
  state_ = State::Ready;
  if (!in_hand_) events_->OnReady();
  while (!(in_hand_ && !delivered_)) {
    auto waited = co_await work_.Wait(ctx);
    if (!waited || generation != generation_) co_return ErrorResponse(410, "Runtime.Gone", "the execution environment has moved on");
  }
  state_ = State::Running;
  delivered_ = true;
  delivery_ = Delivery::Open;
  delivered_to_ = request.peer;
  co_return NextResponse();
}

http::Response RuntimeApi::NextResponse() {
  MF_ASSERT(in_hand_ && delivered_ && state_ == State::Running);
  http::Response response = http::Response::Json(200, "");
  if (invocation_.payload.size() <= kCopiedPayloadBytesMax) {
    response.body = invocation_.payload;
  } else {
    // Kept, too, but not twice.
    large_payload_ = std::make_shared<const std::string>(std::move(invocation_.payload));
    response.headers.Add("Content-Length", std::to_string(large_payload_->size()));
    response.stream = [payload = large_payload_](Context& ctx, http::BodyWriter& writer) { return writer.Write(ctx, *payload); };
  }
  auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) response.headers.Add(name, value);
  };
  add("Lambda-Runtime-Aws-Request-Id", request_id_);
  add("Lambda-Runtime-Deadline-Ms", std::to_string(ToEpochMillis(deadline_)));
  add("Lambda-Runtime-Invoked-Function-Arn", invocation_.invoked_function_arn);
  add("Lambda-Runtime-Trace-Id", invocation_.trace_id);
  add("Lambda-Runtime-Client-Context", invocation_.client_context);
  add("Lambda-Runtime-Cognito-Identity", invocation_.cognito_identity);
  add("Lambda-Runtime-Aws-Tenant-Id", invocation_.tenant_id);
  add("Lambda-Runtime-Invocation-Id", invocation_id_);
  return response;
}

http::Response RuntimeApi::Refuse(State wanted) const {
  static constexpr std::string_view kNames[] = {"Started", "InitError", "Ready", "Running", "InvocationResponse",
                                                "InvocationErrorResponse", "ResponseSent", "RestoreReady"};
  return ErrorResponse(403, "InvalidStateTransition",
                       fmt::format("State transition from {} to {} failed for runtime. Error: State transition is not allowed",
                                   kNames[static_cast<int>(state_)], kNames[static_cast<int>(wanted)]));
}

std::optional<http::Response> RuntimeApi::CheckInvocation(const http::Request& request, std::string_view request_id, State wanted) {
  if (state_ != State::Running) return Refuse(wanted);
  if (!in_hand_ || request_id != request_id_) return ErrorResponse(400, "InvalidRequestID", "Invalid request ID");
  const std::string* invocation_id = request.headers.Find("Lambda-Runtime-Invocation-Id");
  if (invocation_id && *invocation_id != invocation_id_) return ErrorResponse(400, "InvalidInvocationId", "Invalid invocation ID");
  return std::nullopt;
}

Task<http::Response> RuntimeApi::Respond(Context& ctx, http::Request& request, std::string_view request_id) {
  if (auto refused = CheckInvocation(request, request_id, State::InvocationResponse)) co_return std::move(*refused);
  const std::string_view mode = request.headers.Get("Lambda-Runtime-Function-Response-Mode");
  if (!mode.empty() && !EqualIgnoringCase(mode, "streaming") && !EqualIgnoringCase(mode, "buffered")) {
    co_return ErrorResponse(400, "InvalidFunctionResponseMode", "Invalid function response mode");
  }
  const bool streams = EqualIgnoringCase(mode, "streaming");
  if (streams && invocation_.stream) co_return co_await Stream(ctx, request);
  const uint64_t generation = generation_;
  state_ = State::InvocationResponse;
  ForgetPayload();
  const BodyEnd end = co_await ReadBody(ctx, request, kResponseBytesMax);
  if (generation != generation_ || !in_hand_) co_return ErrorResponse(400, "InvalidRequestID", "Invalid request ID");
  state_ = State::ResponseSent;
  in_hand_ = false;
  RuntimeAnswer answer;
  answer.streaming_mode = streams;
  answer.content_type = request.headers.Get("Content-Type", streams ? kOctetStream : kJson);
  if (end == BodyEnd::TooLarge) {
    answer.kind = RuntimeAnswer::Kind::ResponseTooLarge;
    answer.bytes_max = kResponseBytesMax;
    events_->OnAnswer(std::move(answer));
    co_return TooLarge(kResponseBytesMax);
  }
  if (end == BodyEnd::Truncated) {
    answer.kind = RuntimeAnswer::Kind::TruncatedResponse;
    events_->OnAnswer(std::move(answer));
    co_return ErrorResponse(400, "TruncatedHTTPRequest", "HTTP request detected as truncated");
  }
  if (!TakeErrorTrailers(request, answer)) answer.payload = std::move(request.body);
  events_->OnAnswer(std::move(answer));
  co_return Accepted();
}

// The invocation's caller takes the answer as it comes.
Task<http::Response> RuntimeApi::Stream(Context& ctx, http::Request& request) {
  const uint64_t generation = generation_;
  const std::shared_ptr<ResponsePipe> pipe = std::move(invocation_.stream);
  MF_ASSERT(pipe && in_hand_ && state_ == State::Running);
  state_ = State::InvocationResponse;
  ForgetPayload();
  RuntimeAnswer answer;
  answer.streaming_mode = true;
  answer.began = ctx.loop->Now();
  answer.streamed_bytes = 0;
  answer.bytes_max = stream_limits_.bytes_max;
  answer.content_type = request.headers.Get("Content-Type", kOctetStream);
  if (answer.content_type.size() > kContentTypeBytesMax) answer.content_type = kOctetStream;
  pipe->Open(answer.content_type);
  const StreamEnd end = co_await Forward(ctx, request, *pipe, answer.streamed_bytes, generation);
  if (end == StreamEnd::Outdated) co_return ErrorResponse(400, "InvalidRequestID", "Invalid request ID");
  in_hand_ = false;
  if (end == StreamEnd::TooLarge) {
    answer.kind = RuntimeAnswer::Kind::ResponseTooLarge;
    events_->OnAnswer(std::move(answer));
    co_await DiscardRest(ctx, request, generation);
    if (generation == generation_) state_ = State::ResponseSent;
    co_return TooLarge(stream_limits_.bytes_max);
  }
  state_ = State::ResponseSent;
  if (end == StreamEnd::Truncated) {
    answer.kind = RuntimeAnswer::Kind::TruncatedResponse;
    events_->OnAnswer(std::move(answer));
    co_return ErrorResponse(400, "TruncatedHTTPRequest", "HTTP request detected as truncated");
  }
  TakeErrorTrailers(request, answer);
  events_->OnAnswer(std::move(answer));
  co_return Accepted();
}

// Passes the body on, as fast as its limits and the pipe's reader let it. Outdated: the process has been replaced meanwhile.
Task<RuntimeApi::StreamEnd> RuntimeApi::Forward(Context& ctx, http::Request& request, ResponsePipe& pipe, int64_t& bytes, uint64_t generation) {
  StreamPace pace(stream_limits_, ctx.loop->Now());
  std::string piece = std::move(request.body);  // a small body has come whole
  for (;;) {
    const auto left = static_cast<size_t>(stream_limits_.bytes_max - bytes);
    MF_ASSERT(bytes <= stream_limits_.bytes_max);
    const bool is_too_large = piece.size() > left;
    if (is_too_large) piece.resize(left);
    const auto count = static_cast<int64_t>(piece.size());
    bytes += count;
    co_await pipe.Write(std::move(piece));
    if (generation != generation_) co_return StreamEnd::Outdated;
    if (is_too_large) co_return StreamEnd::TooLarge;
    if (!request.body_reader) co_return StreamEnd::Whole;
    if (const Duration wait = pace.Take(count, ctx.loop->Now()); wait > Duration()) {
      (void)co_await Sleep(ctx, wait);  // a runtime that has gone is seen by the next read
    }
    auto read = co_await request.body_reader->Read(ctx);
    if (generation != generation_) co_return StreamEnd::Outdated;
    if (!read) co_return StreamEnd::Truncated;
    if (read->empty()) co_return StreamEnd::Whole;
    piece = std::move(*read);
  }
}

// So that a runtime which sends more than it may hears the answer to it.
Task<> RuntimeApi::DiscardRest(Context& ctx, http::Request& request, uint64_t generation) {
  size_t discarded = 0;
  while (request.body_reader && generation == generation_ && discarded <= kDiscardBytesMax) {
    auto piece = co_await request.body_reader->Read(ctx);
    if (!piece || piece->empty()) co_return;
    discarded += piece->size();
  }
}

Task<http::Response> RuntimeApi::ReportError(Context& ctx, http::Request& request, std::string_view request_id) {
  if (auto refused = CheckInvocation(request, request_id, State::InvocationErrorResponse)) co_return std::move(*refused);
  const uint64_t generation = generation_;
  state_ = State::InvocationErrorResponse;
  ForgetPayload();
  const BodyEnd end = co_await ReadBody(ctx, request, kResponseBytesMax);
  if (generation != generation_ || !in_hand_) co_return ErrorResponse(400, "InvalidRequestID", "Invalid request ID");
  state_ = State::ResponseSent;
  in_hand_ = false;
  RuntimeAnswer answer;
  answer.kind = end == BodyEnd::TooLarge ? RuntimeAnswer::Kind::ResponseTooLarge : RuntimeAnswer::Kind::Error;
  answer.bytes_max = kResponseBytesMax;
  answer.content_type = request.headers.Get("Content-Type", "application/json");
  answer.error_type = NormaliseErrorType(request.headers.Get("Lambda-Runtime-Function-Error-Type"), "Function.Unknown");
  answer.payload = std::move(request.body);
  events_->OnAnswer(std::move(answer));
  if (end == BodyEnd::TooLarge) co_return TooLarge(kResponseBytesMax);
  co_return Accepted();
}

Task<http::Response> RuntimeApi::ReportInitError(Context& ctx, http::Request& request) {
  if (state_ != State::Started && state_ != State::RestoreReady) co_return Refuse(State::InitError);
  const uint64_t generation = generation_;
  state_ = State::InitError;
  const BodyEnd end = co_await ReadBody(ctx, request, kErrorBytesMax);
  if (generation != generation_) co_return ErrorResponse(403, "InvalidStateTransition", "the runtime has been restarted");
  events_->OnInitError(NormaliseErrorType(request.headers.Get("Lambda-Runtime-Function-Error-Type"), "Runtime.Unknown"),
                       end == BodyEnd::Whole ? std::move(request.body) : std::string());
  co_return Accepted();
}

}  // namespace mayfly::runtime
