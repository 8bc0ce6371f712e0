// Queues: making, finding, listing, removing, and their attributes.
#include <algorithm>

#include <fmt/format.h>

#include "resources/paging.h"
#include "services/sqs/batch.h"
#include "services/sqs/attributes.h"
#include "services/sqs/errors.h"
#include "services/sqs/queue_url.h"
#include "services/sqs/sqs_api.h"
#include "services/sqs/tags.h"

namespace mayfly::sqs {
namespace {

constexpr size_t kListMax = 1'000;

Error InvalidToken() { return InvalidParameterValue("Invalid or expired next token."); }

// The queues whose keys begin with `prefix`, as many as `request` asks for.
template <typename Request>
Result<resources::PageRequest> PageOf(const Request& request, std::string prefix) {
  if (!resources::IsPageLimit(request.max_results, kListMax)) {
    return Fail(InvalidValue(fmt::to_string(*request.max_results), "MaxResults", "Must be an integer between 1 and 1000, inclusive."));
  }
  return resources::PageRequest{.prefix = std::move(prefix),
                                .marker = request.next_token == "" ? std::nullopt : request.next_token,
                                .limit = resources::PageLimit(request.max_results, kListMax),
                                .bad_marker = &InvalidToken};
}

// Who asks for no pages gets the first thousand, without a token.
template <typename Request>
std::optional<std::string> TokenOf(const Request& request, resources::Page<Queue>& page) {
  return request.max_results ? std::move(page.next_marker) : std::nullopt;
}

}  // namespace

Result<QueuePointer> SqsApi::FindQueue(const Context& ctx, std::string_view queue_url) const {
  MF_TRY(const QueueName name, ParseQueueUrl(ctx.principal, queue_url));
  return parts_.queues->Get(name);
}

std::string SqsApi::UrlOf(const std::optional<std::string>& host, const QueueName& name) const {
  if (!host || host->empty()) return fmt::format("{}/{}/{}", parts_.origin, name.account_id, name.name);
  const std::string_view scheme = std::string_view(parts_.origin).substr(0, parts_.origin.find(':'));
  return fmt::format("{}://{}/{}/{}", scheme, *host, name.account_id, name.name);
}

Result<> SqsApi::CheckRedrive(const Queue& queue) const {
  if (!queue.redrive) return {};
  const auto name = ParseQueueArn(queue.redrive->target_arn);
  const QueuePointer target = name ? parts_.queues->Find(*name) : nullptr;
  if (name && (name->account_id != queue.name.account_id || name->region != queue.name.region)) {
    return Fail(InvalidValue(queue.redrive_policy, "RedrivePolicy", "Dead-letter target must be owned by the same account and in the same region as the source."));
  }
  if (!target) return Fail(InvalidValue(queue.redrive_policy, "RedrivePolicy", "Dead letter target does not exist."));
  if (!AllowsRedrive(target->redrive_allow_policy, queue.name.Arn())) {
    return Fail(InvalidValue(queue.redrive_policy, "RedrivePolicy", "The dead-letter queue's redrive allow policy does not permit this source queue."));
  }
  return {};
}

Task<Result<CreateQueueResponse>> SqsApi::CreateQueue(Context& ctx, CreateQueueRequest request) {
  if (!IsQueueName(request.queue_name)) {
    co_return Fail(InvalidParameterValue("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"));
  }
  const wire::Map<std::string> attributes = std::move(request.attributes).value_or(wire::Map<std::string>());
  Queue wanted;
  wanted.name = {ctx.principal.account_id, ctx.principal.region, request.queue_name};
  if (request.queue_name.ends_with(".fifo")) co_return Fail(FifoNotSupported());
  MF_CO_TRY_VOID(ApplyAttributes(attributes, wanted));
  MF_CO_TRY_VOID(CheckRedrive(wanted));
  if (request.tags) MF_CO_TRY_VOID(resources::AddTags(wanted.tags, *request.tags, kTagRules, wanted.name.name));
  wanted.created_seconds = wanted.modified_seconds = ToEpochMillis(parts_.loop->WallNow()) / 1000;
  const Queues::Check is_same = [&](const Queue& existing) -> Result<> {
    const std::string other = FirstDifference(attributes, wanted, existing);
    if (other.empty()) return {};
    return Fail(Error::Service("QueueNameExists",
                               fmt::format("A queue already exists with the same name and a different value for attribute {}", other)));
  };
  MF_CO_TRY_VOID(co_await parts_.queues->Create(ctx, wanted, is_same));
  co_return CreateQueueResponse{.queue_url = UrlOf(request.host, wanted.name)};
}

Task<Result<GetQueueUrlResponse>> SqsApi::GetQueueUrl(Context& ctx, GetQueueUrlRequest request) {
  const QueueName name{request.queue_owner_aws_account_id.value_or(ctx.principal.account_id), ctx.principal.region, request.queue_name};
  MF_CO_TRY(const QueuePointer queue, parts_.queues->Get(name));
  co_return GetQueueUrlResponse{.queue_url = UrlOf(request.host, queue->name)};
}

Task<Result<ListQueuesResponse>> SqsApi::ListQueues(Context& ctx, ListQueuesRequest request) {
  std::string prefix = fmt::format("{}/{}/{}", ctx.principal.account_id, ctx.principal.region, request.queue_name_prefix.value_or(""));
  MF_CO_TRY(const auto wanted, PageOf(request, std::move(prefix)));
  MF_CO_TRY(auto page, resources::NextPage(parts_.queues->table(), wanted));
  ListQueuesResponse response;
  for (const auto& row : page.rows) AddTo(response.queue_urls, UrlOf(request.host, row.value->name));
  response.next_token = TokenOf(request, page);
  co_return response;
}

Task<Result<ListDeadLetterSourceQueuesResponse>> SqsApi::ListDeadLetterSourceQueues(Context& ctx, ListDeadLetterSourceQueuesRequest request) {
  MF_CO_TRY(const QueuePointer target, FindQueue(ctx, request.queue_url));
  MF_CO_TRY(const auto wanted, PageOf(request, fmt::format("{}/{}/", target->name.account_id, target->name.region)));
  const auto uses_it = [arn = target->name.Arn()](const auto& row) { return row.value->redrive && row.value->redrive->target_arn == arn; };
  MF_CO_TRY(auto page, resources::NextPageIf(parts_.queues->table(), wanted, uses_it));
  ListDeadLetterSourceQueuesResponse response;
  for (const auto& row : page.rows) response.queue_urls.push_back(UrlOf(request.host, row.value->name));
  response.next_token = TokenOf(request, page);
  co_return response;
}

Task<Result<>> SqsApi::DeleteQueue(Context& ctx, DeleteQueueRequest request) {
  MF_CO_TRY(const QueueName name, ParseQueueUrl(ctx.principal, request.queue_url));
  co_return co_await parts_.queues->Delete(ctx, name);
}

Task<Result<>> SqsApi::PurgeQueue(Context& ctx, PurgeQueueRequest request) {
  MF_CO_TRY(const QueueName name, ParseQueueUrl(ctx.principal, request.queue_url));
  co_return co_await parts_.queues->Purge(ctx, name);
}

Task<Result<GetQueueAttributesResponse>> SqsApi::GetQueueAttributes(Context& ctx, GetQueueAttributesRequest request) {
  MF_CO_TRY(const QueuePointer queue, FindQueue(ctx, request.queue_url));
  GetQueueAttributesResponse response;
  if (!request.attribute_names || request.attribute_names->empty()) co_return response;
  MF_CO_TRY(auto attributes, DescribeAttributes(*queue, parts_.queues->Counts(*queue), *request.attribute_names));
  if (!attributes.empty()) response.attributes = std::move(attributes);
  co_return response;
}

Task<Result<>> SqsApi::SetQueueAttributes(Context& ctx, SetQueueAttributesRequest request) {
  const int64_t now = ToEpochMillis(parts_.loop->WallNow()) / 1000;
  MF_CO_TRY(const QueueName name, ParseQueueUrl(ctx.principal, request.queue_url));
  co_return co_await parts_.queues->Edit(ctx, name, [&](Queue& queue) -> Result<> {
    MF_TRY_VOID(ApplyAttributes(request.attributes, queue));
    const bool redrives = std::ranges::any_of(request.attributes, [](const auto& entry) { return entry.first == "RedrivePolicy"; });
    if (redrives) MF_TRY_VOID(CheckRedrive(queue));
    queue.modified_seconds = now;
    return {};
  });
}

}  // namespace mayfly::sqs
