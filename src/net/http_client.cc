#include "net/http_client.h"

#include <deque>
#include <map>

#include "base/text.h"
#include "net/connect.h"
#include "net/http_body.h"

namespace mayfly::http {
namespace {

using net::Stream;

constexpr size_t kHeaderCountMax = 1000;
constexpr int kInterimResponsesMax = 16;
// Room that is made at once for an announced body; more comes as it arrives.
constexpr uint64_t kReserveBytesMax = 1024 * 1024;

// Set by Exchange: the connection was closed before a byte of the answer came.
constexpr std::string_view kClosedEarly = "ClosedEarly";

Error ClientFault(std::string_view code, std::string message) {
  Error error = Error::Fault(std::move(message));
  error.code = code;
  return error;
}

bool IsClientsBusiness(std::string_view name) {
  return EqualIgnoringCase(name, "Content-Length") || EqualIgnoringCase(name, "Transfer-Encoding") ||
         EqualIgnoringCase(name, "Connection") || EqualIgnoringCase(name, "Host");
}

Result<std::string> ComposeHead(const ClientRequest& request, const Url& url) {
  if (!IsToken(request.method)) return Fail(Error::Fault("HTTP method " + request.method + ": not a token"));
  std::string head = request.method + " " + url.target + " HTTP/1.1\r\n";
  if (!AppendField(head, "Host", request.headers.Get("Host", url.HostField()))) return Fail(Error::Fault("the Host field is malformed"));
  for (const auto& [name, value] : request.headers.fields()) {
    if (IsClientsBusiness(name)) continue;
    if (!AppendField(head, name, value)) return Fail(Error::Fault("request header " + name + ": it holds characters that HTTP does not allow"));
  }
  const bool body_expected = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (!request.body.empty() || body_expected) AppendField(head, "Content-Length", std::to_string(request.body.size()));
  head += "\r\n";
  return head;
}

// An error of the body, seen from a client: the guard's reason where it closed the stream, a fault where the server did.
Error BodyError(Error error, const net::StreamGuard& guard, const Stream& stream) {
  if (guard.reason()) return *guard.reason();
  if (error.kind != Error::Kind::Cancelled) return error;
  return ClientFault("MalformedBody", "the server closed the connection in the middle of the answer" +
                                          (stream.failure().empty() ? std::string() : ": " + stream.failure()));
}

}  // namespace

struct Client::Impl : std::enable_shared_from_this<Client::Impl> {
  struct Idle {
    std::shared_ptr<Stream> stream;
    TimePoint since;
  };
  struct Answer {
    ResponseHead head;
    Framing framing;
  };
  class Body;

  Impl(RealLoop& loop, ClientLimits limits, SocketSource sockets) : loop(loop), limits(std::move(limits)), sockets(std::move(sockets)) {}
  ~Impl() { CloseIdle(); }

  static Task<Result<ClientResponse>> Send(std::shared_ptr<Impl> self, Context& ctx, ClientRequest request, Mode mode);
  Task<Result<std::shared_ptr<Stream>>> Open(Context& ctx, const Url& url);
  Task<Result<ClientResponse>> Exchange(Context& ctx, std::shared_ptr<Stream> stream, std::string_view head, const ClientRequest& request,
                                        const std::string& key, Mode mode);
  Task<Result<Answer>> ReadHead(Stream& stream, AnswerTo answer_to);
  std::shared_ptr<Stream> TakeIdle(const std::string& key);
  void GiveBack(const std::string& key, std::shared_ptr<Stream> stream);
  void Sweep();
  void CloseIdle();

