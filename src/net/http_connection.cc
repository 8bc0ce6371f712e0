#include "net/http_connection.h"

#include "base/log.h"
#include "base/text.h"

namespace mayfly::http {
namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
// What of an unread body is read and thrown away to keep a connection.
constexpr uint64_t kDrainBytesMax = 256 * 1024;
// How long a refused client may go on sending before the socket is closed under it: closing at once would make the kernel
// reset the connection, and the client would lose the answer.
constexpr Duration kLinger = std::chrono::seconds(2);

enum class Protocol : unsigned char { NeedMore, Http1, Http2 };

// Decides by a connection's first bytes who handles it. A handler of HTTP/2 with prior knowledge would start here.
Protocol ChooseProtocol(std::string_view input) {
  const size_t common = std::min(input.size(), kHttp2Preface.size());
  if (input.substr(0, common) != kHttp2Preface.substr(0, common)) return Protocol::Http1;
  return common < kHttp2Preface.size() ? Protocol::NeedMore : Protocol::Http2;
}

// The body that a handler reads.
class RequestBody final : public BodyReader {
 public:
  RequestBody(std::shared_ptr<BodySource> source, Duration stall) : source_(std::move(source)), stall_(stall) {}

  Task<Result<std::string>> Read(Context& ctx) override {
    const std::shared_ptr<BodySource> source = source_;
    if (source->detached()) co_return Fail(Error::Cancelled());
    // A client that sends its body without waiting wants no invitation.
    if (source->TakeContinueOwed() && source->stream().input().empty()) {
      if (!co_await source->stream().Write(stall_, kContinue)) co_return Fail(Error::Cancelled());
    }
    co_return co_await source->ReadPiece();
  }
  const Headers& trailers() const override { return source_->trailers(); }

 private:
  std::shared_ptr<BodySource> source_;
  Duration stall_;
};

// Writes a streamed response's body in the framing that its head announced.
class ResponseWriter final : public BodyWriter {
 public:
  ResponseWriter(net::Stream& stream, Framing::Body framing, uint64_t length, Duration stall)
      : stream_(stream), framing_(framing), left_(length), stall_(stall) {}

  Task<Result<>> Write(Context& ctx, std::string_view bytes) override {
    if (bytes.empty()) co_return Result<>();
    if (framing_ == Framing::Body::Length && bytes.size() > left_) co_return Fail(Error::Fault("a response wrote more than its Content-Length"));
    left_ -= framing_ == Framing::Body::Length ? bytes.size() : 0;
    size_line_.clear();
    if (framing_ == Framing::Body::Chunked) AppendChunkSize(size_line_, bytes.size());
    const std::string_view end = framing_ == Framing::Body::Chunked ? "\r\n" : "";
    if (!co_await stream_.Write(stall_, size_line_, bytes, end)) co_return Fail(Error::Cancelled());
    co_return Result<>();
  }
  bool complete() const { return framing_ != Framing::Body::Length || left_ == 0; }

 private:
  net::Stream& stream_;
  Framing::Body framing_;
  uint64_t left_;
  Duration stall_;
  std::string size_line_;
};

bool IsServersBusiness(std::string_view name) {
  switch (name.size()) {
    case 4: return EqualIgnoringCase(name, "date");
    case 10: return EqualIgnoringCase(name, "connection") || EqualIgnoringCase(name, "keep-alive");
    case 14: return EqualIgnoringCase(name, "content-length");
    case 17: return EqualIgnoringCase(name, "transfer-encoding");
    default: return false;
  }
}

bool HasNoBody(int status) { return status == 204 || status == 304; }

// The Content-Length that a handler set; -1 when there is none that makes sense.
int64_t AnnouncedLength(const Response& response) {
  Request probe;
  if (const std::string* value = response.headers.Find("Content-Length")) probe.headers.Add("Content-Length", *value);
  return probe.content_length();
}

}  // namespace

const std::string& ServerCore::HttpDate() {
  const WallTime now = loop.WallNow();
  const int64_t second = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  if (second != date_second_) {
    date_second_ = second;
    date_ = FormatHttpDate(now);
  }
  return date_;
}

