// Queue: what is kept of one queue, besides its messages.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"

namespace mayfly::sqs {

struct QueueName {
  std::string account_id;
  std::string region;
  std::string name;

  std::string Arn() const;
  // Of its row, and the beginning of the name of its messages in the store: ACCOUNT/REGION/NAME.
  std::string Key() const;
  bool operator==(const QueueName&) const = default;
};

// Error: nullopt for what is no ARN of a queue.
std::optional<QueueName> ParseQueueArn(std::string_view arn);

struct RedrivePolicy {
  std::string target_arn;
  int max_receive_count = 0;
};

struct Queue {
  QueueName name;
  std::string id;            // unique; another queue of the same name has another one
  int64_t generation = 1;    // of its messages: those of an earlier one have been purged
  int64_t created_seconds = 0;
  int64_t modified_seconds = 0;
  int64_t purged_seconds = 0;

  int visibility_timeout = 30;
  int maximum_message_size = 1'048'576;
  int message_retention_period = 345'600;
  int delay_seconds = 0;
  int receive_wait_seconds = 0;
  std::string policy;               // JSON; "" = none
  std::string redrive_policy;       // as the client wrote it; "" = none
  std::optional<RedrivePolicy> redrive;
  std::string redrive_allow_policy;
  std::string kms_key_id;
  int kms_reuse_seconds = 300;
  bool sse_enabled = true;
  bool fifo = false;                         // as its name says; never changes
  bool content_based_deduplication = false;  // these three: of FIFO queues
  bool deduplicates_per_group = false;       // DeduplicationScope messageGroup
  bool throughput_per_group = false;         // FifoThroughputLimit perMessageGroupId; nothing here is throttled
  std::vector<std::pair<std::string, std::string>> tags;

  // The name of its messages in the store.
  std::string Storage() const;
};
using QueuePointer = std::shared_ptr<const Queue>;

json::Value ToJson(const Queue& queue);
Result<> FromJson(std::string_view key, const json::Value& value, Queue& queue);

}  // namespace mayfly::sqs
