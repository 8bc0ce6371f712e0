// QueuesApi: making, finding, listing, purging and removing queues, and their attributes. One per daemon, on its strand.
#pragma once

#include <string>

#include "model/sqs.h"
#include "services/sqs/queues.h"

namespace mayfly::sqs {

class QueuesApi final : public QueuesHandler {
 public:
  // Both outlive this. `origin`: where queues are when a request does not say what it calls this host.
  QueuesApi(const Clock& clock, Queues& queues, std::string origin) : clock_(clock), queues_(queues), origin_(std::move(origin)) {}

  Task<Result<CreateQueueResponse>> CreateQueue(Context& ctx, CreateQueueRequest request) override;
  Task<Result<GetQueueUrlResponse>> GetQueueUrl(Context& ctx, GetQueueUrlRequest request) override;
  Task<Result<ListQueuesResponse>> ListQueues(Context& ctx, ListQueuesRequest request) override;
  Task<Result<>> DeleteQueue(Context& ctx, DeleteQueueRequest request) override;
  Task<Result<>> PurgeQueue(Context& ctx, PurgeQueueRequest request) override;
  Task<Result<GetQueueAttributesResponse>> GetQueueAttributes(Context& ctx, GetQueueAttributesRequest request) override;
  Task<Result<>> SetQueueAttributes(Context& ctx, SetQueueAttributesRequest request) override;

 private:
  const Clock& clock_;
  Queues& queues_;
  std::string origin_;
};

}  // namespace mayfly::sqs
