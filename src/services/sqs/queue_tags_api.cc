#include "services/sqs/queue_tags_api.h"

#include "services/sqs/queue_lookup.h"
#include "services/sqs/queue_url.h"
#include "services/sqs/tags.h"

namespace mayfly::sqs {

Task<Result<>> TagsApi::TagQueue(Context& ctx, TagQueueRequest request) {
  if (request.tags.empty()) co_return Fail(Error::Service("MissingParameter", "The request must contain the parameter Tags."));
  MF_CO_TRY(const QueueName name, ParseQueueUrl(ctx.principal, request.queue_url));
  co_return co_await queues_.Edit(ctx, name,
                                  [&](Queue& queue) { return resources::AddTags(queue.tags, request.tags, kTagRules, queue.name.name); });
}

Task<Result<>> TagsApi::UntagQueue(Context& ctx, UntagQueueRequest request) {
  if (request.tag_keys.empty()) co_return Fail(InvalidParameterValue("Tag keys must be between 1 and 128 characters in length."));
  MF_CO_TRY(const QueueName name, ParseQueueUrl(ctx.principal, request.queue_url));
  co_return co_await queues_.Edit(ctx, name, [&](Queue& queue) -> Result<> {
    resources::RemoveTags(queue.tags, request.tag_keys);
    return {};
  });
}

Task<Result<ListQueueTagsResponse>> TagsApi::ListQueueTags(Context& ctx, ListQueueTagsRequest request) {
  MF_CO_TRY(const QueuePointer queue, FindQueue(queues_, ctx, request.queue_url));
  ListQueueTagsResponse response;
  if (!queue->tags.empty()) response.tags = queue->tags;
  co_return response;
}

}  // namespace mayfly::sqs