Connection::Connection(ServerCore& core, std::shared_ptr<net::Stream> stream, std::string peer, bool is_tls)
    : core_(core), stream_(std::move(stream)), peer_(std::move(peer)), first_request_is_timed_(is_tls) {
  position_ = core_.connections.insert(core_.connections.end(), this);
  stream_->set_observer(this);
}

Connection::~Connection() {
  stream_->set_observer(nullptr);
  if (core_.on_connection_end && (stream_->ended() || !stream_->failure().empty())) core_.on_connection_end(peer_, !stream_->failure().empty());
  stream_->Close();
  core_.connections.erase(position_);
  core_.changed.Pulse();
}

void Connection::OnEnd() {
  if (stop_) stop_->request_stop();
}

BodyLimits Connection::body_limits() const {
  return {core_.limits.body_bytes_max, core_.limits.head_bytes_max, core_.limits.header_count_max};
}

// ---- heads ----

Task<> Connection::Run(std::unique_ptr<Connection> connection) {
  Connection& self = *connection;
  net::Stream& stream = *self.stream_;
  const ServerLimits& limits = self.core_.limits;
  for (;;) {
    self.scanner_.Reset();
    self.empty_line_skipped_ = false;
    bool head_has_begun = std::exchange(self.first_request_is_timed_, false) || !stream.input().empty();
    TimePoint until = self.core_.loop.Now() + (head_has_begun ? limits.head_timeout : limits.idle_timeout);
    HeadState state = HeadState::More;
    while ((state = self.ExamineHead()) == HeadState::More) {
      if (!head_has_begun && !stream.input().empty()) {
        head_has_begun = true;
        until = self.core_.loop.Now() + limits.head_timeout;
      }
      if (self.core_.stopping) co_return;
      const net::Stream::Wake wake = co_await stream.MoreInput(until, limits.head_bytes_max + 1024);
      if (wake == net::Stream::Wake::Data) continue;
      if (wake == net::Stream::Wake::End || stream.input().empty()) co_return;
      state = self.RefuseHead(408, "the request's head did not arrive in time");
      break;
    }
    if (state == HeadState::Refused) {
      co_await self.Refuse(self.refusal_, stream.input().substr(0, limits.head_bytes_max));
      co_return;
    }
    if (!co_await self.ServeRequest(self.scanner_.bytes())) co_return;
    if (stream.input().empty()) stream.Trim();
  }
}

Connection::HeadState Connection::RefuseHead(int status, const char* reason) {
  refusal_ = {status, reason};
  return HeadState::Refused;
}

Connection::HeadState Connection::ExamineHead() {
  if (!empty_line_skipped_ && stream_->input().starts_with("\r\n")) {  // some clients end a body with an empty line
    stream_->Consume(2);
    scanner_.Reset();
    empty_line_skipped_ = true;
  }
  const std::string_view input = stream_->input();
  if (input.empty()) return HeadState::More;
  if (!protocol_known_) {
    switch (ChooseProtocol(input)) {
      case Protocol::NeedMore: return HeadState::More;
      case Protocol::Http2: return RefuseHead(505, "HTTP/2 is not spoken here");
      case Protocol::Http1: protocol_known_ = true;
    }
  }
  if (input.front() != '\r' && !IsToken(input.substr(0, 1))) return RefuseHead(400, "this is no HTTP request");
  switch (scanner_.Scan(input)) {
    case HeadScanner::State::Malformed: return RefuseHead(400, "a line of the head does not end with CR LF");
    case HeadScanner::State::Incomplete:
      return input.size() < core_.limits.head_bytes_max ? HeadState::More : RefuseHead(431, "the request's head is too large");
    case HeadScanner::State::Complete: break;
  }
  return scanner_.bytes() <= core_.limits.head_bytes_max ? HeadState::Complete : RefuseHead(431, "the request's head is too large");
}

// ---- requests ----

