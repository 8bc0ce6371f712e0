// QueueEvent: the event with which a function is invoked for messages of a queue: {"Records":[{"messageId":…},…]}, as AWS writes it.
//
// Built by appending, so that it knows its exact size after every message. Used by the poller, one per batch.
#pragma once

#include <string>
#include <string_view>

#include "sources/queue_source.h"

namespace mayfly::sources {

inline constexpr size_t kEventBytesMax = 6'291'456;  // of the payload of a synchronous invocation

// What all records of one queue have in common.
class QueueRecordWriter {
 public:
  explicit QueueRecordWriter(std::string_view queue_arn);

  // Appends one record, an object.
  void Append(const ReceivedMessage& received, std::string& out) const;

 private:
  std::string end_;  // from "eventSource" to the closing brace
};

class QueueEvent {
 public:
  // Appends the message, unless the whole would be larger than `bytes_max`: then false, and nothing has changed. The first
  // message is taken whatever its size.
  bool Add(const QueueRecordWriter& writer, const ReceivedMessage& received, size_t bytes_max = kEventBytesMax);
  bool empty() const { return records_.empty(); }
  size_t bytes() const { return records_.size(); }
  // The whole event. The object is empty afterwards.
  std::string Take();

 private:
  std::string records_;  // without the closing brackets
};

}  // namespace mayfly::sources
