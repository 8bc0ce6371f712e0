// What FIFO queues ask of a message besides: its group, what it is known by for five minutes, and its number.
//
// Pure functions. Source: AWS "Amazon SQS FIFO queues", the API reference of SendMessage.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/sqs/message.h"
#include "services/sqs/queue.h"
#include "store/store.h"

namespace mayfly::sqs {

// For how long a message of the same deduplication id is taken and not put into the queue, from the first one on.
inline constexpr Duration kDeduplicationTime = std::chrono::minutes(5);
inline constexpr std::string_view kOfOtherQueueType = "The request include parameter that is not valid for this queue type.";

bool IsFifoName(std::string_view queue_name);

// 1 to 128 letters, digits and punctuation marks: groups, deduplication ids, receive attempts. Error: InvalidParameterValue.
Result<> CheckFifoText(std::string_view text, std::string_view parameter);

// Of a message to `queue`, of either type. Errors: MissingParameter, InvalidParameterValue.
Result<> CheckGroupId(const Queue& queue, const std::optional<std::string>& group_id);
// The given one, or the body's SHA-256 where the queue wants that; "" in a standard queue. Error: InvalidParameterValue.
Result<std::string> DeduplicationIdOf(const Queue& queue, const std::optional<std::string>& given, std::string_view body);

// How a new message takes its place in the store's ordered queue.
store::GroupedItem PlaceOf(const Queue& queue, const sources::QueueMessage& message, WallTime now);
// Of the message that the store has under `item`: 20 digits, rising with it.
std::string SequenceNumberOf(int64_t item);

}  // namespace mayfly::sqs