Task<bool> Connection::ServeRequest(size_t head_bytes) {
  Request request;
  const auto parsed = ParseRequestHead(stream_->input().substr(0, head_bytes), core_.limits.header_count_max, request);
  if (!parsed) {
    co_await Refuse(parsed.error(), stream_->input().substr(0, head_bytes));
    co_return false;
  }
  stream_->Consume(head_bytes);
  const Framing framing = *parsed;
  if (framing.body == Framing::Body::Length && framing.length > core_.limits.body_bytes_max) {
    co_await Refuse({413, "the body is too large"});
    co_return false;
  }
  busy_ = true;
  std::shared_ptr<BodySource> source;
  if (framing.body != Framing::Body::None && !TakeSmallBody(framing, request)) {
    source = std::make_shared<BodySource>(stream_, framing, body_limits(), core_.limits.body_timeout);
    if (framing.body == Framing::Body::Length && framing.length <= core_.limits.gathered_body_bytes_max) {
      if (!co_await GatherBody(request, *source, framing.expect_continue)) co_return false;
      source.reset();
    } else {
      if (framing.expect_continue) source->set_continue_owed();
      request.body_reader = std::make_unique<RequestBody>(source, core_.limits.body_timeout);
    }
  }
  request.peer = peer_;

  std::stop_source stop;
  Context ctx(core_.loop);
  ctx.stop = stop.get_token();
  stop_ = &stop;
  stream_->ReadAhead();
  if (stream_->ended()) stop.request_stop();
  Response response = co_await core_.handler(ctx, request);

  bool keep_alive = framing.keep_alive && !core_.stopping && !ListHasToken(response.headers.Get("Connection"), "close");
  const bool body_owed = source && !source->ended();
  // A client that still waits for its invitation may or may not send the body: the connection cannot be kept.
  if (body_owed && (source->continue_owed() || source->failed() || source->remaining() > kDrainBytesMax)) keep_alive = false;
  bool written = false;
  if (response.stream && !HasNoBody(response.status)) {
    written = co_await WriteStreamed(ctx, request, framing, response, keep_alive);
    keep_alive = keep_alive && (framing.minor_version == 1 || AnnouncedLength(response) >= 0);
  } else {
    const std::string_view body = PrepareResponse(request, framing, response, keep_alive);
    written = co_await stream_->Write(core_.limits.body_timeout, head_out_, body);
  }
  stop_ = nullptr;
  if (source) {
    if (written && keep_alive) keep_alive = co_await FinishBody(*source);
    source->Detach();
    if (written && !keep_alive && !source->ended()) co_await Linger();
  }
  busy_ = false;
  co_return written && keep_alive;
}

// The common case: the body came whole with its head.
bool Connection::TakeSmallBody(const Framing& framing, Request& request) {
  const std::string_view input = stream_->input();
  if (framing.body == Framing::Body::Length) {
    if (framing.length > core_.limits.gathered_body_bytes_max || framing.length > input.size()) return false;
    request.body.assign(input.substr(0, static_cast<size_t>(framing.length)));
    stream_->Consume(request.body.size());
    return true;
  }
  // Chunked: a trial run; trailers are only seen through a body_reader.
  BodyDecoder decoder(framing, body_limits());
  std::string body;
  size_t consumed = 0;
  for (;;) {
    const BodyDecoder::Step step = decoder.Next(input.substr(consumed));
    consumed += step.consumed;
    if (step.state == BodyDecoder::State::End) break;
    if (step.state != BodyDecoder::State::Piece || body.size() + step.piece.size() > core_.limits.gathered_body_bytes_max) return false;
    body.append(step.piece);
  }
  if (!decoder.trailers().fields().empty()) return false;
  request.body = std::move(body);
  stream_->Consume(consumed);
  return true;
}

Task<bool> Connection::GatherBody(Request& request, BodySource& source, bool expect_continue) {
  if (expect_continue && stream_->input().empty() && !co_await stream_->Write(core_.limits.body_timeout, kContinue)) co_return false;
  request.body.reserve(static_cast<size_t>(source.remaining()));
  while (!source.ended()) {
    auto piece = co_await source.ReadPiece();
    if (piece) {
      request.body += *piece;
      continue;
    }
    if (piece.error().code == "BodyTimeout") co_await Refuse({408, "the request's body did not arrive in time"});
    co_return false;
  }
  co_return true;
}

// What the handler left of the body; false when it is too much, broken or stalls.
Task<bool> Connection::FinishBody(BodySource& source) {
  uint64_t drained = 0;
  while (!source.ended() && drained <= kDrainBytesMax) {
    auto piece = co_await source.ReadPiece();
    if (!piece) co_return false;
    drained += piece->size();
  }
  co_return source.ended();
}

// ---- responses ----

