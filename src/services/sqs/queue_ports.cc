#include "services/sqs/queue_ports.h"

#include <algorithm>

#include <fmt/format.h>

#include "services/sqs/errors.h"
#include "services/sqs/fifo.h"

namespace mayfly::sqs {

namespace {

std::string DataTypeOf(const delivery::DeliveryAttribute& attribute) {
  using Type = delivery::DeliveryAttribute::Type;
  const std::string_view type = attribute.type == Type::Number ? "Number" : attribute.type == Type::Binary ? "Binary" : "String";
  return attribute.label.empty() ? std::string(type) : fmt::format("{}.{}", type, attribute.label);
}

Result<> TakePlace(const Queue& queue, const delivery::Delivery& delivery, sources::QueueMessage& message) {
  auto given = [](const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); };
  const auto group = given(delivery.message_group_id);
  MF_TRY_VOID(CheckGroupId(queue, group));
  message.group_id = delivery.message_group_id;
  if (!queue.fifo) return {};
  MF_TRY(message.deduplication_id, DeduplicationIdOf(queue, given(delivery.message_deduplication_id), message.body));
  return {};
}

}  // namespace

Result<QueuePointer> QueuePorts::Get(std::string_view queue_arn) const {
  const auto name = ParseQueueArn(queue_arn);
  if (!name) return Fail(QueueDoesNotExist());
  return queues_->Get(*name);
}

Task<Result<sources::QueueDescription>> QueuePorts::Describe(Context&, std::string queue_arn) {
  MF_CO_TRY(const QueuePointer queue, Get(queue_arn));
  const store::QueueCounts counts = queues_->Counts(*queue);
  co_return sources::QueueDescription{.visibility_timeout = std::chrono::seconds(queue->visibility_timeout),
                                      .visible = std::max<int64_t>(0, counts.ready()),
                                      .in_flight = counts.leased,
                                      .delayed = counts.delayed};
}

Task<Result<sources::ReceivedMessages>> QueuePorts::Receive(Context& ctx, sources::ReceiveRequest request) {
  MF_CO_TRY(const QueuePointer queue, Get(request.queue_arn));
  const ReceiveOptions options{.messages_max = request.messages_max,
                               .bytes_max = request.body_bytes_max,
                               .visibility_timeout = queue->visibility_timeout,
                               .wait = request.wait};
  MF_CO_TRY(IncomingMessages incoming, co_await queues_->Receive(ctx, queue->name, options));
  sources::ReceivedMessages received{.messages = {}, .hidden_until = incoming.hidden_until};
  for (IncomingMessage& message : incoming.messages) {
    received.messages.push_back({.message = std::make_shared<const sources::QueueMessage>(std::move(message.stored.message)),
                                 .receipt_handle = queues_->handles().Make(queue->id, message.receipt),
                                 .receive_count = message.receive_count,
                                 .first_received_epoch_millis = message.first_received_millis});
  }
  co_return received;
}

Task<Result<>> QueuePorts::Delete(Context& ctx, std::string queue_arn, std::vector<std::string> receipt_handles) {
  MF_CO_TRY(const QueuePointer queue, Get(queue_arn));
  std::vector<Receipt> receipts;
  for (const std::string& handle : receipt_handles) {
    if (const auto receipt = queues_->handles().Read(queue->id, handle)) receipts.push_back(*receipt);
  }
  auto deleted = co_await queues_->DeleteMessages(ctx, queue, std::move(receipts));
  if (!deleted) co_return Fail(std::move(deleted).error());
  co_return Result<>();
}

Task<Result<>> QueuePorts::ChangeVisibility(Context& ctx, std::string queue_arn, std::vector<sources::VisibilityChange> changes) {
  MF_CO_TRY(const QueuePointer queue, Get(queue_arn));
  std::vector<Queues::Visibility> visibilities;
  for (const sources::VisibilityChange& change : changes) {
    if (const auto receipt = queues_->handles().Read(queue->id, change.receipt_handle)) {
      visibilities.push_back({*receipt, static_cast<int>(change.hidden_for.count())});
    }
  }
  auto changed = co_await queues_->ChangeVisibility(ctx, queue, std::move(visibilities));
  if (!changed) co_return Fail(std::move(changed).error());
  co_return Result<>();
}

Result<> QueuePorts::Authorize(const identity::RequestPrincipal& principal, std::string_view target_arn,
                               const identity::ConditionKeys& keys) const {
  const auto name = ParseQueueArn(target_arn);
  if (!name) return Fail(QueueDoesNotExist());
  return authorizer_->Authorize(principal, "sqs:SendMessage", *name, keys);
}

Task<Result<>> QueuePorts::Deliver(Context& ctx, const delivery::Delivery& delivery) {
  MF_CO_TRY(const QueuePointer queue, Get(delivery.target_arn));
  std::vector<OutgoingMessage> messages(1);
  messages.front().delay_seconds = queue->delay_seconds;
  StoredMessage& stored = messages.front().stored;
  sources::QueueMessage& message = stored.message;
  message.body = delivery.body;
  for (const delivery::DeliveryAttribute& attribute : delivery.attributes) {
    message.attributes.push_back({attribute.name, DataTypeOf(attribute), attribute.value});
  }
  MF_CO_TRY_VOID(CheckBody(message.body, MessageBytes(message.body, message.attributes), static_cast<size_t>(queue->maximum_message_size)));
  MF_CO_TRY_VOID(CheckAttributes(message.attributes));
  message.sender_id = delivery.principal.account_id;
  message.trace_header = delivery.trace_header;
  MF_CO_TRY_VOID(TakePlace(*queue, delivery, message));
  queues_->Stamp(stored);
  auto sent = co_await queues_->Send(ctx, queue, std::move(messages));
  if (!sent) co_return Fail(std::move(sent).error());
  co_return Result<>();
}

}  // namespace mayfly::sqs
