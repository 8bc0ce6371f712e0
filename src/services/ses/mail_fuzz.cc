// Mail comes from strangers: whatever the bytes are, its header is read, and an SMTP session says the same however they are cut into pieces.
#include "services/ses/mail.h"
#include "services/ses/smtp_session.h"

using namespace mayfly::ses;

namespace {

// All that a session answers, and the messages that came.
std::string TranscriptOf(std::string_view bytes, size_t piece) {
  SmtpSession session("host", [](std::string_view recipient) { return recipient.starts_with('x') ? MailIntake::Answer::Unknown : MailIntake::Answer::Taken; });
  std::string transcript, input;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    input += bytes.substr(at, piece);
    while (true) {
      const SmtpSession::Step step = session.Feed(input);
      if (step.consumed > input.size()) __builtin_trap();
      input.erase(0, step.consumed);
      transcript += step.reply;
      if (step.message) transcript += step.message->source + '\n' + step.message->raw;
      if (step.closes) return transcript;
      if (step.consumed == 0) break;
    }
    if (input.size() >= kSmtpPieceMax) __builtin_trap();
  }
  return transcript;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Mail mail = ReadMail(text);
  if (mail.header_bytes > size) __builtin_trap();
  for (const MailHeader& header : mail.headers) {
    for (const std::string& entry : AddressList(header.value)) (void)IsMailAddress(AddressOf(entry));
  }
  if (!ReadMail(WithoutHeader(text, "Bcc")).Header("Bcc").empty()) __builtin_trap();
  (void)IsInCidr("10.1.2.3", text.substr(0, 32));
  // Lines that are too long are told of as soon as that is known.
  if (size < kSmtpLineMax && TranscriptOf(text, size + 1) != TranscriptOf(text, 1)) __builtin_trap();
  return 0;
}
