#include "services/sqs/queue.h"

#include <fmt/format.h>

#include "base/text.h"
#include "identity/arn.h"

namespace mayfly::sqs {

std::string QueueName::Arn() const { return fmt::format("arn:aws:sqs:{}:{}:{}", region, account_id, name); }
std::string QueueName::Key() const { return fmt::format("{}/{}/{}", account_id, region, name); }

std::optional<QueueName> ParseQueueArn(std::string_view text) {
  const auto arn = identity::ParseArn(text);
  if (!arn || arn->service != "sqs" || arn->region.empty() || !identity::IsAccountId(arn->account_id)) return std::nullopt;
  return QueueName{std::string(arn->account_id), std::string(arn->region), std::string(arn->resource)};
}

std::string Queue::Storage() const { return fmt::format("{}/{}#{}", name.Key(), id, generation); }

json::Value ToJson(const Queue& queue) {
  json::Object made;
  made.emplace_back("id", queue.id);
  made.emplace_back("generation", queue.generation);
  made.emplace_back("created", queue.created_seconds);
  made.emplace_back("modified", queue.modified_seconds);
  made.emplace_back("purged", queue.purged_seconds);
  made.emplace_back("visibilityTimeout", queue.visibility_timeout);
  made.emplace_back("maximumMessageSize", queue.maximum_message_size);
  made.emplace_back("messageRetentionPeriod", queue.message_retention_period);
  made.emplace_back("delaySeconds", queue.delay_seconds);
  made.emplace_back("receiveWaitSeconds", queue.receive_wait_seconds);
  if (!queue.policy.empty()) made.emplace_back("policy", queue.policy);
  if (queue.redrive) {
    made.emplace_back("redrivePolicy", queue.redrive_policy);
    made.emplace_back("deadLetterTarget", queue.redrive->target_arn);
    made.emplace_back("maxReceiveCount", queue.redrive->max_receive_count);
  }
  if (!queue.redrive_allow_policy.empty()) made.emplace_back("redriveAllowPolicy", queue.redrive_allow_policy);
  if (!queue.kms_key_id.empty()) made.emplace_back("kmsKeyId", queue.kms_key_id);
  made.emplace_back("kmsReuseSeconds", queue.kms_reuse_seconds);
  made.emplace_back("sseEnabled", queue.sse_enabled);
  if (!queue.tags.empty()) {
    json::Object tags;
    for (const auto& [key, value] : queue.tags) tags.emplace_back(key, value);
    made.emplace_back("tags", std::move(tags));
  }
  return made;
}

Result<> FromJson(std::string_view key, const json::Value& value, Queue& queue) {
  const auto parts = Split(key, '/');
  if (parts.size() != 3) return Fail(Error::Fault("the key of a queue has three parts"));
  queue.name = {std::string(parts[0]), std::string(parts[1]), std::string(parts[2])};
  auto number = [&](std::string_view member, int fallback) { return static_cast<int>(value.IntOr(member, fallback)); };
  queue.id = value.StringOr("id", "");
  queue.generation = value.IntOr("generation", 1);
  queue.created_seconds = value.IntOr("created", 0);
  queue.modified_seconds = value.IntOr("modified", 0);
  queue.purged_seconds = value.IntOr("purged", 0);
  queue.visibility_timeout = number("visibilityTimeout", queue.visibility_timeout);
  queue.maximum_message_size = number("maximumMessageSize", queue.maximum_message_size);
  queue.message_retention_period = number("messageRetentionPeriod", queue.message_retention_period);
  queue.delay_seconds = number("delaySeconds", 0);
  queue.receive_wait_seconds = number("receiveWaitSeconds", 0);
  queue.policy = value.StringOr("policy", "");
  queue.redrive_policy = value.StringOr("redrivePolicy", "");
  if (!queue.redrive_policy.empty()) queue.redrive = RedrivePolicy{std::string(value.StringOr("deadLetterTarget", "")), number("maxReceiveCount", 1)};
  queue.redrive_allow_policy = value.StringOr("redriveAllowPolicy", "");
  queue.kms_key_id = value.StringOr("kmsKeyId", "");
  queue.kms_reuse_seconds = number("kmsReuseSeconds", 300);
  queue.sse_enabled = value.BoolOr("sseEnabled", true);
  if (const json::Value* tags = value.Find("tags"); tags && tags->is_object()) {
    for (const auto& [name, text] : tags->object()) {
      if (text.is_string()) queue.tags.emplace_back(name, text.string());
    }
  }
  return {};
}

}  // namespace mayfly::sqs
