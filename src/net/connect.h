// Opens connections for clients. Private to net.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>

#include "base/context.h"
#include "net/http_client.h"
#include "net/http_url.h"
#include "net/stream.h"

namespace mayfly::net {

// While it lives, a stream is closed when the context's deadline passes or its stop is requested, so that everything that
// waits on the stream ends. One strand.
class StreamGuard {
 public:
  StreamGuard(Context& ctx, std::shared_ptr<Stream> stream);
  ~StreamGuard();
  StreamGuard(const StreamGuard&) = delete;
  StreamGuard& operator=(const StreamGuard&) = delete;
  // Why the stream was closed: a Cancelled error with its code; nothing when this guard did not close it.
  const std::optional<Error>& reason() const { return reason_; }

 private:
  struct OnStop {
    StreamGuard* guard;
    void operator()() const { guard->Fire("Cancelled"); }
  };
  void Fire(std::string_view code);

  Loop* loop_;
  std::shared_ptr<Stream> stream_;
  std::optional<Error> reason_;
  Loop::TimerId timer_ = 0;
  std::optional<std::stop_callback<OnStop>> on_stop_;
};

// A connected stream; for https with the handshake done and the certificate verified by `tls`. Addresses of a name are
// tried in the resolver's order. Errors: Fault (no such host, refused, TLS; code "OutOfReach", no address is within `reach`), Cancelled (ctx).
// `sockets`, when given, makes the sockets for TCP; it outlives the call.
Task<Result<std::shared_ptr<Stream>>> Connect(Context& ctx, RealLoop& loop, http::Url url, std::shared_ptr<TlsContext> tls,
                                              const http::SocketSource* sockets = nullptr, http::Reach reach = http::Reach::Anything);

}  // namespace mayfly::net
