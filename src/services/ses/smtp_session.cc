#include "services/ses/smtp_session.h"

#include <fmt/format.h>

#include "base/text.h"

namespace mayfly::ses {
namespace {

constexpr size_t kHeloMax = 255;

bool TakeWord(std::string_view& text, std::string_view word) {
  if (!StartsWithIgnoringCase(text, word)) return false;
  text = Trim(text.substr(word.size()));
  return true;
}

// "<a@b> SIZE=10": the path without its brackets, and what stands behind it. nullopt: it is no path.
std::optional<std::string> TakePath(std::string_view& text) {
  if (!text.starts_with('<')) return std::nullopt;
  const size_t close = text.find('>');
  if (close == std::string_view::npos) return std::nullopt;
  std::string_view path = text.substr(1, close - 1);
  text = Trim(text.substr(close + 1));
  if (path.starts_with('@')) {  // a route, which nobody follows any more
    const size_t colon = path.find(':');
    path = colon == std::string_view::npos ? std::string_view() : path.substr(colon + 1);
  }
  return std::string(path);
}

// A number that is too large to be one is too large.
std::optional<uint64_t> SizeOf(std::string_view parameters) {
  for (const std::string_view parameter : Split(parameters, ' ')) {
    if (!StartsWithIgnoringCase(parameter, "SIZE=")) continue;
    return ParseNumber<uint64_t>(parameter.substr(5)).value_or(UINT64_MAX);
  }
  return std::nullopt;
}

bool AreKnown(std::string_view parameters) {
  for (const std::string_view parameter : Split(parameters, ' ')) {
    if (!parameter.empty() && !StartsWithIgnoringCase(parameter, "SIZE=") && !StartsWithIgnoringCase(parameter, "BODY=")) return false;
  }
  return true;
}

std::string Printable(std::string_view text) {
  std::string out;
  for (const char c : text) out += c > ' ' && c < 127 ? c : '?';
  return out;
}

}  // namespace

std::string SmtpSession::Greeting() const { return fmt::format("220 {} ESMTP Mayfly\r\n", host_); }

std::string SmtpSession::Accepted(std::string_view message_id) { return fmt::format("250 2.0.0 OK {}\r\n", message_id); }

std::string SmtpSession::Refused() { return "451 4.3.0 Requested action aborted: local error in processing\r\n"; }

void SmtpSession::Forget() {
  message_ = {.helo = std::move(message_.helo), .source = {}, .recipients = {}, .raw = {}};
  has_source_ = is_in_data_ = is_in_line_ = is_too_large_ = false;
}

std::string SmtpSession::Bad(std::string_view reply) {
  ++errors_;
  return std::string(reply);
}

std::string SmtpSession::Hello(std::string_view name, bool is_extended) {
  if (name.empty() || name.size() > kHeloMax) return Bad("501 5.5.4 Syntax: EHLO hostname\r\n");
  Forget();
  message_.helo = Printable(name.substr(0, name.find(' ')));
  if (!is_extended) return fmt::format("250 {}\r\n", host_);
  return fmt::format("250-{}\r\n250-8BITMIME\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE {}\r\n", host_, kMailBytesMax);
}

std::string SmtpSession::From(std::string_view rest) {
  if (message_.helo.empty()) return Bad("503 5.5.1 EHLO first\r\n");
  if (has_source_) return Bad("503 5.5.1 Sender already given\r\n");
  auto path = TakePath(rest);
  if (!path || (!path->empty() && !IsMailAddress(*path))) return Bad("501 5.1.7 Bad sender address syntax\r\n");
  if (!AreKnown(rest)) return Bad("555 5.5.4 Unsupported option\r\n");
  if (SizeOf(rest).value_or(0) > kMailBytesMax) return Bad("552 5.3.4 Message size exceeds fixed limit\r\n");
  message_.source = std::move(*path);
  has_source_ = true;
  return "250 2.1.0 OK\r\n";
}

std::string SmtpSession::To(std::string_view rest) {
  if (!has_source_) return Bad("503 5.5.1 MAIL first\r\n");
  auto path = TakePath(rest);
  if (!path || !IsMailAddress(*path)) return Bad("501 5.1.3 Bad recipient address syntax\r\n");
  if (!rest.empty()) return Bad("555 5.5.4 Unsupported option\r\n");
  if (message_.recipients.size() >= kMailRecipientsMax) return Bad("452 4.5.3 Too many recipients\r\n");
  switch (answer_to_(*path)) {
    case MailIntake::Answer::Unknown: return Bad("550 5.1.1 Requested action not taken: mailbox unavailable\r\n");
    case MailIntake::Answer::NeedsTls: return Bad("530 5.7.0 Must issue a STARTTLS command first\r\n");
    case MailIntake::Answer::Blocked: return Bad("550 5.7.1 Blocked by an IP address filter\r\n");
    case MailIntake::Answer::Taken: break;
  }
  message_.recipients.push_back(std::move(*path));
  return "250 2.1.5 OK\r\n";
}

std::string SmtpSession::Command(std::string_view line, bool& closes) {
  if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) return Bad("500 5.5.2 Lines end with CRLF\r\n");
  std::string_view rest = line;
  if (TakeWord(rest, "MAIL FROM:")) return From(rest);
  if (TakeWord(rest, "RCPT TO:")) return To(rest);
  const std::string_view word = line.substr(0, line.find(' '));
  rest = Trim(line.substr(word.size()));
  if (EqualIgnoringCase(word, "EHLO")) return Hello(rest, true);
  if (EqualIgnoringCase(word, "HELO")) return Hello(rest, false);
  if (EqualIgnoringCase(word, "NOOP")) return "250 2.0.0 OK\r\n";
  if (EqualIgnoringCase(word, "VRFY")) return "252 2.5.2 Send some mail, I'll try my best\r\n";
  if (EqualIgnoringCase(word, "HELP")) return "214 2.0.0 EHLO HELO MAIL RCPT DATA RSET NOOP VRFY QUIT\r\n";
  if (EqualIgnoringCase(word, "RSET")) {
    Forget();
    return "250 2.0.0 OK\r\n";
  }
  if (EqualIgnoringCase(word, "QUIT")) {
    closes = true;
    return fmt::format("221 2.0.0 {} closing\r\n", host_);
  }
  if (EqualIgnoringCase(word, "DATA")) {
    if (message_.recipients.empty()) return Bad(has_source_ ? "554 5.5.1 No valid recipients\r\n" : "503 5.5.1 MAIL first\r\n");
    is_in_data_ = true;
    return "354 End data with <CR><LF>.<CR><LF>\r\n";
  }
  return Bad("502 5.5.2 Command not implemented\r\n");
}

