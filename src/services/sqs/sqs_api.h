// Amazon SQS's API: the operations of model/sqs.model. One method per operation, named as it is.
//
// One per daemon, on its strand. Requests have been authenticated and decoded; what the service itself checks (ranges,
// characters, batches) is checked here, since its words for it are its own.
#pragma once

#include <string>

#include "model/sqs.h"
#include "services/sqs/move_tasks.h"
#include "services/sqs/queues.h"

namespace mayfly::sqs {

struct SqsParts {
  Loop* loop;
  Queues* queues;
  MoveTasks* move_tasks;
  std::string origin;  // "http://127.0.0.1:4566": where queues are when a request does not say what it calls this host
};

class SqsApi final : public QueuesHandler, public MessagesHandler, public TagsHandler, public PermissionsHandler, public DeadLetterQueuesHandler {
 public:
  explicit SqsApi(SqsParts parts) : parts_(std::move(parts)) {}
  Handlers handlers() { return {{}, *this, *this, *this, *this, *this}; }

  // --- queues (api_queues.cc) ---
  Task<Result<CreateQueueResponse>> CreateQueue(Context& ctx, CreateQueueRequest request) override;
  Task<Result<GetQueueUrlResponse>> GetQueueUrl(Context& ctx, GetQueueUrlRequest request) override;
  Task<Result<ListQueuesResponse>> ListQueues(Context& ctx, ListQueuesRequest request) override;
  Task<Result<>> DeleteQueue(Context& ctx, DeleteQueueRequest request) override;
  Task<Result<>> PurgeQueue(Context& ctx, PurgeQueueRequest request) override;
  Task<Result<GetQueueAttributesResponse>> GetQueueAttributes(Context& ctx, GetQueueAttributesRequest request) override;
  Task<Result<>> SetQueueAttributes(Context& ctx, SetQueueAttributesRequest request) override;

  // --- messages (api_send.cc, api_receive.cc) ---
  Task<Result<SendMessageResponse>> SendMessage(Context& ctx, SendMessageRequest request) override;
  Task<Result<SendMessageBatchResponse>> SendMessageBatch(Context& ctx, SendMessageBatchRequest request) override;
  Task<Result<ReceiveMessageResponse>> ReceiveMessage(Context& ctx, ReceiveMessageRequest request) override;
  Task<Result<>> DeleteMessage(Context& ctx, DeleteMessageRequest request) override;
  Task<Result<DeleteMessageBatchResponse>> DeleteMessageBatch(Context& ctx, DeleteMessageBatchRequest request) override;
  Task<Result<>> ChangeMessageVisibility(Context& ctx, ChangeMessageVisibilityRequest request) override;
  Task<Result<ChangeMessageVisibilityBatchResponse>> ChangeMessageVisibilityBatch(Context& ctx, ChangeMessageVisibilityBatchRequest request) override;

  // --- tags and permissions (api_policies.cc) ---
  Task<Result<>> TagQueue(Context& ctx, TagQueueRequest request) override;
  Task<Result<>> UntagQueue(Context& ctx, UntagQueueRequest request) override;
  Task<Result<ListQueueTagsResponse>> ListQueueTags(Context& ctx, ListQueueTagsRequest request) override;
  Task<Result<>> AddPermission(Context& ctx, AddPermissionRequest request) override;
  Task<Result<>> RemovePermission(Context& ctx, RemovePermissionRequest request) override;

  // --- dead-letter queues (api_dead_letters.cc) ---
  Task<Result<ListDeadLetterSourceQueuesResponse>> ListDeadLetterSourceQueues(Context& ctx, ListDeadLetterSourceQueuesRequest request) override;
  Task<Result<StartMessageMoveTaskResponse>> StartMessageMoveTask(Context& ctx, StartMessageMoveTaskRequest request) override;
  Task<Result<ListMessageMoveTasksResponse>> ListMessageMoveTasks(Context& ctx, ListMessageMoveTasksRequest request) override;
  Task<Result<CancelMessageMoveTaskResponse>> CancelMessageMoveTask(Context& ctx, CancelMessageMoveTaskRequest request) override;

 private:
  // The queue that a QueueUrl means: .../ACCOUNT/NAME on any host, or a bare name. Errors: InvalidAddress, QueueDoesNotExist.
  Result<QueuePointer> FindQueue(const Context& ctx, std::string_view queue_url) const;
  std::string UrlOf(const std::optional<std::string>& host, const QueueName& name) const;
  // Whether the dead-letter queue that `queue` names exists and takes its messages. Error: InvalidParameterValue.
  Result<> CheckRedrive(const Queue& queue) const;

  SqsParts parts_;
};

}  // namespace mayfly::sqs
