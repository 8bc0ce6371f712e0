// QueueFilter: a mapping's FilterCriteria, asked of messages of a queue. What it refuses is deleted.
//
// A message is seen as its record in the event. Its body is an object (or list) of JSON or plain text, and so is what a pattern
// says of "body"; a pattern whose form is another one than the body's does not match. A pattern that says nothing of "body"
// does not look at it. Immutable.
#pragma once

#include "sources/record_filters.h"
#include "sources/queue_event.h"

namespace mayfly::sources {

class QueueFilter {
 public:
  QueueFilter(Filters filters, const QueueRecordWriter& writer) : filters_(std::move(filters)), writer_(&writer) {}

  // Whether the function wants the message: always, without patterns.
  bool Wants(const ReceivedMessage& received) const;

 private:
  Filters filters_;
  const QueueRecordWriter* writer_;
};

}  // namespace mayfly::sources
