// Queues: making, finding, listing, removing, and their attributes.
#include <algorithm>

#include <fmt/format.h>

#include "base/encoding.h"
#include "identity/arn.h"
#include "services/sqs/attributes.h"
#include "services/sqs/errors.h"
#include "services/sqs/queue_url.h"
#include "services/sqs/sqs_api.h"
#include "services/sqs/tags.h"
#include "services/sqs/update.h"

namespace mayfly::sqs {
namespace {

constexpr int kListMax = 1'000;

Result<size_t> PageSize(const std::optional<int32_t>& max_results) {
  if (!max_results) return static_cast<size_t>(kListMax);
  if (*max_results < 1 || *max_results > kListMax) {
    return Fail(InvalidValue(fmt::to_string(*max_results), "MaxResults", "Must be an integer between 1 and 1000, inclusive."));
  }
  return static_cast<size_t>(*max_results);
}

// A token holds the key that came last.
Result<std::string> ReadToken(const std::optional<std::string>& token) {
  if (!token || token->empty()) return std::string();
  auto key = Base64Decode(*token);
  if (!key || key->find('/') == std::string::npos) return Fail(InvalidParameterValue("Invalid or expired next token."));
  return std::move(*key);
}

template <typename Rows, typename Url>
std::optional<std::string> TakePage(Rows& rows, size_t limit, std::vector<std::string>& urls, Url url_of) {
  const bool more = rows.size() > limit;
  if (more) rows.resize(limit);
  for (const auto& row : rows) urls.push_back(url_of(row.value->name));
  return more ? std::optional(Base64Encode(rows.back().key)) : std::nullopt;
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
  if (request.tags) MF_CO_TRY_VOID(AddTags(*request.tags, wanted));
  wanted.created_seconds = wanted.modified_seconds = ToEpochMillis(parts_.loop->WallNow()) / 1000;
  for (int attempt = 1;; ++attempt) {
    if (const QueuePointer queue = parts_.queues->Find(wanted.name)) {
      if (const std::string other = FirstDifference(attributes, wanted, *queue); !other.empty()) {
        co_return Fail(Error::Service("QueueNameExists",
                                      fmt::format("A queue already exists with the same name and a different value for attribute {}", other)));
      }
      break;
    }
    auto created = co_await parts_.queues->Create(ctx, wanted);
    if (created) break;
    if (!created.error().IsService("ResourceConflictException") || attempt >= kUpdateAttemptsMax) co_return Fail(std::move(created).error());
    MF_CO_TRY_VOID(co_await Sleep(ctx, kUpdatePause));
  }
  co_return CreateQueueResponse{.queue_url = UrlOf(request.host, wanted.name)};
}

Task<Result<GetQueueUrlResponse>> SqsApi::GetQueueUrl(Context& ctx, GetQueueUrlRequest request) {
  const QueueName name{request.queue_owner_aws_account_id.value_or(ctx.principal.account_id), ctx.principal.region, request.queue_name};
  MF_CO_TRY(const QueuePointer queue, parts_.queues->Get(name));
  co_return GetQueueUrlResponse{.queue_url = UrlOf(request.host, queue->name)};
}

Task<Result<ListQueuesResponse>> SqsApi::ListQueues(Context& ctx, ListQueuesRequest request) {
  MF_CO_TRY(const size_t limit, PageSize(request.max_results));
  MF_CO_TRY(const std::string after, ReadToken(request.next_token));
  const std::string prefix = fmt::format("{}/{}/{}", ctx.principal.account_id, ctx.principal.region, request.queue_name_prefix.value_or(""));
  auto rows = parts_.queues->table().List(prefix, after, limit + 1);
  ListQueuesResponse response;
  if (rows.empty()) co_return response;
  response.next_token = TakePage(rows, limit, response.queue_urls.emplace(), [&](const QueueName& name) { return UrlOf(request.host, name); });
  // Who asks for no pages gets the first thousand, without a token.
  if (!request.max_results) response.next_token.reset();
  co_return response;
}

Task<Result<ListDeadLetterSourceQueuesResponse>> SqsApi::ListDeadLetterSourceQueues(Context& ctx, ListDeadLetterSourceQueuesRequest request) {
  MF_CO_TRY(const QueuePointer target, FindQueue(ctx, request.queue_url));
  MF_CO_TRY(const size_t limit, PageSize(request.max_results));
  MF_CO_TRY(const std::string after, ReadToken(request.next_token));
  const std::string arn = target->name.Arn();
  const std::string prefix = fmt::format("{}/{}/", target->name.account_id, target->name.region);
  auto rows = parts_.queues->table().ListIf(prefix, after, limit + 1, [&](const auto& row) { return row.value->redrive && row.value->redrive->target_arn == arn; });
  ListDeadLetterSourceQueuesResponse response;
  response.next_token = TakePage(rows, limit, response.queue_urls, [&](const QueueName& name) { return UrlOf(request.host, name); });
  if (!request.max_results) response.next_token.reset();
  co_return response;
}

Task<Result<>> SqsApi::DeleteQueue(Context& ctx, DeleteQueueRequest request) {
  for (int attempt = 1;; ++attempt) {
    MF_CO_TRY(const QueuePointer queue, FindQueue(ctx, request.queue_url));
    auto deleted = co_await parts_.queues->Delete(ctx, queue);
    if (deleted || !deleted.error().IsService("ResourceConflictException") || attempt >= kUpdateAttemptsMax) co_return deleted;
    MF_CO_TRY_VOID(co_await Sleep(ctx, kUpdatePause));
  }
}

Task<Result<>> SqsApi::PurgeQueue(Context& ctx, PurgeQueueRequest request) {
  MF_CO_TRY(const QueuePointer queue, FindQueue(ctx, request.queue_url));
  co_return co_await parts_.queues->Purge(ctx, queue);
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
  co_return co_await Update(ctx, request.queue_url, [&](Queue& queue) -> Result<> {
    MF_TRY_VOID(ApplyAttributes(request.attributes, queue));
    const bool redrives = std::ranges::any_of(request.attributes, [](const auto& entry) { return entry.first == "RedrivePolicy"; });
    if (redrives) MF_TRY_VOID(CheckRedrive(queue));
    queue.modified_seconds = now;
    return {};
  });
}

}  // namespace mayfly::sqs
