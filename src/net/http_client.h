// HTTP/1.1 client with keep-alive, pooled per host. For the CLI, for S3-compatible endpoints, for other daemons.
//
// One strand. Any number of requests at a time: each has a connection of its own (the callers bound how many). Idle
// connections beyond the limit are closed. Destroying the Client closes idle connections; requests that run end normally.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/context.h"
#include "base/fd.h"
#include "net/http_message.h"
#include "net/reach.h"

namespace mayfly {
class RealLoop;
}

namespace mayfly::http {

struct ClientRequest {
  std::string method = "GET";
  std::string url;  // http://host:port/path?query, https://…, or unix:/path/to.sock:/path
  Headers headers;  // Content-Length, Transfer-Encoding and Connection are the client's business; Host too unless given
  std::string body;
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;                         // whole body, unless streamed
  std::unique_ptr<BodyReader> body_reader;  // with Mode::Stream
};

struct ClientLimits {
  size_t body_bytes_max = 512 * 1024 * 1024;
  size_t idle_connections_per_host = 16;
  size_t head_bytes_max = 256 * 1024;
  Duration connect_timeout = std::chrono::seconds(10);
  Duration idle_timeout = std::chrono::seconds(60);  // unused connections are closed
  Reach reach = Reach::Anything;  // of what addresses a name is resolved to, too
  std::string ca_file;  // PEM certificates to trust beside the system's
};

// Gives the sockets of a client: non-blocking TCP over IPv4, neither bound nor connected. Of another network namespace, say.
using SocketSource = std::function<Task<Result<UniqueFd>>(Context&)>;

class Client {
 public:
  explicit Client(RealLoop& loop, ClientLimits limits = {}, SocketSource sockets = nullptr);
  ~Client();

  enum class Mode : unsigned char { Whole, Stream };
  // A kept-alive connection that turns out to be closed before a byte of the answer came is retried once on a fresh one.
  // Errors: Fault (URL, connect, TLS, framing, an answer cut short, code "BodyTooLarge"), Cancelled (DeadlineExceeded at
  // ctx.deadline, Cancelled at ctx.stop). HTTP error statuses are no errors here. With Mode::Stream the reader may outlive
  // the Client; reading to the end gives the connection back, destroying it before closes the connection.
  Task<Result<ClientResponse>> Send(Context& ctx, ClientRequest request, Mode mode = Mode::Whole);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace mayfly::http
