// SmtpListener: takes mail from mail servers and programs, at the address that the operator gave (--ses-smtp). For a trusted network: without
// TLS and without authentication; it takes mail for rules of this daemon and relays nothing.
//
// One per daemon, on its strand. A message is answered 250 when it is durable. Bounds: kSmtpConnectionsMax at once, further ones are told 421;
// kSmtpIdle without a byte ends one.
#pragma once

#include <set>
#include <string>

#include "base/fd.h"
#include "base/random.h"
#include "base/task_scope.h"
#include "net/polled_descriptor.h"
#include "services/ses/smtp_session.h"

namespace mayfly::ses {

inline constexpr size_t kSmtpConnectionsMax = 100;
inline constexpr std::chrono::minutes kSmtpIdle{5};

class SmtpListener {
 public:
  // All outlive it.
  SmtpListener(RealLoop& loop, MailIntake& intake, Random& random);

  // `address`: "127.0.0.1:2525"; port 0 picks a free one. Error: a fault that says what to do.
  Result<> Listen(const std::string& address);
  void Start();
  Task<> Stop();
  // "127.0.0.1:2525"; "" when there is none.
  const std::string& address() const { return address_; }

 private:
  Task<> AcceptForEver();
  Task<> Serve(UniqueFd fd, std::string peer);
  // False: the connection ends.
  Task<bool> Answer(PolledDescriptor& connection, SmtpSession& session, std::string& input, const std::string& peer);
  Task<bool> Send(PolledDescriptor& connection, std::string_view text);
  Task<std::string> Take(SmtpSession::Message message, const std::string& peer);

  RealLoop* loop_;
  MailIntake* intake_;
  Random* random_;
  std::string address_;
  std::optional<PolledDescriptor> listener_;
  std::set<PolledDescriptor*> open_;
  TaskScope tasks_;
};

}  // namespace mayfly::ses