// `body_framing`: the header line that delimits the body, or nothing.
void Connection::ComposeHead(const Response& response, std::string_view body_framing, const Framing& framing, bool keep_alive) {
  head_out_.clear();
  if (head_out_.capacity() > net::Stream::kBufferBytesKept) head_out_.shrink_to_fit();
  AppendStatusLine(head_out_, response.status);
  head_out_.append("Date: ").append(core_.HttpDate()).append("\r\n");
  for (const auto& [name, value] : response.headers.fields()) {
    if (IsServersBusiness(name)) continue;
    // Names and values may come from customers' code: what would break the framing is left out.
    if (!AppendField(head_out_, name, value)) log::Warning("response header left out: it holds characters that HTTP does not allow");
  }
  head_out_.append(body_framing);
  if (!keep_alive) head_out_.append("Connection: close\r\n");
  if (keep_alive && framing.minor_version == 0) head_out_.append("Connection: keep-alive\r\n");
  head_out_.append("\r\n");
}

// Composes the head; what it gives back is to be written behind it.
std::string_view Connection::PrepareResponse(const Request& request, const Framing& framing, Response& response, bool keep_alive) {
  if (response.status < 200 || response.status > 999) response = Response::Text(500, "the handler gave an impossible status\n");
  const bool is_head = request.method == "HEAD";
  std::string length;
  if (!HasNoBody(response.status)) {
    const int64_t announced = is_head && response.body.empty() ? AnnouncedLength(response) : -1;
    length = "Content-Length: ";
    AppendDecimal(length, announced >= 0 ? static_cast<uint64_t>(announced) : response.body.size());
    length += "\r\n";
  }
  ComposeHead(response, length, framing, keep_alive);
  return is_head || HasNoBody(response.status) ? std::string_view() : response.body;
}

Task<bool> Connection::WriteStreamed(Context& ctx, const Request& request, const Framing& framing, Response& response, bool keep_alive) {
  const int64_t announced = AnnouncedLength(response);
  Framing::Body body = framing.minor_version == 1 ? Framing::Body::Chunked : Framing::Body::UntilClose;
  std::string line = body == Framing::Body::Chunked ? "Transfer-Encoding: chunked\r\n" : "";
  if (announced >= 0) {
    body = Framing::Body::Length;
    line = "Content-Length: " + std::to_string(announced) + "\r\n";
  }
  if (response.status < 200 || response.status > 999) response.status = 500;
  ComposeHead(response, line, framing, keep_alive && body != Framing::Body::UntilClose);
  if (!co_await stream_->Write(core_.limits.body_timeout, head_out_)) co_return false;
  if (request.method == "HEAD") co_return true;

  ResponseWriter writer(*stream_, body, static_cast<uint64_t>(std::max<int64_t>(announced, 0)), core_.limits.body_timeout);
  const Result<> streamed = co_await response.stream(ctx, writer);
  if (!streamed || !writer.complete()) {
    // Where only the close delimits the body a reset shows the truncation. Elsewhere the framing does, and what was written still arrives.
    if (body == Framing::Body::UntilClose) stream_->Abort();
    co_return false;
  }
  if (body != Framing::Body::Chunked) co_return true;
  co_return co_await stream_->Write(core_.limits.body_timeout, "0\r\n\r\n");
}

Task<> Connection::Refuse(HeadError error, std::string_view head) {
  busy_ = true;
  Response response;
  if (error.status == 431 && core_.refuser) {
    Request skimmed;
    SkimRequestHead(head, skimmed);
    response = core_.refuser(skimmed);
  } else {
    response = Response::Text(error.status, std::string(ReasonPhrase(error.status)) + ": " + error.reason + "\n");
  }
  const std::string_view body = PrepareResponse(Request{}, Framing{}, response, false);
  if (co_await stream_->Write(core_.limits.body_timeout, head_out_, body)) co_await Linger();
}

Task<> Connection::Linger() {
  stream_->ShutdownWrite();
  const TimePoint until = core_.loop.Now() + kLinger;
  do {
    stream_->Consume(stream_->input().size());
  } while (co_await stream_->MoreInput(until, net::Stream::kBufferBytesBulk) == net::Stream::Wake::Data && core_.loop.Now() < until);
}

}  // namespace mayfly::http
