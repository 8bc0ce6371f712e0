#include "net/connect.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace mayfly::net {
namespace {

namespace asio = boost::asio;

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

// One look-up. Kept by Asio's resolver thread until it has ended; the waiting frame may be gone by then.
struct Lookup : std::enable_shared_from_this<Lookup> {
  using Resolver = asio::ip::basic_resolver<asio::ip::tcp, asio::io_context::executor_type>;

  explicit Lookup(RealLoop& loop) : resolver(*static_cast<asio::io_context*>(loop.native())) {}

  struct Awaiter {
    Lookup* lookup;
    explicit Awaiter(Lookup& lookup) : lookup(&lookup) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter() { lookup->waiting = {}; }
    bool await_ready() const { return lookup->done; }
    void await_suspend(std::coroutine_handle<> handle) { lookup->waiting = handle; }
    void await_resume() const {}
  };

  void Start(const std::string& host, uint16_t port) {
    resolver.async_resolve(host, std::to_string(port), asio::ip::resolver_base::numeric_service,
                           [self = shared_from_this()](const boost::system::error_code& error, const Resolver::results_type& results) {
                             for (const auto& entry : results) {
                               Address address;
                               address.size = static_cast<socklen_t>(entry.endpoint().size());
                               std::memcpy(&address.storage, entry.endpoint().data(), address.size);
                               self->addresses.push_back(address);
                             }
                             if (error) self->failure = error.message();
                             self->Finish();
                           });
  }
  void Finish() {
    done = true;
    if (waiting) std::exchange(waiting, {}).resume();
  }
  void Cancel() {
    resolver.cancel();
    Finish();
  }

  Resolver resolver;
  bool done = false;
  std::coroutine_handle<> waiting;
  std::vector<Address> addresses;
  std::string failure;
};

struct CancelLookup {
  std::shared_ptr<Lookup> lookup;
  Loop* loop;
  // Never inside request_stop: the waiter's frame is woken from the loop.
  void operator()() const {
    loop->Post([lookup = lookup] { lookup->Cancel(); });
  }
};

Error OutOfReach(const http::Url& url) {
  Error error = Error::Fault(url.HostField() + " is not of the internet, and deliveries reach nothing else", "--delivery-reach any lets them");
  error.code = "OutOfReach";
  return error;
}

Result<Address> UnixAddress(const std::string& path) {
  Address address;
  auto& unix_address = reinterpret_cast<sockaddr_un&>(address.storage);
  if (path.size() >= sizeof unix_address.sun_path) return Fail(Error::Fault("connect to unix:" + path + ": the path is too long"));
  unix_address.sun_family = AF_UNIX;
  std::memcpy(unix_address.sun_path, path.c_str(), path.size() + 1);
  address.size = sizeof unix_address;
  return address;
}

Task<Result<std::vector<Address>>> Resolve(Context& ctx, RealLoop& loop, const http::Url& url) {
  if (url.scheme == http::Url::Scheme::Unix) {
    MF_CO_TRY(const Address address, UnixAddress(url.host));
    co_return std::vector<Address>{address};
  }
  boost::system::error_code error;
  const auto numeric = asio::ip::make_address(url.host, error);
  if (!error) {
    const asio::ip::tcp::endpoint endpoint(numeric, url.port);
    Address address;
    address.size = static_cast<socklen_t>(endpoint.size());
    std::memcpy(&address.storage, endpoint.data(), address.size);
    co_return std::vector<Address>{address};
  }
  const auto lookup = std::make_shared<Lookup>(loop);
  lookup->Start(url.host, url.port);
  std::stop_callback on_stop(ctx.stop, CancelLookup{lookup, &loop});
  const Loop::TimerId timer = ctx.deadline == TimePoint::max() ? 0 : ctx.loop->CallAt(ctx.deadline, [lookup] { lookup->Cancel(); });
  struct TimerGuard {
    Loop* loop;
    Loop::TimerId timer;
    ~TimerGuard() { loop->CancelTimer(timer); }
  } timer_guard{ctx.loop, timer};
  co_await Lookup::Awaiter(*lookup);
  if (ctx.stop.stop_requested()) co_return Fail(Error::Cancelled());
  if (ctx.loop->Now() >= ctx.deadline) co_return Fail(Error::Cancelled("DeadlineExceeded"));
  if (lookup->addresses.empty()) co_return Fail(Error::Fault("resolve " + url.host + ": " + lookup->failure));
  co_return std::move(lookup->addresses);
}

Task<Result<std::shared_ptr<Stream>>> ConnectTo(Context& ctx, RealLoop& loop, Address address, std::unique_ptr<TlsEngine> engine,
                                                const http::SocketSource* sockets) {
  const int family = address.storage.ss_family;
  UniqueFd fd;
  if (sockets && family != AF_UNIX) {
    MF_CO_TRY(fd, co_await (*sockets)(ctx));
  } else {
    fd.Reset(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  }
  if (!fd) co_return Fail(Error::FromErrno("socket", errno));
  const int on = 1;
  if (family != AF_UNIX) ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // EAGAIN is a Unix listener whose backlog is full: that is a failure, no wait would end.
  const int status = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size);
  if (status != 0 && errno != EINPROGRESS) co_return Fail(Error::FromErrno("connect", errno));
  const bool pending = status != 0;
  const std::shared_ptr<Stream> stream = Stream::Open(loop, std::move(fd), std::move(engine));
  if (!stream) co_return Fail(Error::Fault("connect: the kernel cannot watch another socket"));
  if (!pending) co_return stream;
  StreamGuard guard(ctx, stream);
  const bool writable = co_await stream->WaitWritable();
  if (guard.reason()) co_return Fail(*guard.reason());
  int error_number = writable ? 0 : ECONNABORTED;
  socklen_t size = sizeof error_number;
  if (writable) ::getsockopt(stream->fd(), SOL_SOCKET, SO_ERROR, &error_number, &size);
  if (error_number != 0) co_return Fail(Error::FromErrno("connect", error_number));
  co_return stream;
}

}  // namespace

