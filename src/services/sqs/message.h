// Message: what a sender gave, as it is kept in the store and given to receivers, and the rules for it.
//
// Pure functions, any thread. Source: AWS "Amazon SQS message attributes", "Amazon SQS message quotas", the API reference.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sources/queue_source.h"

namespace mayfly::sqs {

inline constexpr size_t kMessageBytesMax = 1'048'576;  // of a message, and of a batch
inline constexpr size_t kMessageAttributesMax = 10;

using MessageAttribute = sources::QueueMessageAttribute;

// A message as it lies in the store: what a receiver sees, and what came of it in a queue that it was in before.
struct StoredMessage {
  sources::QueueMessage message;
  int64_t earlier_receives = 0;      // in the queue that it is the dead letter of
  int64_t first_received_millis = 0; // there; 0: it was not
};

// What is stored. Round trip: Decode(Encode(m)) == m.
std::string EncodeMessage(const StoredMessage& message);
// Error: Fault, the bytes are none of ours.
Result<StoredMessage> DecodeMessage(std::string_view bytes);

// In bytes of UTF-8, as the limits count: the body, and of each attribute name, type and value.
size_t MessageBytes(std::string_view body, const std::vector<MessageAttribute>& attributes);

// Errors: InvalidParameterValue, InvalidMessageContents, MissingParameter, in AWS's words.
Result<> CheckBody(std::string_view body, size_t bytes, size_t bytes_max);
Result<> CheckAttributes(const std::vector<MessageAttribute>& attributes);

// The checksum that SDKs compare: over the attributes in the order of their names. "" without any.
std::string Md5OfAttributes(std::vector<const MessageAttribute*> attributes);

// Which attributes a receiver has asked for: names, "All", ".*", "prefix.*".
std::vector<const MessageAttribute*> SelectAttributes(const std::vector<MessageAttribute>& attributes, const std::vector<std::string>& names);

}  // namespace mayfly::sqs
