#include "uplink/dns_message.h"

#include "base/text.h"

namespace mayfly::uplink {
namespace {

constexpr size_t kNameBytesMax = 255;
constexpr uint8_t kLabelBytesMax = 63;
constexpr uint8_t kResponse = 0x80;       // of the third byte
constexpr uint8_t kOperation = 0x78;
constexpr uint8_t kAuthoritative = 0x04;
constexpr uint8_t kWanted = 0x01;         // recursion is
constexpr uint8_t kAvailable = 0x80;      // recursion is; of the fourth byte
constexpr uint32_t kSecondsToLive = 60;

uint8_t ByteAt(std::string_view text, size_t at) { return static_cast<uint8_t>(text[at]); }
uint16_t NumberAt(std::string_view text, size_t at) { return static_cast<uint16_t>(ByteAt(text, at) << 8 | ByteAt(text, at + 1)); }

void Append16(std::string& out, unsigned value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value);
}

// The end of the name; 0: it is none.
size_t ReadName(std::string_view message, std::string& name) {
  size_t at = kDnsHeadBytes;
  while (at < message.size() && at - kDnsHeadBytes < kNameBytesMax) {
    const uint8_t size = ByteAt(message, at++);
    if (size == 0) return at;
    if (size > kLabelBytesMax || at + size > message.size()) return 0;
    if (!name.empty()) name += '.';
    name += LowerCase(message.substr(at, size));
    at += size;
  }
  return 0;
}

}  // namespace

std::optional<DnsQuestion> ReadQuery(std::string_view message) {
  if (message.size() < kDnsHeadBytes || message.size() > kDnsMessageBytesMax) return std::nullopt;
  if ((ByteAt(message, 2) & (kResponse | kOperation)) != 0 || NumberAt(message, 4) != 1 || NumberAt(message, 6) != 0) return std::nullopt;
  DnsQuestion question;
  const size_t end = ReadName(message, question.name);
  if (end == 0 || end + 4 > message.size()) return std::nullopt;
  question.type = NumberAt(message, end);
  question.end = end + 4;
  return question;
}

bool Answers(std::string_view answer, std::string_view query) {
  const auto question = ReadQuery(query);
  if (!question || answer.size() < question->end || (ByteAt(answer, 2) & kResponse) == 0) return false;
  if (IdOf(answer) != IdOf(query) || NumberAt(answer, 4) != 1) return false;
  return EqualIgnoringCase(answer.substr(kDnsHeadBytes, question->end - kDnsHeadBytes), query.substr(kDnsHeadBytes, question->end - kDnsHeadBytes));
}

uint16_t IdOf(std::string_view message) { return NumberAt(message, 0); }

void SetId(std::string& message, uint16_t id) {
  message[0] = static_cast<char>(id >> 8);
  message[1] = static_cast<char>(id);
}

std::string WriteAnswer(std::string_view query, const DnsQuestion& question, DnsCode code, std::optional<uint32_t> address) {
  std::string answer(query.substr(0, 2));
  answer += static_cast<char>(kResponse | kAuthoritative | (ByteAt(query, 2) & kWanted));
  answer += static_cast<char>(kAvailable | static_cast<uint8_t>(code));
  Append16(answer, 1);
  Append16(answer, address ? 1 : 0);
  Append16(answer, 0);
  Append16(answer, 0);
  answer += query.substr(kDnsHeadBytes, question.end - kDnsHeadBytes);
  if (!address) return answer;
  Append16(answer, 0xc000 | kDnsHeadBytes);  // the question's name
  Append16(answer, kDnsTypeA);
  Append16(answer, 1);
  Append16(answer, kSecondsToLive >> 16);
  Append16(answer, kSecondsToLive & 0xffff);
  Append16(answer, 4);
  Append16(answer, *address >> 16);
  Append16(answer, *address & 0xffff);
  return answer;
}

}  // namespace mayfly::uplink
