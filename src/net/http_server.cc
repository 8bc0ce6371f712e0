#include "net/http_server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "base/log.h"
#include "base/task_scope.h"
#include "net/polled_descriptor.h"
#include "net/http_connection.h"

namespace mayfly::http {
namespace {

// How long handlers have to notice that they were told to stop, before their frames are destroyed.
constexpr Duration kCutGrace = std::chrono::milliseconds(100);
// After the process has run out of descriptors or memory.
constexpr Duration kAcceptPause = std::chrono::milliseconds(100);
// Connections accepted in one go, before others have their turn.
constexpr int kAcceptBatch = 64;

// How often the files of a certificate are looked at, at most.
constexpr Duration kTlsLookAt = std::chrono::seconds(1);

// A certificate that follows its files: connections that are accepted after a change get the new one. Files that cannot be used (half of them
// is written yet) change nothing, and are tried again when they change.
class FollowedTls {
 public:
  FollowedTls(TlsFiles files, std::shared_ptr<net::TlsContext> context) : files_(std::move(files)), context_(std::move(context)), stamp_(Stamp()) {}

  std::shared_ptr<net::TlsContext> Current(TimePoint now) {
    if (now < next_look_) return context_;
    next_look_ = now + kTlsLookAt;
    std::string stamp = Stamp();
    if (stamp == stamp_) return context_;
    stamp_ = std::move(stamp);
    if (auto fresh = net::TlsContext::ForServer(files_)) {
      context_ = std::move(*fresh);
      log::Info("the certificate in {} is served from now on", files_.certificate_chain_path);
    } else {
      log::Warning("the changed certificate is not served: {}", fresh.error().ToString());
    }
    return context_;
  }

 private:
  // Another text whenever one of the files is another one, or has been written.
  std::string Stamp() const {
    std::string stamp;
    for (const std::string& path : {files_.certificate_chain_path, files_.private_key_path}) {
      struct stat status{};
      if (::stat(path.c_str(), &status) != 0) continue;
      stamp += fmt::format("{} {} {} {};", status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
    }
    return stamp;
  }

  TlsFiles files_;
  std::shared_ptr<net::TlsContext> context_;
  std::string stamp_;
  TimePoint next_look_{};
};

struct Listener {
  Listener(RealLoop& loop, UniqueFd fd, std::optional<FollowedTls> tls) : descriptor(loop, std::move(fd)), tls(std::move(tls)) {}
  PolledDescriptor descriptor;
  std::optional<FollowedTls> tls;
};

std::string PeerName(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return fmt::format("{}:{}", text, ntohs(v4.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    return fmt::format("[{}]:{}", text, ntohs(v6.sin6_port));
  }
  return "unix";
}

}  // namespace

struct Server::Impl : ServerCore, std::enable_shared_from_this<Server::Impl> {
  Impl(RealLoop& loop, ServerLimits limits, Handler handler, HeadRefuser refuser)
      : ServerCore(loop, limits, std::move(handler), std::move(refuser)), tasks(std::in_place, loop) {}

  Result<> Serve(UniqueFd fd, std::optional<FollowedTls> tls);
  Task<> Accept(std::shared_ptr<Listener> listener);
  bool AcceptBatch(Listener& listener);
  void Adopt(Listener& listener, UniqueFd fd, const sockaddr_storage& peer);
  static Task<> Stop(std::shared_ptr<Impl> self, Duration drain);
  Task<> WaitForEnd(TimePoint until);
  void StopListening();
  void Cut();
  void ArmSweep();
  void Sweep();
  bool full() const { return connections.size() >= limits.connections_max; }

