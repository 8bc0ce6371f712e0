// ReceiveMessage, DeleteMessage, ChangeMessageVisibility, and the batches of them.
#include <fmt/format.h>

#include <algorithm>

#include "services/sqs/batch.h"
#include "services/sqs/errors.h"
#include "services/sqs/fifo.h"
#include "services/sqs/messages_api.h"
#include "services/sqs/queue_lookup.h"
#include "wire/error_response.h"

namespace mayfly::sqs {
namespace {

constexpr int kVisibilityMax = 43'200;
constexpr std::string_view kSystemAttributes[] = {"All",
                                                  "SenderId",
                                                  "SentTimestamp",
                                                  "ApproximateReceiveCount",
                                                  "ApproximateFirstReceiveTimestamp",
                                                  "SequenceNumber",
                                                  "MessageDeduplicationId",
                                                  "MessageGroupId",
                                                  "AWSTraceHeader",
                                                  "DeadLetterQueueSourceArn"};

struct WantedAttributes {
  bool all = false;
  std::vector<std::string> names;
  bool Has(std::string_view name) const { return all || std::ranges::find(names, name) != names.end(); }
};

Result<WantedAttributes> ReadWanted(ReceiveMessageRequest& request) {
  WantedAttributes wanted;
  for (auto* list : {&request.attribute_names, &request.message_system_attribute_names}) {
    if (!*list) continue;
    for (std::string& name : **list) {
      const bool known = std::ranges::find(kSystemAttributes, name) != std::end(kSystemAttributes);
      if (!known) return Fail(Error::Service("InvalidAttributeName", fmt::format("Unknown Attribute {}.", name)));
      wanted.all = wanted.all || name == "All";
      wanted.names.push_back(std::move(name));
    }
  }
  return wanted;
}

Result<ReceiveOptions> ReadOptions(const ReceiveMessageRequest& request, const Queue& queue) {
  ReceiveOptions options;
  const int count = request.max_number_of_messages.value_or(1);
  if (count < 1 || count > static_cast<int>(kBatchMax)) {
    return Fail(InvalidValue(fmt::to_string(count), "MaxNumberOfMessages", "Must be between 1 and 10, if provided."));
  }
  options.messages_max = static_cast<size_t>(count);
  options.visibility_timeout = request.visibility_timeout.value_or(queue.visibility_timeout);
  if (options.visibility_timeout < 0 || options.visibility_timeout > kVisibilityMax) {
    return Fail(InvalidValue(fmt::to_string(options.visibility_timeout), "VisibilityTimeout", "Must be between 0 and 43200, if provided."));
  }
  const int wait = request.wait_time_seconds.value_or(queue.receive_wait_seconds);
  if (wait < 0 || wait > 20) return Fail(InvalidValue(fmt::to_string(wait), "WaitTimeSeconds", "Must be >= 0 and <= 20, if provided."));
  options.wait = std::chrono::seconds(wait);
  if (const auto& attempt = request.receive_request_attempt_id) {
    if (!queue.fifo) return Fail(InvalidValue(*attempt, "ReceiveRequestAttemptId", kOfOtherQueueType));
    MF_TRY_VOID(CheckFifoText(*attempt, "ReceiveRequestAttemptId"));
    options.attempt_id = *attempt;
  }
  return options;
}

wire::Map<std::string> SystemAttributesOf(const IncomingMessage& incoming, const WantedAttributes& wanted) {
  const sources::QueueMessage& message = incoming.stored.message;
  wire::Map<std::string> attributes;
  auto add = [&](std::string_view name, std::string value) {
    if (!value.empty() && wanted.Has(name)) attributes.emplace_back(name, std::move(value));
  };
  add("SenderId", message.sender_id);
  add("ApproximateFirstReceiveTimestamp", fmt::to_string(incoming.first_received_millis));
  add("ApproximateReceiveCount", fmt::to_string(incoming.receive_count));
  add("SentTimestamp", fmt::to_string(message.sent_epoch_millis));
  add("AWSTraceHeader", message.trace_header);
  add("DeadLetterQueueSourceArn", message.dead_letter_source_arn);
  add("MessageGroupId", message.group_id);
  add("MessageDeduplicationId", message.deduplication_id);
  add("SequenceNumber", message.sequence_number);
  return attributes;
}

MessageAttributeValue ValueOf(const MessageAttribute& attribute) {
  MessageAttributeValue value{.data_type = attribute.data_type};
  (attribute.data_type.starts_with("Binary") ? value.binary_value : value.string_value) = attribute.value;
  return value;
}

Message MessageOf(IncomingMessage& incoming, std::string handle, const WantedAttributes& wanted, const std::vector<std::string>& names) {
  Message message;
  sources::QueueMessage& kept = incoming.stored.message;
  message.message_id = kept.message_id;
  message.receipt_handle = std::move(handle);
  message.md5_of_body = kept.md5_of_body;
  if (auto attributes = SystemAttributesOf(incoming, wanted); !attributes.empty()) message.attributes = std::move(attributes);
  const auto selected = SelectAttributes(kept.attributes, names);
  if (!selected.empty()) {
    auto& values = message.message_attributes.emplace();
    for (const MessageAttribute* attribute : selected) values.emplace_back(attribute->name, ValueOf(*attribute));
    message.md5_of_message_attributes = selected.size() == kept.attributes.size() ? kept.md5_of_attributes : Md5OfAttributes(selected);
  }
  message.body = std::move(kept.body);
  return message;
}

Error HandleHasExpired(std::string_view handle) {
  return InvalidValue(handle, "ReceiptHandle", "The receipt handle has expired.");
}

Error NotAvailable(std::string_view handle) {
  return InvalidValue(handle, "ReceiptHandle", "Message does not exist or is not available for visibility timeout change.");
}

Result<Queues::Visibility> ReadVisibility(const ReceiptHandles& handles, const Queue& queue, const std::string& handle, int seconds,
                                          int64_t now_seconds) {
  const auto receipt = handles.Read(queue.id, handle);
  if (!receipt) return Fail(ReceiptHandleIsInvalid(handle));
  if (seconds < 0 || seconds > kVisibilityMax) {
    return Fail(InvalidValue(fmt::to_string(seconds), "VisibilityTimeout", "Must be between 0 and 43200."));
  }
  if (now_seconds + seconds > receipt->received_seconds + kVisibilityMax + 1) {
    return Fail(InvalidValue(fmt::to_string(seconds), "VisibilityTimeout",
                             "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]"));
  }
  return Queues::Visibility{*receipt, seconds};
}

std::optional<Error> ErrorOf(store::LeaseOutcome outcome, std::string_view handle) {
  if (outcome == store::LeaseOutcome::Changed) return std::nullopt;
  if (outcome == store::LeaseOutcome::Gone) return NotAvailable(handle);
  return Error::Service("MessageNotInflight", "The specified message isn't in flight.");
}

}  // namespace

Task<Result<ReceiveMessageResponse>> MessagesApi::ReceiveMessage(Context& ctx, ReceiveMessageRequest request) {
  MF_CO_TRY(const QueuePointer queue, FindQueue(queues_, ctx, request.queue_url));
  MF_CO_TRY(const ReceiveOptions options, ReadOptions(request, *queue));
  MF_CO_TRY(const WantedAttributes wanted, ReadWanted(request));
  MF_CO_TRY(IncomingMessages incoming, co_await queues_.Receive(ctx, queue->name, options));
  if (incoming.limited && incoming.messages.empty() && options.wait == Duration::zero() && !queue->fifo) {
    co_return Fail(Error::Service("OverLimit", "Too many messages are in flight."));
  }
  const std::vector<std::string> names = request.message_attribute_names.value_or(std::vector<std::string>());
  ReceiveMessageResponse response;
  for (IncomingMessage& message : incoming.messages) {
    AddTo(response.messages, MessageOf(message, queues_.handles().Make(queue->id, message.receipt), wanted, names));
  }
  co_return response;
}

Task<Result<>> MessagesApi::DeleteMessage(Context& ctx, DeleteMessageRequest request) {
  MF_CO_TRY(const QueuePointer queue, FindQueue(queues_, ctx, request.queue_url));
  const auto receipt = queues_.handles().Read(queue->id, request.receipt_handle);
  if (!receipt) co_return Fail(ReceiptHandleIsInvalid(request.receipt_handle));
  std::vector<Receipt> receipts(1, *receipt);
  MF_CO_TRY(const auto outcomes, co_await queues_.DeleteMessages(ctx, queue, std::move(receipts)));
  if (outcomes.front() == store::LeaseOutcome::NotHeld) co_return Fail(HandleHasExpired(request.receipt_handle));
  co_return Result<>();
}

Task<Result<DeleteMessageBatchResponse>> MessagesApi::DeleteMessageBatch(Context& ctx, DeleteMessageBatchRequest request) {
  MF_CO_TRY(const QueuePointer queue, FindQueue(queues_, ctx, request.queue_url));
  MF_CO_TRY_VOID(CheckBatch(request.entries, "DeleteMessageBatchRequestEntry"));
  DeleteMessageBatchResponse response;
  std::vector<Receipt> receipts;
  std::vector<const DeleteMessageBatchRequestEntry*> asked;
  for (const DeleteMessageBatchRequestEntry& entry : request.entries) {
    const auto receipt = queues_.handles().Read(queue->id, entry.receipt_handle);
    if (receipt) {
      receipts.push_back(*receipt);
      asked.push_back(&entry);
    } else {
      AddTo(response.failed, FailedEntry(entry.id, ReceiptHandleIsInvalid(entry.receipt_handle)));
    }
  }
  MF_CO_TRY(const auto outcomes, co_await queues_.DeleteMessages(ctx, queue, std::move(receipts)));
  for (size_t i = 0; i < asked.size(); ++i) {
    if (outcomes[i] == store::LeaseOutcome::NotHeld) {
      AddTo(response.failed, FailedEntry(asked[i]->id, HandleHasExpired(asked[i]->receipt_handle)));
    } else {
      AddTo(response.successful, DeleteMessageBatchResultEntry{.id = asked[i]->id});
    }
  }
  co_return response;
}

Task<Result<>> MessagesApi::ChangeMessageVisibility(Context& ctx, ChangeMessageVisibilityRequest request) {
  MF_CO_TRY(const QueuePointer queue, FindQueue(queues_, ctx, request.queue_url));
  const int64_t now = ToEpochMillis(clock_.WallNow()) / 1000;
  MF_CO_TRY(const auto change, ReadVisibility(queues_.handles(), *queue, request.receipt_handle, request.visibility_timeout, now));
  std::vector<Queues::Visibility> changes(1, change);
  MF_CO_TRY(const auto outcomes, co_await queues_.ChangeVisibility(ctx, queue, std::move(changes)));
  if (auto error = ErrorOf(outcomes.front(), request.receipt_handle)) co_return Fail(std::move(*error));
  co_return Result<>();
}

Task<Result<ChangeMessageVisibilityBatchResponse>> MessagesApi::ChangeMessageVisibilityBatch(Context& ctx,
                                                                                             ChangeMessageVisibilityBatchRequest request) {
  MF_CO_TRY(const QueuePointer queue, FindQueue(queues_, ctx, request.queue_url));
  MF_CO_TRY_VOID(CheckBatch(request.entries, "ChangeMessageVisibilityBatchRequestEntry"));
  const int64_t now = ToEpochMillis(clock_.WallNow()) / 1000;
  ChangeMessageVisibilityBatchResponse response;
  std::vector<Queues::Visibility> changes;
  std::vector<const ChangeMessageVisibilityBatchRequestEntry*> asked;
  for (const ChangeMessageVisibilityBatchRequestEntry& entry : request.entries) {
    if (!entry.visibility_timeout) {
      AddTo(response.failed, FailedEntry(entry.id, wire::MissingParameter("VisibilityTimeout")));
      continue;
    }
    auto change = ReadVisibility(queues_.handles(), *queue, entry.receipt_handle, *entry.visibility_timeout, now);
    if (!change) {
      AddTo(response.failed, FailedEntry(entry.id, change.error()));
      continue;
    }
    changes.push_back(*change);
    asked.push_back(&entry);
  }
  if (changes.empty()) co_return response;
  MF_CO_TRY(const auto outcomes, co_await queues_.ChangeVisibility(ctx, queue, std::move(changes)));
  for (size_t i = 0; i < asked.size(); ++i) {
    if (auto error = ErrorOf(outcomes[i], asked[i]->receipt_handle)) {
      AddTo(response.failed, FailedEntry(asked[i]->id, *error));
    } else {
      AddTo(response.successful, ChangeMessageVisibilityBatchResultEntry{.id = asked[i]->id});
    }
  }
  co_return response;
}

}  // namespace mayfly::sqs