  RealLoop& loop;
  const ClientLimits limits;
  const SocketSource sockets;  // null: the kernel's
  bool open = true;  // false: the Client has gone, requests still run
  std::shared_ptr<net::TlsContext> tls;
  std::map<std::string, std::deque<Idle>> idle;  // by Url::PoolKey; the last is the one used last
  Loop::TimerId sweep_timer = 0;
};

// ---- the pool ----

std::shared_ptr<Stream> Client::Impl::TakeIdle(const std::string& key) {
  const auto found = idle.find(key);
  if (found == idle.end()) return nullptr;
  while (!found->second.empty()) {
    const std::shared_ptr<Stream> stream = std::move(found->second.back().stream);
    found->second.pop_back();
    // Bytes that nobody asked for make a connection as useless as its end does.
    if (!stream->ended() && stream->writable() && stream->input().empty()) return stream;
    stream->Close();
  }
  idle.erase(found);
  return nullptr;
}

void Client::Impl::GiveBack(const std::string& key, std::shared_ptr<Stream> stream) {
  if (!open || stream->ended() || !stream->writable() || !stream->input().empty()) return stream->Close();
  stream->Trim();
  stream->ReadAhead();
  auto& queue = idle[key];
  queue.push_back({std::move(stream), loop.Now()});
  if (queue.size() > limits.idle_connections_per_host) {
    queue.front().stream->Close();
    queue.pop_front();
  }
  if (sweep_timer == 0) sweep_timer = loop.CallAfter(limits.idle_timeout, [this] { Sweep(); });
}

// Closes what has been unused for idle_timeout, and what the servers have closed meanwhile.
void Client::Impl::Sweep() {
  sweep_timer = 0;
  const TimePoint oldest = loop.Now() - limits.idle_timeout;
  for (auto& [key, queue] : idle) {
    std::erase_if(queue, [&](const Idle& entry) {
      const bool useless = entry.since <= oldest || entry.stream->ended();
      if (useless) entry.stream->Close();
      return useless;
    });
  }
  std::erase_if(idle, [](const auto& entry) { return entry.second.empty(); });
  if (!idle.empty()) sweep_timer = loop.CallAfter(limits.idle_timeout, [this] { Sweep(); });
}

void Client::Impl::CloseIdle() {
  for (auto& [key, queue] : idle) {
    for (auto& entry : queue) entry.stream->Close();
  }
  idle.clear();
  loop.CancelTimer(std::exchange(sweep_timer, 0));
}

// ---- bodies that the caller reads ----

class Client::Impl::Body final : public BodyReader {
 public:
  Body(std::weak_ptr<Impl> client, std::string key, std::shared_ptr<BodySource> source, bool reusable)
      : client_(std::move(client)), key_(std::move(key)), source_(std::move(source)), reusable_(reusable) {}
  ~Body() override {
    if (!given_back_) source_->stream().Close();
  }

  Task<Result<std::string>> Read(Context& ctx) override {
    if (given_back_) co_return std::string();
    const std::shared_ptr<BodySource> source = source_;
    const std::shared_ptr<Stream> stream = source->stream().shared_from_this();
    net::StreamGuard guard(ctx, stream);
    auto piece = co_await source->ReadPiece();
    if (!piece) co_return Fail(BodyError(std::move(piece).error(), guard, *stream));
    if (piece->empty()) Finish();
    co_return piece;
  }
  const Headers& trailers() const override { return source_->trailers(); }

 private:
  void Finish() {
    given_back_ = true;
    const auto client = client_.lock();
    const auto stream = source_->stream().shared_from_this();
    client && reusable_ ? client->GiveBack(key_, stream) : stream->Close();
  }

