// HTTP/1.1 server over listening descriptors (TCP, Unix sockets, or sockets made in another network namespace).
//
// One Server per kind of traffic (API, one per execution environment). Serve() adds a listener; Stop() closes the
// listeners, lets running requests finish for `drain`, then cuts. Everything runs on the loop of the constructor.
//
// Stop() and the destructor belong outside the server's own handlers: both destroy handlers that still wait. Deadlines are
// looked at by one coarse timer (a quarter of the shortest timeout, at most a second late).
//
// Promises: requests of one connection are handled one after the other, in order (pipelining is allowed, bounded by the
// read buffer). A body that is small and already here is in Request::body; a larger one comes through body_reader, and what
// the handler leaves unread is drained or the connection is closed. `Expect: 100-continue` is answered when the handler
// first reads the body, or at once for bodies that the server gathers itself. While a handler runs, a client that closes
// its connection makes ctx.stop requested. Malformed input is answered 400 (431, 413, 408, 501, 505 as fitting) and cut.
#pragma once

#include <functional>
#include <memory>

#include "base/context.h"
#include "base/fd.h"
#include "base/loop.h"
#include "net/http_message.h"

namespace mayfly {
class RealLoop;
}

namespace mayfly::http {

struct ServerLimits {
  size_t head_bytes_max = 64 * 1024;            // request line + headers: 431 beyond
  size_t header_count_max = 200;
  size_t body_bytes_max = 80 * 1024 * 1024;     // 413 beyond, whether announced or streamed
  size_t gathered_body_bytes_max = 256 * 1024;  // larger bodies come through body_reader
  Duration head_timeout = std::chrono::seconds(30);   // first byte of a head to its end (slow clients): 408
  Duration idle_timeout = std::chrono::seconds(120);  // between requests; closed silently
  Duration body_timeout = std::chrono::seconds(60);   // without a byte while a body is owed, in either direction
  size_t connections_max = 20'000;              // further ones wait in the kernel's backlog
};

using Handler = std::function<Task<Response>(Context&, Request&)>;
// Words the answer to a request whose head is too large (431). `skimmed`: what could be read of it, not checked and perhaps cut off; only good
// for finding out in which form its sender wants to be told.
using HeadRefuser = std::function<Response(const Request& skimmed)>;

// Optional TLS for a listener.
struct TlsFiles {
  std::string certificate_chain_path;
  std::string private_key_path;
};

class Server {
 public:
  // Without a refuser a head that is too large is answered in plain text.
  Server(RealLoop& loop, ServerLimits limits, Handler handler, HeadRefuser refuser = nullptr);
  ~Server();

  // Who hears that a connection has ended; `torn`: it was reset or broke, so that its other side has not read all that it was sent. Before Serve.
  void OnConnectionEnd(std::function<void(std::string_view peer, bool torn)> callback);
  // Takes over a listening socket. Not for a loop that has stopped.
  Result<> Serve(UniqueFd listener);
  Result<> ServeTls(UniqueFd listener, const TlsFiles& files);
  // Stops accepting, closes idle connections, waits at most `drain` for running requests; those that are left are told
  // (ctx.stop), and 100 ms later their frames are destroyed. When it returns, no handler exists any more.
  Task<> Stop(Duration drain);
  size_t connections() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// A listening TCP socket; port 0 picks a free one. Error: EADDRINUSE etc. with a hint.
Result<UniqueFd> ListenTcp(const std::string& host, uint16_t port, int backlog = 1024);
Result<UniqueFd> ListenUnix(const std::string& path, int backlog = 1024);
// The port of a listening TCP socket.
uint16_t LocalPort(int fd);

}  // namespace mayfly::http
