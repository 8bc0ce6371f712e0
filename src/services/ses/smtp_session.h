// SmtpSession: one connection of the SMTP listener as a state machine on bytes: what a mail server says, and what it is answered. No socket,
// no time. Source: RFC 5321 (EHLO, HELO, MAIL, RCPT, DATA, RSET, NOOP, VRFY, HELP, QUIT), RFC 1870 (SIZE), RFC 2920 (PIPELINING), RFC 6152
// (8BITMIME), RFC 3463 (status codes). No TLS, no authentication.
//
// Lines end with CRLF and nothing else, so that no two servers can see different messages in the same bytes. Bounds: a line of commands
// kSmtpLineMax bytes, kMailBytesMax of a message, kMailRecipientsMax recipients, kSmtpErrorsMax refused commands.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/ses/mail_intake.h"

namespace mayfly::ses {

inline constexpr size_t kSmtpLineMax = 2'048;
inline constexpr size_t kSmtpPieceMax = 32 * 1024;  // of a message's line, which may be longer
inline constexpr int kSmtpErrorsMax = 20;

class SmtpSession {
 public:
  using AnswerTo = std::function<MailIntake::Answer(std::string_view recipient)>;
  // `host`: the name it answers by.
  SmtpSession(std::string host, AnswerTo answer_to) : host_(std::move(host)), answer_to_(std::move(answer_to)) {}

  struct Message {
    std::string helo;
    std::string source;
    std::vector<std::string> recipients;
    std::string raw;
  };
  struct Step {
    size_t consumed = 0;  // of the input; 0: more is needed
    std::string reply;
    std::optional<Message> message;  // has come as a whole: Accepted or Refused says what it is answered
    bool closes = false;
  };

  std::string Greeting() const;
  // Takes the next command, or what there is of a message. `input`: what has come and was not consumed; with kSmtpPieceMax bytes or more
  // it always consumes some.
  Step Feed(std::string_view input);
  static std::string Accepted(std::string_view message_id);
  static std::string Refused();  // for now: it is to come again

 private:
  std::string Command(std::string_view line, bool& closes);
  std::string Hello(std::string_view name, bool is_extended);
  std::string From(std::string_view rest);
  std::string To(std::string_view rest);
  Step Data(std::string_view input);
  void TakeLine(std::string_view line, bool is_whole);
  std::string Bad(std::string_view reply);
  void Forget();

  std::string host_;
  AnswerTo answer_to_;
  Message message_;
  bool has_source_ = false;
  bool is_in_data_ = false;
  bool is_in_line_ = false;   // the last piece of the message was no whole line
  bool is_too_large_ = false;
  int errors_ = 0;
};

}  // namespace mayfly::ses