  std::weak_ptr<Impl> client_;
  std::string key_;
  std::shared_ptr<BodySource> source_;
  bool reusable_;
  bool given_back_ = false;
};

// ---- requests ----

Task<Result<ClientResponse>> Client::Impl::Send(std::shared_ptr<Impl> self, Context& ctx, ClientRequest request, Mode mode) {
  MF_CO_TRY(const Url url, ParseUrl(request.url));
  MF_CO_TRY(const std::string head, ComposeHead(request, url));
  const std::string key = url.PoolKey();
  if (std::shared_ptr<Stream> pooled = self->TakeIdle(key)) {
    auto response = co_await self->Exchange(ctx, std::move(pooled), head, request, key, mode);
    if (response || response.error().code != kClosedEarly) co_return response;
  }
  MF_CO_TRY(std::shared_ptr<Stream> fresh, co_await self->Open(ctx, url));
  co_return co_await self->Exchange(ctx, std::move(fresh), head, request, key, mode);
}

Task<Result<std::shared_ptr<Stream>>> Client::Impl::Open(Context& ctx, const Url& url) {
  if (url.scheme == Url::Scheme::Https && !tls) {
    MF_CO_TRY(tls, net::TlsContext::ForClient(limits.ca_file));
  }
  Context bounded = ctx.WithDeadline(ctx.loop->Now() + limits.connect_timeout);
  auto stream = co_await net::Connect(bounded, loop, url, url.scheme == Url::Scheme::Https ? tls : nullptr, sockets ? &sockets : nullptr, limits.reach);
  if (!stream && stream.error().code == "DeadlineExceeded" && ctx.loop->Now() < ctx.deadline) {
    co_return Fail(Error::Fault("connect to " + url.HostField() + ": no answer in time", "is the host reachable from here?"));
  }
  co_return stream;
}

Task<Result<ClientResponse>> Client::Impl::Exchange(Context& ctx, std::shared_ptr<Stream> stream, std::string_view head,
                                                    const ClientRequest& request, const std::string& key, Mode mode) {
  struct CloseUnlessKept {
    std::shared_ptr<Stream> stream;
    ~CloseUnlessKept() {
      if (stream) stream->Close();
    }
  } owner{stream};
  net::StreamGuard guard(ctx, stream);
  stream->ReadAhead();
  // A server may answer before it has read everything (413) and close: what it said counts, not the failed write.
  const bool sent = co_await stream->Write(Duration::max(), head, request.body);
  auto answer = co_await ReadHead(*stream, request.method == "HEAD" ? AnswerTo::Head : AnswerTo::Other);
  if (guard.reason()) co_return Fail(*guard.reason());
  if (!answer) co_return Fail(std::move(answer).error().Wrap(request.method + " " + request.url));

  ClientResponse response;
  response.status = answer->head.status;
  response.headers = std::move(answer->head.headers);
  const BodyLimits body_limits{limits.body_bytes_max, limits.head_bytes_max, kHeaderCountMax};
  const auto source = std::make_shared<BodySource>(stream, answer->framing, body_limits, Duration::max());
  const bool reusable = sent && answer->framing.keep_alive;
  if (mode == Mode::Stream) {
    response.body_reader = std::make_unique<Body>(weak_from_this(), key, source, reusable);
    owner.stream.reset();
    co_return response;
  }
  response.body.reserve(static_cast<size_t>(std::min(source->remaining(), kReserveBytesMax)));
  for (;;) {
    auto piece = co_await source->ReadPiece();
    if (!piece) co_return Fail(BodyError(std::move(piece).error(), guard, *stream).Wrap(request.method + " " + request.url));
    if (piece->empty()) break;
    response.body += *piece;
  }
  if (reusable && !guard.reason()) GiveBack(key, std::move(owner.stream));
  co_return response;
}

Task<Result<Client::Impl::Answer>> Client::Impl::ReadHead(Stream& stream, AnswerTo answer_to) {
  for (int interim = 0; interim <= kInterimResponsesMax;) {
    HeadScanner scanner;
    HeadScanner::State state;
    while ((state = scanner.Scan(stream.input())) == HeadScanner::State::Incomplete) {
      if (stream.input().size() >= limits.head_bytes_max) co_return Fail(ClientFault("MalformedHead", "the answer's head is too large"));
      if (co_await stream.MoreInput(TimePoint::max(), limits.head_bytes_max + 1024) == Stream::Wake::Data) continue;
      const bool early = stream.input().empty() && interim == 0;
      const std::string why = stream.failure().empty() ? "" : ": " + stream.failure();
      co_return Fail(ClientFault(early ? kClosedEarly : "MalformedHead", "the server closed the connection without an answer" + why));
    }
    if (state == HeadScanner::State::Malformed) co_return Fail(ClientFault("MalformedHead", "the answer is no HTTP"));
    Answer answer;
    auto framing = ParseResponseHead(stream.input().substr(0, scanner.bytes()), kHeaderCountMax, answer_to, answer.head);
    stream.Consume(scanner.bytes());
    if (!framing) co_return Fail(ClientFault("MalformedHead", std::string("the answer's head: ") + framing.error().reason));
    if (answer.head.status == 101) co_return Fail(ClientFault("MalformedHead", "the server changed the protocol without being asked"));
    if (answer.head.status < 200) {
      ++interim;
      continue;
    }
    answer.framing = *framing;
    co_return answer;
  }
  co_return Fail(ClientFault("MalformedHead", "too many interim answers"));
}

Client::Client(RealLoop& loop, ClientLimits limits, SocketSource sockets)
    : impl_(std::make_shared<Impl>(loop, std::move(limits), std::move(sockets))) {}

Client::~Client() {
  impl_->open = false;
  impl_->CloseIdle();
}

Task<Result<ClientResponse>> Client::Send(Context& ctx, ClientRequest request, Mode mode) {
  return Impl::Send(impl_, ctx, std::move(request), mode);
}

}  // namespace mayfly::http
