// TagsApi: tags of queues. One per daemon, on its strand.
#pragma once

#include "model/sqs.h"
#include "services/sqs/queues.h"

namespace mayfly::sqs {

class TagsApi final : public TagsHandler {
 public:
  // `queues` outlives this.
  explicit TagsApi(Queues& queues) : queues_(queues) {}

  Task<Result<>> TagQueue(Context& ctx, TagQueueRequest request) override;
  Task<Result<>> UntagQueue(Context& ctx, UntagQueueRequest request) override;
  Task<Result<ListQueueTagsResponse>> ListQueueTags(Context& ctx, ListQueueTagsRequest request) override;

 private:
  Queues& queues_;
};

}  // namespace mayfly::sqs
