// What the name server reads and writes of DNS messages: the head and the one question. Everything else of a message is passed on as it is.
//
// The bytes come from functions and from resolvers: hostile. Pure.
// Sources: RFC 1035 4.1, RFC 2181, RFC 6761.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mayfly::uplink {

inline constexpr size_t kDnsHeadBytes = 12;
inline constexpr size_t kDnsMessageBytesMax = 65535;
inline constexpr uint16_t kDnsTypeA = 1;
inline constexpr uint16_t kDnsTypeAaaa = 28;

enum class DnsCode : uint8_t { Ok = 0, FormatError = 1, ServerFailure = 2, NoSuchName = 3, Refused = 5 };

struct DnsQuestion {
  std::string name;  // lower case, without the last dot; "" is the root
  uint16_t type = 0;
  size_t end = 0;    // of the question in the message
};

// nullopt: no query that a resolver sends: another count of questions than one, a compressed name, one longer than 255 bytes.
std::optional<DnsQuestion> ReadQuery(std::string_view message);

// Whether `answer` is one to `query`: the same id and question.
bool Answers(std::string_view answer, std::string_view query);

uint16_t IdOf(std::string_view message);  // of at least kDnsHeadBytes
void SetId(std::string& message, uint16_t id);

// The answer to `query`, with one A record when there is an address. `question` is that of the query.
std::string WriteAnswer(std::string_view query, const DnsQuestion& question, DnsCode code, std::optional<uint32_t> address = std::nullopt);

}  // namespace mayfly::uplink
