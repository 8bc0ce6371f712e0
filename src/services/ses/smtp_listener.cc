#include "services/ses/smtp_listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "base/event.h"
#include "base/log.h"
#include "base/real_loop.h"
#include "base/text.h"
#include "net/http_server.h"

namespace mayfly::ses {
namespace {

constexpr int kSmtpBacklog = 64;
constexpr std::chrono::milliseconds kSmtpAcceptPause{100};

std::string SmtpPeerOf(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof text);
  if (address.ss_family == AF_INET6) ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text, sizeof text);
  return text;
}

// Ends the waits of a connection on which nothing moves.
class IdleTimer {
 public:
  IdleTimer(Loop& loop, PolledDescriptor& connection) : loop_(&loop), timer_(loop.CallAfter(kSmtpIdle, [&connection] { connection.Cancel(); })) {}
  IdleTimer(const IdleTimer&) = delete;
  IdleTimer& operator=(const IdleTimer&) = delete;
  ~IdleTimer() { loop_->CancelTimer(timer_); }

 private:
  Loop* loop_;
  Loop::TimerId timer_;
};

}  // namespace

SmtpListener::SmtpListener(RealLoop& loop, MailIntake& intake, Random& random) : loop_(&loop), intake_(&intake), random_(&random), tasks_(loop) {}

Result<> SmtpListener::Listen(const std::string& address) {
  const size_t colon = address.rfind(':');
  const auto port = colon == std::string::npos ? std::nullopt : ParseNumber<uint16_t>(std::string_view(address).substr(colon + 1));
  if (!port) return Fail(Error::Fault(fmt::format("--ses-smtp {}: it is no ADDRESS:PORT", address), "give an address of this machine and a port, e.g. 127.0.0.1:2525"));
  std::string host(Trim(std::string_view(address).substr(0, colon), "[]"));
  MF_TRY(UniqueFd fd, http::ListenTcp(host, *port, kSmtpBacklog));
  address_ = fmt::format("{}:{}", address.substr(0, colon), http::LocalPort(fd.get()));
  listener_.emplace(*loop_, std::move(fd));
  return {};
}

void SmtpListener::Start() {
  if (!listener_) return;
  log::Info("SMTP listens on {}", address_);
  tasks_.Spawn(AcceptForEver());
}

Task<> SmtpListener::Stop() {
  tasks_.Stop();
  if (listener_) listener_->Cancel();
  for (PolledDescriptor* connection : open_) connection->Cancel();
  co_await tasks_.Join();
}

Task<> SmtpListener::AcceptForEver() {
  while (!tasks_.stop_token().stop_requested()) {
    if (!co_await listener_->WaitReadable()) co_return;
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    UniqueFd fd(::accept4(listener_->get(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd && open_.size() < kSmtpConnectionsMax) {
      tasks_.Spawn(Serve(std::move(fd), SmtpPeerOf(peer)));
    } else if (fd) {
      constexpr std::string_view kFull = "421 4.3.2 Too many connections\r\n";
      (void)::send(fd.get(), kFull.data(), kFull.size(), MSG_NOSIGNAL);
    } else if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) {  // no descriptor or memory is left
      Context ctx(*loop_);
      ctx.stop = tasks_.stop_token();
      (void)co_await Sleep(ctx, kSmtpAcceptPause);
    }
  }
}

Task<bool> SmtpListener::Send(PolledDescriptor& connection, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      text.remove_prefix(static_cast<size_t>(sent));
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
      co_return false;
    } else {
      const IdleTimer timer(*loop_, connection);
      if (!co_await connection.WaitWritable()) co_return false;
    }
  }
  co_return true;
}

Task<std::string> SmtpListener::Take(SmtpSession::Message message, const std::string& peer) {
  const std::string id = random_->Hex(20);
  Context ctx(*loop_);
  ctx.stop = tasks_.stop_token();
  MailIntake::Arrival arrival{.mail = {.message_id = id, .source = std::move(message.source), .recipients = std::move(message.recipients), .is_by_smtp = true,
                                       .received_millis = 0, .raw = std::move(message.raw)},
                              .peer = peer, .helo = std::move(message.helo)};
  const auto accepted = co_await intake_->Accept(ctx, std::move(arrival));
  if (accepted) co_return SmtpSession::Accepted(id);
  log::Error("mail from {} is refused: {}", peer, accepted.error().ToString());
  co_return SmtpSession::Refused();
}

Task<bool> SmtpListener::Answer(PolledDescriptor& connection, SmtpSession& session, std::string& input, const std::string& peer) {
  while (true) {
    SmtpSession::Step step = session.Feed(input);
    input.erase(0, step.consumed);
    if (step.message) step.reply = co_await Take(std::move(*step.message), peer);
    if (!step.reply.empty() && !co_await Send(connection, step.reply)) co_return false;
    if (step.closes) co_return false;
    if (step.consumed == 0) co_return true;
  }
}

Task<> SmtpListener::Serve(UniqueFd fd, std::string peer) {
  PolledDescriptor connection(*loop_, std::move(fd));
  open_.insert(&connection);
  SmtpSession session("inbound-smtp.amazonaws.com", [&](std::string_view recipient) { return intake_->AnswerTo(recipient, peer); });
  std::string input;
  const auto buffer = std::make_unique<std::array<char, kSmtpPieceMax>>();
  bool goes_on = co_await Send(connection, session.Greeting());
  while (goes_on && !tasks_.stop_token().stop_requested()) {
    Result<size_t> read = 0;
    {
      const IdleTimer timer(*loop_, connection);
      read = co_await connection.ReadSome(buffer->data(), buffer->size());
    }
    if (!read || *read == 0) break;
    input.append(buffer->data(), *read);
    goes_on = co_await Answer(connection, session, input, peer);
  }
  open_.erase(&connection);
}

}  // namespace mayfly::ses
