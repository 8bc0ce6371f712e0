#include "services/sqs/queue.h"

#include <fmt/format.h>

#include "base/text.h"
#include "identity/arn.h"
#include "resources/json_members.h"

namespace mayfly::sqs {

static void VisitMembers(resources::Is<Queue> auto& queue, auto&& visit) {
  visit("id", queue.id);
  visit("generation", queue.generation);
  visit("created", queue.created_seconds);
  visit("modified", queue.modified_seconds);
  visit("purged", queue.purged_seconds);
  visit("visibilityTimeout", queue.visibility_timeout);
  visit("maximumMessageSize", queue.maximum_message_size);
  visit("messageRetentionPeriod", queue.message_retention_period);
  visit("delaySeconds", queue.delay_seconds);
  visit("receiveWaitSeconds", queue.receive_wait_seconds);
  visit("policy", queue.policy);
  visit("redrivePolicy", queue.redrive_policy);
  visit("redriveAllowPolicy", queue.redrive_allow_policy);
  visit("kmsKeyId", queue.kms_key_id);
  visit("kmsReuseSeconds", queue.kms_reuse_seconds);
  visit("sseEnabled", queue.sse_enabled);
  visit("fifo", queue.fifo);
  visit("contentBasedDeduplication", queue.content_based_deduplication);
  visit("deduplicatesPerGroup", queue.deduplicates_per_group);
  visit("throughputPerGroup", queue.throughput_per_group);
  visit("tags", queue.tags);
}

std::string QueueName::Arn() const { return fmt::format("arn:aws:sqs:{}:{}:{}", region, account_id, name); }
std::string QueueName::Key() const { return fmt::format("{}/{}/{}", account_id, region, name); }

std::optional<QueueName> ParseQueueArn(std::string_view text) {
  const auto arn = identity::ParseArn(text);
  if (!arn || arn->service != "sqs" || arn->region.empty() || !identity::IsAccountId(arn->account_id)) return std::nullopt;
  return QueueName{std::string(arn->account_id), std::string(arn->region), std::string(arn->resource)};
}

std::string Queue::Storage() const { return fmt::format("{}/{}#{}", name.Key(), id, generation); }

json::Value ToJson(const Queue& queue) {
  json::Value value = resources::WriteMembers(queue);
  if (!queue.redrive) return value;
  value.Set("deadLetterTarget", queue.redrive->target_arn);
  value.Set("maxReceiveCount", queue.redrive->max_receive_count);
  return value;
}

Result<> FromJson(std::string_view key, const json::Value& value, Queue& queue) {
  const auto parts = Split(key, '/');
  if (parts.size() != 3) return Fail(Error::Fault("the key of a queue has three parts"));
  queue.name = {std::string(parts[0]), std::string(parts[1]), std::string(parts[2])};
  resources::ReadMembers(value, queue);
  if (queue.redrive_policy.empty()) return {};
  queue.redrive = RedrivePolicy{std::string(value.StringOr("deadLetterTarget", "")), static_cast<int>(value.IntOr("maxReceiveCount", 1))};
  return {};
}

}  // namespace mayfly::sqs
