// MessagesApi: sending messages, receiving and deleting them, and how long they stay hidden. One per daemon, on its strand.
#pragma once

#include "model/sqs.h"
#include "services/sqs/queues.h"

namespace mayfly::sqs {

class MessagesApi final : public MessagesHandler {
 public:
  // Both outlive this.
  MessagesApi(const Clock& clock, Queues& queues) : clock_(clock), queues_(queues) {}

  // --- messages_send.cc ---
  Task<Result<SendMessageResponse>> SendMessage(Context& ctx, SendMessageRequest request) override;
  Task<Result<SendMessageBatchResponse>> SendMessageBatch(Context& ctx, SendMessageBatchRequest request) override;

  // --- messages_receive.cc ---
  Task<Result<ReceiveMessageResponse>> ReceiveMessage(Context& ctx, ReceiveMessageRequest request) override;
  Task<Result<>> DeleteMessage(Context& ctx, DeleteMessageRequest request) override;
  Task<Result<DeleteMessageBatchResponse>> DeleteMessageBatch(Context& ctx, DeleteMessageBatchRequest request) override;
  Task<Result<>> ChangeMessageVisibility(Context& ctx, ChangeMessageVisibilityRequest request) override;
  Task<Result<ChangeMessageVisibilityBatchResponse>> ChangeMessageVisibilityBatch(Context& ctx,
                                                                                  ChangeMessageVisibilityBatchRequest request) override;

 private:
  const Clock& clock_;
  Queues& queues_;
};

}  // namespace mayfly::sqs