StreamGuard::StreamGuard(Context& ctx, std::shared_ptr<Stream> stream) : loop_(ctx.loop), stream_(std::move(stream)) {
  if (ctx.deadline != TimePoint::max()) {
    timer_ = loop_->CallAt(ctx.deadline, [this] {
      timer_ = 0;
      Fire("DeadlineExceeded");
    });
  }
  if (ctx.stop.stop_possible()) on_stop_.emplace(ctx.stop, OnStop{this});
}

StreamGuard::~StreamGuard() { loop_->CancelTimer(timer_); }

void StreamGuard::Fire(std::string_view code) {
  if (reason_) return;
  reason_ = Error::Cancelled(code);
  stream_->Close();
}

Task<Result<std::shared_ptr<Stream>>> Connect(Context& ctx, RealLoop& loop, http::Url url, std::shared_ptr<TlsContext> tls,
                                              const http::SocketSource* sockets, http::Reach reach) {
  MF_CO_TRY(std::vector<Address> addresses, co_await Resolve(ctx, loop, url));
  std::erase_if(addresses, [reach](const Address& address) { return !http::IsReachable(reach, reinterpret_cast<const sockaddr&>(address.storage)); });
  if (addresses.empty()) co_return Fail(OutOfReach(url));
  Error last = Error::Fault("no address");
  for (const Address& address : addresses) {
    auto engine = tls ? TlsEngine::ForClient(tls, url.host) : nullptr;
    auto stream = co_await ConnectTo(ctx, loop, address, std::move(engine), sockets);
    if (!stream) {
      last = std::move(stream).error();
      if (last.kind == Error::Kind::Cancelled) co_return Fail(std::move(last));
      continue;
    }
    if (!tls) co_return std::move(*stream);
    StreamGuard guard(ctx, *stream);
    auto shaken = co_await (*stream)->HandshakeTls();
    if (guard.reason()) co_return Fail(*guard.reason());
    if (shaken) co_return std::move(*stream);
    co_return Fail(std::move(shaken).error().Wrap(url.HostField()));
  }
  co_return Fail(std::move(last).Wrap(url.scheme == http::Url::Scheme::Unix ? "unix:" + url.host : url.HostField()));
}

}  // namespace mayfly::net
