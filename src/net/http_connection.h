// One connection of an http::Server: reads heads, runs the handler, writes answers. Private to net.
#pragma once

#include <list>
#include <memory>
#include <stop_token>
#include <string>

#include "base/event.h"
#include "net/http_body.h"
#include "net/http_server.h"

namespace mayfly::http {

class Connection;

// What a server's connections share.
struct ServerCore {
  ServerCore(RealLoop& loop, ServerLimits limits, Handler handler, HeadRefuser refuser)
      : loop(loop), limits(limits), handler(std::move(handler)), refuser(std::move(refuser)), changed(loop) {}

  // The Date header's value, made once per second.
  const std::string& HttpDate();

  RealLoop& loop;
  const ServerLimits limits;
  const Handler handler;
  std::function<void(std::string_view peer, bool torn)> on_connection_end;  // may be empty
  const HeadRefuser refuser;  // may be null
  std::list<Connection*> connections;
  bool stopping = false;
  Event changed;  // pulsed when a connection or a listener has ended

 private:
  int64_t date_second_ = -1;
  std::string date_;
};

// Lives in the frame of its own Run(). Destroying that frame at any suspension closes the socket and forgets the request.
class Connection final : public net::StreamObserver {
 public:
  Connection(ServerCore& core, std::shared_ptr<net::Stream> stream, std::string peer, bool is_tls);
  ~Connection();

  static Task<> Run(std::unique_ptr<Connection> connection);

  // No request is being answered.
  bool idle() const { return !busy_; }
  net::Stream& stream() { return *stream_; }
  std::shared_ptr<net::Stream> shared_stream() const { return stream_; }
  // The client has gone, or the server will not wait any longer: the running request's context is told.
  void OnEnd() override;

 private:
  enum class HeadState : unsigned char { More, Complete, Refused };

  HeadState ExamineHead();
  HeadState RefuseHead(int status, const char* reason);
  // Not inlined, here and below: the compiler would put their frames into the one that waits for the next head, and every
  // idle connection would pay for them.
  // Answers the head of `head_bytes` at the front of the input. False: the connection is to be closed.
  [[gnu::noinline]] Task<bool> ServeRequest(size_t head_bytes);
  [[gnu::noinline]] Task<bool> GatherBody(Request& request, BodySource& source, bool expect_continue);
  bool TakeSmallBody(const Framing& framing, Request& request);
  std::string_view PrepareResponse(const Request& request, const Framing& framing, Response& response, bool keep_alive);
  [[gnu::noinline]] Task<bool> WriteStreamed(Context& ctx, const Request& request, const Framing& framing, Response& response, bool keep_alive);
  void ComposeHead(const Response& response, std::string_view body_framing, const Framing& framing, bool keep_alive);
  [[gnu::noinline]] Task<bool> FinishBody(BodySource& source);
  // `head`: what has come of it.
  [[gnu::noinline]] Task<> Refuse(HeadError error, std::string_view head = {});
  [[gnu::noinline]] Task<> Linger();
  BodyLimits body_limits() const;

  ServerCore& core_;
  std::shared_ptr<net::Stream> stream_;
  std::string peer_;
  std::list<Connection*>::iterator position_;
  HeadScanner scanner_;
  HeadError refusal_;
  std::string head_out_;
  std::stop_source* stop_ = nullptr;  // of the running request
  bool busy_ = false;
  bool protocol_known_ = false;
  bool empty_line_skipped_ = false;
  bool first_request_is_timed_ = false;  // TLS: the handshake has to come within head_timeout
};

}  // namespace mayfly::http
