// DeadLettersApi: which queues have a dead-letter queue, and moving messages out of it. One per daemon, on its strand.
#pragma once

#include <string>

#include "model/sqs.h"
#include "services/sqs/move_tasks.h"
#include "services/sqs/queues.h"

namespace mayfly::sqs {

class DeadLettersApi final : public DeadLetterQueuesHandler {
 public:
  // Both outlive this. `origin`: where queues are when a request does not say what it calls this host.
  DeadLettersApi(Queues& queues, MoveTasks& move_tasks, std::string origin)
      : queues_(queues), move_tasks_(move_tasks), origin_(std::move(origin)) {}

  Task<Result<ListDeadLetterSourceQueuesResponse>> ListDeadLetterSourceQueues(Context& ctx,
                                                                              ListDeadLetterSourceQueuesRequest request) override;
  Task<Result<StartMessageMoveTaskResponse>> StartMessageMoveTask(Context& ctx, StartMessageMoveTaskRequest request) override;
  Task<Result<ListMessageMoveTasksResponse>> ListMessageMoveTasks(Context& ctx, ListMessageMoveTasksRequest request) override;
  Task<Result<CancelMessageMoveTaskResponse>> CancelMessageMoveTask(Context& ctx, CancelMessageMoveTaskRequest request) override;

 private:
  Queues& queues_;
  MoveTasks& move_tasks_;
  std::string origin_;
};

}  // namespace mayfly::sqs
