#include "services/sns/publish_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "identity/arn.h"
#include "services/sns/sns_errors.h"
#include "wire/error_response.h"

namespace mayfly::sns {
namespace {

constexpr size_t kBatchMax = 10;

size_t BytesMaxOf(const TopicRow& topic) { return topic.maximum_message_size > 0 ? static_cast<size_t>(topic.maximum_message_size) : kMessageBytesMax; }

bool IsPhoneNumber(std::string_view number) {
  const size_t digits = static_cast<size_t>(std::ranges::count_if(number, IsDigit));
  return digits >= 5 && digits <= 15 && number.size() == digits + (number.starts_with('+') ? 1 : 0);
}

bool IsEndpointArn(std::string_view arn) {
  const auto parsed = identity::ParseArn(arn);
  return parsed && parsed->service == "sns" && parsed->resource.starts_with("endpoint/");
}

Result<> CheckIds(const std::vector<PublishBatchRequestEntry>& entries) {
  if (entries.empty()) return Fail(Error::Service("EmptyBatchRequestException", "The batch request doesn't contain any entries."));
  if (entries.size() > kBatchMax) {
    return Fail(Error::Service("TooManyEntriesInBatchRequestException", "The batch request contains more entries than permissible."));
  }
  std::set<std::string_view> ids;
  for (const PublishBatchRequestEntry& entry : entries) {
    const bool plain = !entry.id.empty() && entry.id.size() <= 80 &&
                       std::ranges::all_of(entry.id, [](char c) { return IsAlphanumeric(c) || c == '-' || c == '_'; });
    if (!plain) return Fail(Error::Service("InvalidBatchEntryIdException", "The Id of a batch entry in a batch request doesn't abide by the specification."));
    if (!ids.insert(entry.id).second) {
      return Fail(Error::Service("BatchEntryIdsNotDistinctException", "Two or more batch entries in the request have the same Id."));
    }
  }
  return {};
}

BatchResultErrorEntry FailedEntry(const std::string& id, const Error& error) {
  const wire::ErrorAnswer answer = wire::DescribeError(kService, error);
  BatchResultErrorEntry failed{.id = id, .code = std::string(wire::QueryCodeOf(kService, answer)), .message = {}, .sender_fault = answer.status < 500};
  if (error.kind == Error::Kind::Service) failed.message = error.message;
  return failed;
}

}  // namespace

Task<Result<PublishResponse>> PublishApi::PublishDirectly(Context& ctx, std::string protocol, std::string endpoint, Publication publication) {
  const std::string id = random_->Uuid();
  MF_CO_TRY_VOID(co_await outbox_->Add(ctx, {.id = id, .account_id = ctx.principal.account_id, .region = ctx.principal.region, .protocol = protocol,
                                             .endpoint = std::move(endpoint), .topic_arn = {}, .subscription_arn = {}, .type = "Notification",
                                             .subject = publication.subject, .body = publication.MessageFor(protocol)}));
  co_return PublishResponse{.message_id = id};
}

Task<Result<PublishResponse>> PublishApi::Publish(Context& ctx, PublishRequest request) {
  const int targets = (request.topic_arn ? 1 : 0) + (request.target_arn ? 1 : 0) + (request.phone_number ? 1 : 0);
  if (targets != 1) co_return Fail(InvalidParameter("TopicArn or TargetArn", "no value for required parameter"));
  const size_t bytes = PublishedBytes(request.message, request.message_attributes);
  MF_CO_TRY(auto publication, ReadPublication(request));
  if (request.phone_number) {
    const std::string& number = *request.phone_number;
    if (!IsPhoneNumber(number)) co_return Fail(InvalidParameter("PhoneNumber", fmt::format("{} is not valid to publish to", number)));
    co_return co_await PublishDirectly(ctx, "sms", number, std::move(publication));
  }
  const std::string& arn = request.topic_arn ? *request.topic_arn : *request.target_arn;
  if (bytes > kMessageBytesMax) co_return Fail(InvalidParameter("Message too long"));
  if (IsEndpointArn(arn)) co_return co_await PublishDirectly(ctx, "application", arn, std::move(publication));
  MF_CO_TRY(const TopicPointer topic, topics_->Get(arn));
  if (bytes > BytesMaxOf(*topic)) co_return Fail(InvalidParameter("Message too long"));
  MF_CO_TRY(auto published, co_await publisher_->Publish(ctx, topic, std::move(publication)));
  PublishResponse response{.message_id = std::move(published.message_id)};
  if (!published.sequence_number.empty()) response.sequence_number = std::move(published.sequence_number);
  co_return response;
}

// One after the other: a FIFO topic's entries keep their order.
Task<Result<PublishBatchResponse>> PublishApi::PublishBatch(Context& ctx, PublishBatchRequest request) {
  MF_CO_TRY(const TopicPointer topic, topics_->Get(request.topic_arn));
  MF_CO_TRY_VOID(CheckIds(request.publish_batch_request_entries));
  size_t bytes = 0;
  for (const auto& entry : request.publish_batch_request_entries) bytes += PublishedBytes(entry.message, entry.message_attributes);
  if (bytes > BytesMaxOf(*topic)) {
    co_return Fail(Error::Service("BatchRequestTooLongException", "The length of all the messages put together is more than the limit."));
  }
  PublishBatchResponse response;
  auto& successful = response.successful.emplace();
  auto& failed = response.failed.emplace();
  for (PublishBatchRequestEntry& entry : request.publish_batch_request_entries) {
    auto publication = ReadPublication(entry);
    if (!publication) {
      failed.push_back(FailedEntry(entry.id, publication.error()));
      continue;
    }
    auto published = co_await publisher_->Publish(ctx, topic, std::move(*publication));
    if (!published) {
      failed.push_back(FailedEntry(entry.id, published.error()));
      continue;
    }
    PublishBatchResultEntry& done = successful.emplace_back();
    done.id = entry.id;
    done.message_id = std::move(published->message_id);
    if (!published->sequence_number.empty()) done.sequence_number = std::move(published->sequence_number);
  }
  co_return response;
}

}  // namespace mayfly::sns
