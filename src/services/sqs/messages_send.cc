// SendMessage, SendMessageBatch.
#include <fmt/format.h>

#include <algorithm>

#include "services/sqs/batch.h"
#include "services/sqs/errors.h"
#include "services/sqs/fifo.h"
#include "services/sqs/messages_api.h"
#include "services/sqs/queue_lookup.h"

namespace mayfly::sqs {
namespace {

constexpr std::string_view kTraceAttribute = "AWSTraceHeader";

template <typename Value>
Result<MessageAttribute> ReadAttribute(const std::string& name, const Value& value) {
  if (value.string_list_values || value.binary_list_values) {
    return Fail(Error::Service("UnsupportedOperation", "Message attribute list values in SendMessage operation are not supported."));
  }
  if (value.data_type.empty())
    return Fail(InvalidParameterValue(fmt::format("The message attribute '{}' must contain a non-empty DataType.", name)));
  MessageAttribute attribute{name, value.data_type, {}};
  const bool binary = value.data_type.starts_with("Binary");
  const auto& wanted = binary ? value.binary_value : value.string_value;
  const auto& other = binary ? value.string_value : value.binary_value;
  if (wanted) {
    attribute.value = *wanted;
  } else if (other) {
    return Fail(InvalidParameterValue(fmt::format("The message attribute '{}' with type '{}' must use field '{}'.", name,
                                                  binary ? "Binary" : "String", binary ? "Binary" : "String")));
  }
  return attribute;
}

Result<std::vector<MessageAttribute>> ReadAttributes(const std::optional<wire::Map<MessageAttributeValue>>& attributes) {
  std::vector<MessageAttribute> read;
  if (!attributes) return read;
  for (const auto& [name, value] : *attributes) {
    MF_TRY(MessageAttribute attribute, ReadAttribute(name, value));
    read.push_back(std::move(attribute));
  }
  return read;
}

Result<std::vector<MessageAttribute>> ReadSystemAttributes(const std::optional<wire::Map<MessageSystemAttributeValue>>& attributes) {
  std::vector<MessageAttribute> read;
  if (!attributes) return read;
  for (const auto& [name, value] : *attributes) {
    if (name != kTraceAttribute) {
      return Fail(InvalidParameterValue(fmt::format("Message system attribute name '{}' is invalid.", name)));
    }
    MF_TRY(MessageAttribute attribute, ReadAttribute(name, value));
    if (attribute.data_type != "String" || attribute.value.empty()) {
      return Fail(
          InvalidParameterValue(fmt::format("Message system attribute '{}' must contain a non-empty value of type 'String'.", name)));
    }
    read.push_back(std::move(attribute));
  }
  return read;
}

std::string Md5OfAll(const std::vector<MessageAttribute>& attributes) {
  std::vector<const MessageAttribute*> all;
  for (const MessageAttribute& attribute : attributes) all.push_back(&attribute);
  return Md5OfAttributes(std::move(all));
}

// A user's or role's id stands here in AWS. Of a session: ROLE:SESSION.
std::string SenderIdOf(const Principal& principal) {
  constexpr std::string_view kRole = ":assumed-role/";
  const size_t at = principal.arn.find(kRole);
  if (at == std::string::npos) return principal.account_id;
  std::string id = principal.arn.substr(at + kRole.size());
  std::ranges::replace(id, '/', ':');
  return id;
}

Result<> CheckDelay(const Queue& queue, const std::optional<int>& seconds) {
  if (queue.fifo && seconds && *seconds != 0) return Fail(InvalidValue(fmt::to_string(*seconds), "DelaySeconds", kOfOtherQueueType));
  if (!seconds || (*seconds >= 0 && *seconds <= 900)) return {};
  return Fail(InvalidValue(fmt::to_string(*seconds), "DelaySeconds", "DelaySeconds must be >= 0 and <= 900."));
}

// One message of SendMessage or SendMessageBatch, checked.
struct Checked {
  OutgoingMessage message;
  std::string md5_of_system_attributes;
};

template <typename Entry>
size_t EntryBytes(const Entry& entry) {
  size_t bytes = entry.message_body.size();
  if (!entry.message_attributes) return bytes;
  for (const auto& [name, value] : *entry.message_attributes) {
    bytes += name.size() + value.data_type.size() + value.string_value.value_or("").size() + value.binary_value.value_or("").size();
  }
  return bytes;
}

template <typename Entry>
Result<Checked> CheckMessage(const Context& ctx, const Queue& queue, Entry& entry) {
  MF_TRY_VOID(CheckDelay(queue, entry.delay_seconds));
  MF_TRY_VOID(CheckGroupId(queue, entry.message_group_id));
  MF_TRY(std::string deduplication_id, DeduplicationIdOf(queue, entry.message_deduplication_id, entry.message_body));
  MF_TRY(auto attributes, ReadAttributes(entry.message_attributes));
  MF_TRY(const auto system, ReadSystemAttributes(entry.message_system_attributes));
  MF_TRY_VOID(CheckBody(entry.message_body, MessageBytes(entry.message_body, attributes), static_cast<size_t>(queue.maximum_message_size)));
  MF_TRY_VOID(CheckAttributes(attributes));
  Checked checked;
  checked.md5_of_system_attributes = Md5OfAll(system);
  sources::QueueMessage& message = checked.message.stored.message;
  message.deduplication_id = std::move(deduplication_id);
  message.body = std::move(entry.message_body);
  message.attributes = std::move(attributes);
  message.sender_id = SenderIdOf(ctx.principal);
  message.trace_header = system.empty() ? ctx.trace_header : system.front().value;
  if (entry.message_group_id) message.group_id = *entry.message_group_id;
  checked.message.delay_seconds = queue.fifo ? queue.delay_seconds : entry.delay_seconds.value_or(queue.delay_seconds);
  return checked;
}

}  // namespace

Task<Result<SendMessageResponse>> MessagesApi::SendMessage(Context& ctx, SendMessageRequest request) {
  MF_CO_TRY(const QueuePointer queue, FindQueue(queues_, ctx, request.queue_url));
  MF_CO_TRY(Checked checked, CheckMessage(ctx, *queue, request));
  queues_.Stamp(checked.message.stored);
  const sources::QueueMessage& message = checked.message.stored.message;
  SendMessageResponse response{.md5_of_message_body = message.md5_of_body,
                               .md5_of_message_attributes = IfAny(message.md5_of_attributes),
                               .md5_of_message_system_attributes = IfAny(checked.md5_of_system_attributes)};
  std::vector<OutgoingMessage> messages;
  messages.push_back(std::move(checked.message));
  MF_CO_TRY(auto sent, co_await queues_.Send(ctx, queue, std::move(messages)));
  response.message_id = std::move(sent.front().message_id);
  response.sequence_number = IfAny(std::move(sent.front().sequence_number));
  co_return response;
}

Task<Result<SendMessageBatchResponse>> MessagesApi::SendMessageBatch(Context& ctx, SendMessageBatchRequest request) {
  MF_CO_TRY(const QueuePointer queue, FindQueue(queues_, ctx, request.queue_url));
  MF_CO_TRY_VOID(CheckBatch(request.entries, "SendMessageBatchRequestEntry"));
  size_t bytes = 0;
  for (const auto& entry : request.entries) bytes += EntryBytes(entry);
  if (bytes > kMessageBytesMax) {
    co_return Fail(
        Error::Service("BatchRequestTooLong",
                       fmt::format("Batch requests cannot be longer than {} bytes. You have sent {} bytes.", kMessageBytesMax, bytes)));
  }
  SendMessageBatchResponse response;
  std::vector<OutgoingMessage> messages;
  std::vector<SendMessageBatchResultEntry> sent;
  for (SendMessageBatchRequestEntry& entry : request.entries) {
    auto checked = CheckMessage(ctx, *queue, entry);
    if (!checked) {
      AddTo(response.failed, FailedEntry(entry.id, checked.error()));
      continue;
    }
    queues_.Stamp(checked->message.stored);
    const sources::QueueMessage& message = checked->message.stored.message;
    sent.push_back({.id = entry.id,
                    .message_id = {},
                    .md5_of_message_body = message.md5_of_body,
                    .md5_of_message_attributes = IfAny(message.md5_of_attributes),
                    .md5_of_message_system_attributes = IfAny(checked->md5_of_system_attributes)});
    messages.push_back(std::move(checked->message));
  }
  if (messages.empty()) co_return response;
  MF_CO_TRY(auto outcomes, co_await queues_.Send(ctx, queue, std::move(messages)));
  for (size_t i = 0; i < sent.size(); ++i) {
    sent[i].message_id = std::move(outcomes[i].message_id);
    sent[i].sequence_number = IfAny(std::move(outcomes[i].sequence_number));
  }
  response.successful = std::move(sent);
  co_return response;
}

}  // namespace mayfly::sqs