  std::vector<std::shared_ptr<Listener>> listeners;
  Loop::TimerId sweep_timer = 0;
  std::optional<TaskScope> tasks;  // listeners and connections; empty once everything was cut
};

Result<> Server::Impl::Serve(UniqueFd fd, std::optional<FollowedTls> tls) {
  if (stopping) return Fail(Error::Fault("the server has been stopped"));
  int is_listening = 0;
  socklen_t size = sizeof is_listening;
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) != 0 || !is_listening) {
    return Fail(Error::Fault("serve: the descriptor is no listening socket"));
  }
  // Accepted sockets inherit both; a Unix socket refuses them, which is no error.
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  listeners.push_back(std::make_shared<Listener>(loop, std::move(fd), std::move(tls)));
  tasks->Spawn(Accept(listeners.back()));
  return {};
}

Task<> Server::Impl::Accept(std::shared_ptr<Listener> listener) {
  for (;;) {
    while (full() && !stopping) co_await changed.Wait();
    if (stopping || !co_await listener->descriptor.WaitReadable()) break;
    if (!AcceptBatch(*listener)) co_await changed.WaitUntil(loop.Now() + kAcceptPause);
  }
  changed.Pulse();
}

// False: the process lacks descriptors or memory; waiting may help.
bool Server::Impl::AcceptBatch(Listener& listener) {
  for (int accepted = 0; accepted < kAcceptBatch && !full() && !stopping;) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    UniqueFd fd(::accept4(listener.descriptor.get(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd) {
      ++accepted;
      Adopt(listener, std::move(fd), peer);
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return true;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      log::Warning("accept: {}; new connections wait", std::strerror(errno));
      return false;
    }
    ++accepted;  // one connection's own trouble (ECONNABORTED and the like)
  }
  return true;
}

void Server::Impl::Adopt(Listener& listener, UniqueFd fd, const sockaddr_storage& peer) {
  auto engine = listener.tls ? net::TlsEngine::ForServer(listener.tls->Current(loop.Now())) : nullptr;
  auto stream = net::Stream::Open(loop, std::move(fd), std::move(engine));
  if (!stream) return;
  auto connection = std::make_unique<Connection>(*this, std::move(stream), PeerName(peer), listener.tls.has_value());
  tasks->Spawn(Connection::Run(std::move(connection)));
  ArmSweep();
}

// ---- time ----

// One timer for all connections: their deadlines are looked at a few times per shortest timeout.
void Server::Impl::ArmSweep() {
  if (sweep_timer != 0 || connections.empty()) return;
  const Duration shortest = std::min({limits.head_timeout, limits.idle_timeout, limits.body_timeout});
  const Duration tick = std::clamp<Duration>(shortest / 4, std::chrono::milliseconds(10), std::chrono::seconds(1));
  sweep_timer = loop.CallAfter(tick, [this] { Sweep(); });
}

void Server::Impl::Sweep() {
  const auto self = shared_from_this();
  sweep_timer = 0;
  const TimePoint now = loop.Now();
  std::vector<std::shared_ptr<net::Stream>> expired;
  for (Connection* connection : connections) {
    if (connection->stream().HasExpired(now)) expired.push_back(connection->shared_stream());
  }
  for (const auto& stream : expired) stream->Expire(now);
  ArmSweep();
}

// ---- the end ----

void Server::Impl::StopListening() {
  stopping = true;
  for (const auto& listener : listeners) listener->descriptor.Cancel();
  changed.Pulse();
}

Task<> Server::Impl::WaitForEnd(TimePoint until) {
  while (tasks && tasks->size() > 0 && loop.Now() < until) co_await changed.WaitUntil(until);
}

Task<> Server::Impl::Stop(std::shared_ptr<Impl> self, Duration drain) {
  self->StopListening();
  for (Connection* connection : self->connections) {
    if (connection->idle()) connection->stream().Close();
  }
  const TimePoint now = self->loop.Now();
  co_await self->WaitForEnd(drain > TimePoint::max() - now ? TimePoint::max() : now + drain);
  for (Connection* connection : self->connections) connection->OnEnd();
  co_await self->WaitForEnd(self->loop.Now() + kCutGrace);
  self->Cut();
}

void Server::Impl::Cut() {
  StopListening();
  for (Connection* connection : connections) connection->OnEnd();
  tasks.reset();  // destroys the frames: each closes its socket
  listeners.clear();
  loop.CancelTimer(std::exchange(sweep_timer, 0));
}

Server::Server(RealLoop& loop, ServerLimits limits, Handler handler, HeadRefuser refuser)
    : impl_(std::make_shared<Impl>(loop, limits, std::move(handler), std::move(refuser))) {}

void Server::OnConnectionEnd(std::function<void(std::string_view peer, bool torn)> callback) { impl_->on_connection_end = std::move(callback); }

Server::~Server() { impl_->Cut(); }

Result<> Server::Serve(UniqueFd listener) { return impl_->Serve(std::move(listener), std::nullopt); }

Result<> Server::ServeTls(UniqueFd listener, const TlsFiles& files) {
  MF_TRY(auto context, net::TlsContext::ForServer(files));
  return impl_->Serve(std::move(listener), FollowedTls(files, std::move(context)));
}

Task<> Server::Stop(Duration drain) { return Impl::Stop(impl_, drain); }

size_t Server::connections() const { return impl_->connections.size(); }

}  // namespace mayfly::http