void SmtpSession::TakeLine(std::string_view line, bool is_whole) {
  if (!is_in_line_ && line.starts_with('.')) line.remove_prefix(1);
  is_in_line_ = !is_whole;
  if (is_too_large_ || message_.raw.size() + line.size() + 2 > kMailBytesMax) {
    is_too_large_ = true;
    message_.raw.clear();
    return;
  }
  message_.raw.append(line);
  if (is_whole) message_.raw.append("\r\n");
}

SmtpSession::Step SmtpSession::Data(std::string_view input) {
  Step step;
  while (true) {
    const std::string_view rest = input.substr(step.consumed);
    const size_t end = rest.find("\r\n");
    if (end == std::string_view::npos) {
      // All but what could be half of an end, as soon as it is a large piece.
      if (rest.size() < kSmtpPieceMax) return step;
      TakeLine(rest.substr(0, rest.size() - 1), false);
      step.consumed += rest.size() - 1;
      return step;
    }
    step.consumed += end + 2;
    if (is_in_line_ || rest.substr(0, end) != ".") {
      TakeLine(rest.substr(0, end), true);
      continue;
    }
    if (is_too_large_) {
      step.reply = Bad("552 5.3.4 Message size exceeds fixed limit\r\n");
    } else {
      step.message = message_;
    }
    Forget();
    return step;
  }
}

SmtpSession::Step SmtpSession::Feed(std::string_view input) {
  if (is_in_data_) return Data(input);
  const size_t end = input.find("\r\n");
  if (end == std::string_view::npos && input.size() <= kSmtpLineMax) return {};
  if (end == std::string_view::npos || end > kSmtpLineMax) {
    return {.consumed = input.size(), .reply = "500 5.5.2 Line too long\r\n", .message = std::nullopt, .closes = true};
  }
  Step step{.consumed = end + 2, .reply = {}, .message = std::nullopt, .closes = false};
  step.reply = Command(input.substr(0, end), step.closes);
  if (errors_ <= kSmtpErrorsMax) return step;
  step.reply = "421 4.7.0 Too many errors\r\n";
  step.closes = true;
  return step;
}

}  // namespace mayfly::ses
