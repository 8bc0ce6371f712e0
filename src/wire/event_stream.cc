#include "wire/event_stream.h"

#include <zlib.h>

#include "base/result.h"

namespace mayfly::wire {
namespace {

constexpr size_t kPreludeBytes = 12;  // two lengths and their checksum
constexpr size_t kFrameBytes = kPreludeBytes + 4;

uint32_t Crc32(std::string_view bytes) {
  return static_cast<uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

void PutNumber(std::string& out, uint64_t number, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift & 0xff));
}

uint32_t TakeNumber(std::string_view bytes, size_t at, int count) {
  uint32_t number = 0;
  for (int i = 0; i < count; ++i) number = number << 8 | static_cast<unsigned char>(bytes[at + static_cast<size_t>(i)]);
  return number;
}

bool HasLength(EventHeaderType type) { return type == EventHeaderType::Bytes || type == EventHeaderType::String; }

// Of a type whose values are all of one size.
size_t ValueBytes(EventHeaderType type) {
  switch (type) {
    case EventHeaderType::Byte: return 1;
    case EventHeaderType::Short: return 2;
    case EventHeaderType::Integer: return 4;
    case EventHeaderType::Long:
    case EventHeaderType::Timestamp: return 8;
    case EventHeaderType::Uuid: return 16;
    default: return 0;
  }
}

size_t HeaderBytes(std::span<const EventHeader> headers) {
  size_t bytes = 0;
  for (const EventHeader& header : headers) bytes += 2 + header.name.size() + (HasLength(header.type) ? 2 : 0) + header.value.size();
  return bytes;
}

void AppendHeader(std::string& out, const EventHeader& header) {
  MF_ASSERT(!header.name.empty() && header.name.size() <= 255);
  PutNumber(out, header.name.size(), 1);
  out += header.name;
  PutNumber(out, static_cast<unsigned char>(header.type), 1);
  if (HasLength(header.type)) {
    MF_ASSERT(header.value.size() <= 65'535);
    PutNumber(out, header.value.size(), 2);
  } else {
    MF_ASSERT(header.value.size() == ValueBytes(header.type));
  }
  out += header.value;
}

// Takes one header off `input`; false when it does not add up.
bool TakeHeader(std::string_view& input, EventHeader& header) {
  if (input.empty()) return false;
  const size_t name_bytes = static_cast<unsigned char>(input[0]);
  if (name_bytes == 0 || input.size() < 2 + name_bytes) return false;
  header.name = input.substr(1, name_bytes);
  const auto type = static_cast<unsigned char>(input[1 + name_bytes]);
  if (type > static_cast<unsigned char>(EventHeaderType::Uuid)) return false;
  header.type = static_cast<EventHeaderType>(type);
  input.remove_prefix(2 + name_bytes);
  size_t value_bytes = ValueBytes(header.type);
  if (HasLength(header.type)) {
    if (input.size() < 2) return false;
    value_bytes = TakeNumber(input, 0, 2);
    input.remove_prefix(2);
  }
  if (input.size() < value_bytes) return false;
  header.value = input.substr(0, value_bytes);
  input.remove_prefix(value_bytes);
  return true;
}

}  // namespace

std::string_view EventMessage::Text(std::string_view name) const {
  for (const EventHeader& header : headers) {
    if (header.name == name && header.type == EventHeaderType::String) return header.value;
  }
  return {};
}

void AppendEventMessage(std::string& out, std::span<const EventHeader> headers, std::string_view payload) {
  const size_t header_bytes = HeaderBytes(headers);
  MF_ASSERT(header_bytes <= kEventHeaderBytesMax && payload.size() <= kEventPayloadBytesMax);
  const size_t begin = out.size();
  const size_t total = kFrameBytes + header_bytes + payload.size();
  out.reserve(begin + total);
  PutNumber(out, total, 4);
  PutNumber(out, header_bytes, 4);
  PutNumber(out, Crc32(std::string_view(out).substr(begin)), 4);
  for (const EventHeader& header : headers) AppendHeader(out, header);
  out += payload;
  PutNumber(out, Crc32(std::string_view(out).substr(begin)), 4);
}

EventDecoding DecodeEventMessage(std::string_view input, EventMessage& message) {
  using State = EventDecoding::State;
  if (input.size() < kPreludeBytes) return {};
  const size_t total = TakeNumber(input, 0, 4);
  const size_t header_bytes = TakeNumber(input, 4, 4);
  if (TakeNumber(input, 8, 4) != Crc32(input.substr(0, 8))) return {State::Malformed};
  if (header_bytes > kEventHeaderBytesMax || total < kFrameBytes + header_bytes) return {State::Malformed};
  const size_t payload_bytes = total - kFrameBytes - header_bytes;
  if (payload_bytes > kEventPayloadBytesMax) return {State::Malformed};
  if (input.size() < total) return {};
  if (TakeNumber(input, total - 4, 4) != Crc32(input.substr(0, total - 4))) return {State::Malformed};
  message.headers.clear();
  for (std::string_view rest = input.substr(kPreludeBytes, header_bytes); !rest.empty();) {
    if (!TakeHeader(rest, message.headers.emplace_back())) return {State::Malformed};
  }
  message.payload = input.substr(kPreludeBytes + header_bytes, payload_bytes);
  return {State::Message, total};
}

}  // namespace mayfly::wire
