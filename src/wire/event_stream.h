// The framing of application/vnd.amazon.eventstream: messages of typed headers and a payload, each with its checksums.
//
// Pure functions, no I/O; for any service whose answers or requests are streams of events. Who writes an operation's answer
// uses event_writer.h; the decoder is for what comes in, and for tests.
// A message: total bytes (u32), header bytes (u32), CRC-32 of these eight, headers, payload, CRC-32 of all before it; big endian.
// Source: Smithy, "Amazon Event Stream Specification".
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::wire {

inline constexpr std::string_view kEventStreamType = "application/vnd.amazon.eventstream";
inline constexpr size_t kEventHeaderBytesMax = 128 * 1024;        // all headers of one message
inline constexpr size_t kEventPayloadBytesMax = 16 * 1024 * 1024;

// The numbers are those of the wire.
enum class EventHeaderType : unsigned char { True, False, Byte, Short, Integer, Long, Bytes, String, Timestamp, Uuid };

// `value`: the bytes of Bytes and String; of the others what stands on the wire, big endian (nothing for True and False).
struct EventHeader {
  std::string name;
  std::string value;
  EventHeaderType type = EventHeaderType::String;

  bool operator==(const EventHeader&) const = default;
};

struct EventMessage {
  std::vector<EventHeader> headers;
  std::string payload;

  // The text of the header of that name; empty when there is none, or it is no String.
  std::string_view Text(std::string_view name) const;
};

// Appends one message. The headers and the payload are within the limits above, names within 1..255 bytes, texts within 65,535.
void AppendEventMessage(std::string& out, std::span<const EventHeader> headers, std::string_view payload);

struct EventDecoding {
  enum class State : unsigned char { NeedMore, Message, Malformed };
  State state = State::NeedMore;
  size_t consumed = 0;  // Message: its bytes
};
// Takes one message off the front of `input` into `message`. NeedMore: it is not here whole. Malformed: a wrong checksum, a
// limit broken, headers that do not add up; nothing sensible can follow.
EventDecoding DecodeEventMessage(std::string_view input, EventMessage& message);

}  // namespace mayfly::wire
