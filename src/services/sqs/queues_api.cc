#include "services/sqs/queues_api.h"

#include <fmt/format.h>

#include <algorithm>

#include "resources/paging.h"
#include "services/sqs/attributes.h"
#include "services/sqs/batch.h"
#include "services/sqs/errors.h"
#include "services/sqs/fifo.h"
#include "services/sqs/queue_lookup.h"
#include "services/sqs/queue_url.h"
#include "services/sqs/tags.h"

namespace mayfly::sqs {
namespace {

// Whether the dead-letter queue that `queue` names exists and takes its messages. Error: InvalidParameterValue.
Result<> CheckRedrive(const Queues& queues, const Queue& queue) {
  if (!queue.redrive) return {};
  const auto name = ParseQueueArn(queue.redrive->target_arn);
  const QueuePointer target = name ? queues.Find(*name) : nullptr;
  if (name && (name->account_id != queue.name.account_id || name->region != queue.name.region)) {
    return Fail(InvalidValue(queue.redrive_policy, "RedrivePolicy",
                             "Dead-letter target must be owned by the same account and in the same region as the source."));
  }
  if (!target) return Fail(InvalidValue(queue.redrive_policy, "RedrivePolicy", "Dead letter target does not exist."));
  if (target->fifo != queue.fifo) {
    return Fail(InvalidValue(queue.redrive_policy, "RedrivePolicy", "Dead-letter queue must be same type of queue as the source."));
  }
  if (!AllowsRedrive(target->redrive_allow_policy, queue.name.Arn())) {
    return Fail(InvalidValue(queue.redrive_policy, "RedrivePolicy",
                             "The dead-letter queue's redrive allow policy does not permit this source queue."));
  }
  return {};
}

}  // namespace

Task<Result<CreateQueueResponse>> QueuesApi::CreateQueue(Context& ctx, CreateQueueRequest request) {
  const wire::Map<std::string> attributes = std::move(request.attributes).value_or(wire::Map<std::string>());
  MF_CO_TRY_VOID(CheckQueueType(request.queue_name, attributes));
  Queue wanted;
  wanted.name = {ctx.principal.account_id, ctx.principal.region, request.queue_name};
  wanted.fifo = IsFifoName(request.queue_name);
  MF_CO_TRY_VOID(ApplyAttributes(attributes, wanted));
  MF_CO_TRY_VOID(CheckRedrive(queues_, wanted));
  if (request.tags) MF_CO_TRY_VOID(resources::AddTags(wanted.tags, *request.tags, kTagRules, wanted.name.name));
  wanted.created_seconds = wanted.modified_seconds = ToEpochMillis(clock_.WallNow()) / 1000;
  const Queues::Check is_same = [&](const Queue& existing) -> Result<> {
    const std::string other = FirstDifference(attributes, wanted, existing);
    if (other.empty()) return {};
    return Fail(Error::Service("QueueNameExists",
                               fmt::format("A queue already exists with the same name and a different value for attribute {}", other)));
  };
  MF_CO_TRY_VOID(co_await queues_.Create(ctx, wanted, is_same));
  co_return CreateQueueResponse{.queue_url = QueueUrlOf(origin_, request.host, wanted.name)};
}

Task<Result<GetQueueUrlResponse>> QueuesApi::GetQueueUrl(Context& ctx, GetQueueUrlRequest request) {
  const QueueName name{request.queue_owner_aws_account_id.value_or(ctx.principal.account_id), ctx.principal.region, request.queue_name};
  MF_CO_TRY(const QueuePointer queue, queues_.Get(name));
  co_return GetQueueUrlResponse{.queue_url = QueueUrlOf(origin_, request.host, queue->name)};
}

Task<Result<ListQueuesResponse>> QueuesApi::ListQueues(Context& ctx, ListQueuesRequest request) {
  std::string prefix = fmt::format("{}/{}/{}", ctx.principal.account_id, ctx.principal.region, request.queue_name_prefix.value_or(""));
  MF_CO_TRY(const auto wanted, PageOf(request, std::move(prefix)));
  MF_CO_TRY(auto page, resources::NextPage(queues_.table(), wanted));
  ListQueuesResponse response;
  for (const auto& row : page.rows) AddTo(response.queue_urls, QueueUrlOf(origin_, request.host, row.value->name));
  response.next_token = TokenOf(request, page);
  co_return response;
}

Task<Result<>> QueuesApi::DeleteQueue(Context& ctx, DeleteQueueRequest request) {
  MF_CO_TRY(const QueueName name, ParseQueueUrl(ctx.principal, request.queue_url));
  co_return co_await queues_.Delete(ctx, name);
}

Task<Result<>> QueuesApi::PurgeQueue(Context& ctx, PurgeQueueRequest request) {
  MF_CO_TRY(const QueueName name, ParseQueueUrl(ctx.principal, request.queue_url));
  co_return co_await queues_.Purge(ctx, name);
}

Task<Result<GetQueueAttributesResponse>> QueuesApi::GetQueueAttributes(Context& ctx, GetQueueAttributesRequest request) {
  MF_CO_TRY(const QueuePointer queue, FindQueue(queues_, ctx, request.queue_url));
  GetQueueAttributesResponse response;
  if (!request.attribute_names || request.attribute_names->empty()) co_return response;
  MF_CO_TRY(auto attributes, DescribeAttributes(*queue, queues_.Counts(*queue), *request.attribute_names));
  if (!attributes.empty()) response.attributes = std::move(attributes);
  co_return response;
}

Task<Result<>> QueuesApi::SetQueueAttributes(Context& ctx, SetQueueAttributesRequest request) {
  const int64_t now = ToEpochMillis(clock_.WallNow()) / 1000;
  MF_CO_TRY(const QueueName name, ParseQueueUrl(ctx.principal, request.queue_url));
  co_return co_await queues_.Edit(ctx, name, [&](Queue& queue) -> Result<> {
    MF_TRY_VOID(ApplyAttributes(request.attributes, queue));
    const bool redrives = std::ranges::any_of(request.attributes, [](const auto& entry) { return entry.first == "RedrivePolicy"; });
    if (redrives) MF_TRY_VOID(CheckRedrive(queues_, queue));
    queue.modified_seconds = now;
    return {};
  });
}

}  // namespace mayfly::sqs
