// QueueSource: what the poller of an event source mapping, and the operations on mappings, need of a queue service in this
// process. The queue service implements it; mayflyd connects the two. Queues are named by ARN; they belong to the account and
// region in it.
//
// One strand. A message that Receive has given out is hidden until `hidden_until` (the queue's own visibility timeout) and must
// come back then unless it was deleted: also after a crash, and also when the poller forgets it. The queue counts receives and
// moves messages to its dead-letter queue; the poller knows nothing of that.
//
// FIFO queues fit in: Receive gives messages of a group in order and none of a group that has messages in flight.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "base/task.h"

namespace mayfly::sources {

// Code of the service error that every method gives when there is no such queue (any more).
inline constexpr std::string_view kQueueDoesNotExist = "QueueDoesNotExist";

struct QueueMessageAttribute {
  std::string name;
  std::string data_type;  // "String", "Number.int", "Binary.png" …
  std::string value;      // the text; of a Binary one its bytes
};

// What the sender gave. Immutable: a queue that keeps messages in memory shares them.
struct QueueMessage {
  std::string message_id;
  std::string body;
  std::string md5_of_body;  // lower-case hex
  std::string sender_id;
  int64_t sent_epoch_millis = 0;
  std::vector<QueueMessageAttribute> attributes;
  std::string md5_of_attributes;  // "" without attributes
  std::string trace_header;  // AWSTraceHeader; "" for none, as all that follow
  std::string dead_letter_source_arn;
  std::string group_id;
  std::string deduplication_id;
  std::string sequence_number;
};

struct ReceivedMessage {
  std::shared_ptr<const QueueMessage> message;
  std::string receipt_handle;
  int64_t receive_count = 1;  // this time included
  int64_t first_received_epoch_millis = 0;
};

struct ReceivedMessages {
  std::vector<ReceivedMessage> messages;
  TimePoint hidden_until{};  // of the loop's clock
};

struct ReceiveRequest {
  std::string queue_arn;
  size_t messages_max = 10;  // 1 to 10,000: not the API's limit
  // At most this many bytes of bodies, except that the first message is given out whatever its size.
  size_t body_bytes_max = 6 * 1024 * 1024;
  Duration wait{};  // for the first message; 0: what is there now
};

struct VisibilityChange {
  std::string receipt_handle;
  std::chrono::seconds hidden_for{};  // from now; 0: visible at once
};

struct QueueDescription {
  std::chrono::seconds visibility_timeout{};
  int64_t visible = 0;  // approximate numbers of messages
  int64_t in_flight = 0;
  int64_t delayed = 0;
};

class QueueSource {
 public:
  virtual ~QueueSource() = default;

  virtual Task<Result<QueueDescription>> Describe(Context& ctx, std::string queue_arn) = 0;

  // Takes what is there, and answers as soon as there is one message: a message that is sent, becomes visible again or ends its
  // delay wakes a waiting call, there is no timer in between. Calls that wait are served in turn. Not an error: none, when the
  // wait is over. Either messages are returned or none was taken, also when ctx.stop (error Cancelled) and a message coincide.
  // A queue that is deleted ends the calls that wait on it.
  virtual Task<Result<ReceivedMessages>> Receive(Context& ctx, ReceiveRequest request) = 0;

  // Any number of handles; durable as one commit when the task completes. Not errors: handles of messages that are gone.
  virtual Task<Result<>> Delete(Context& ctx, std::string queue_arn, std::vector<std::string> receipt_handles) = 0;

  // Any number. Not errors: handles of messages that are gone or visible.
  virtual Task<Result<>> ChangeVisibility(Context& ctx, std::string queue_arn, std::vector<VisibilityChange> changes) = 0;
};

}  // namespace mayfly::sources
