#include "services/sqs/attributes.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "identity/arn.h"
#include "identity/policy.h"
#include "services/sqs/errors.h"
#include "services/sqs/fifo.h"
#include "services/sqs/message.h"
#include "services/sqs/queue_url.h"

namespace mayfly::sqs {
namespace {

struct Ranged {
  std::string_view name;
  int Queue::*field;
  int low;
  int high;
};
constexpr Ranged kRanged[] = {
    {"VisibilityTimeout", &Queue::visibility_timeout, 0, 43'200},
    {"MaximumMessageSize", &Queue::maximum_message_size, 1'024, static_cast<int>(kMessageBytesMax)},
    {"MessageRetentionPeriod", &Queue::message_retention_period, 60, 1'209'600},
    {"DelaySeconds", &Queue::delay_seconds, 0, 900},
    {"ReceiveMessageWaitTimeSeconds", &Queue::receive_wait_seconds, 0, 20},
    {"KmsDataKeyReusePeriodSeconds", &Queue::kms_reuse_seconds, 60, 86'400},
};
constexpr std::string_view kOfFifo[] = {"FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"};
// In the order in which they are told.
constexpr std::string_view kAll[] = {
    "QueueArn", "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed", "CreatedTimestamp",
    "LastModifiedTimestamp", "VisibilityTimeout", "MaximumMessageSize", "MessageRetentionPeriod", "DelaySeconds", "ReceiveMessageWaitTimeSeconds", "Policy",
    "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled", "FifoQueue", "DeduplicationScope",
    "FifoThroughputLimit", "ContentBasedDeduplication"};

std::optional<bool> BooleanOf(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

Error Unknown(std::string_view name) { return Error::Service("InvalidAttributeName", fmt::format("Unknown Attribute {}.", name)); }

// A number, or a text that is one.
std::optional<int> CountOf(const json::Value& value) {
  if (value.is_string()) return ParseNumber<int>(value.string());
  if (!value.is_number()) return std::nullopt;
  const auto number = value.AsInt64();
  return number && *number >= 0 && *number <= 1'000'000 ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

Result<> ApplyRedrivePolicy(const std::string& text, Queue& queue) {
  queue.redrive.reset();
  queue.redrive_policy.clear();
  if (text.empty()) return {};
  const auto document = json::Parse(text);
  auto invalid = [&](std::string_view reason) { return Fail(InvalidValue(text, "RedrivePolicy", reason)); };
  if (!document || !document->is_object()) return invalid("Redrive policy is not a valid JSON map.");
  if (document->object().size() > 2) return invalid("Only following attributes are supported: [deadLetterTargetArn, maxReceiveCount].");
  const json::Value* target = document->Find("deadLetterTargetArn");
  const json::Value* count = document->Find("maxReceiveCount");
  if (!target) return invalid("Redrive policy does not contain mandatory attribute: deadLetterTargetArn.");
  if (!count) return invalid("Redrive policy does not contain mandatory attribute: maxReceiveCount.");
  if (!target->is_string() || !ParseQueueArn(target->string())) return invalid("Invalid value for deadLetterTargetArn.");
  const auto receives = CountOf(*count);
  if (!receives || *receives < 1 || *receives > 1'000) {
    return invalid(fmt::format("Invalid value for maxReceiveCount: {}, valid values are from 1 to 1000 both inclusive.",
                               count->is_string() ? count->string() : json::Write(*count)));
  }
  queue.redrive_policy = text;
  queue.redrive = RedrivePolicy{target->string(), *receives};
  return {};
}

Result<> ApplyRedriveAllowPolicy(const std::string& text, Queue& queue) {
  queue.redrive_allow_policy.clear();
  if (text.empty()) return {};
  const auto document = json::Parse(text);
  auto invalid = [&](std::string_view reason) { return Fail(InvalidValue(text, "RedriveAllowPolicy", reason)); };
  if (!document || !document->is_object()) return invalid("Redrive allow policy is not a valid JSON map.");
  const std::string_view permission = document->StringOr("redrivePermission", "");
  const json::Value* sources = document->Find("sourceQueueArns");
  if (permission != "allowAll" && permission != "denyAll" && permission != "byQueue") {
    return invalid("Amazon SQS can't create the redrive allow policy. Invalid value for redrivePermission.");
  }
  if (permission != "byQueue") {
    if (sources) return invalid("Amazon SQS can't create the redrive allow policy. Specify sourceQueueArns only with redrivePermission byQueue.");
  } else {
    if (!sources || !sources->is_array() || sources->array().empty() || sources->array().size() > 10) {
      return invalid("Amazon SQS can't create the redrive allow policy. sourceQueueArns must name 1 to 10 queues.");
    }
    for (const json::Value& source : sources->array()) {
      if (!source.is_string() || !ParseQueueArn(source.string())) return invalid("Amazon SQS can't create the redrive allow policy. Invalid ARN in sourceQueueArns.");
    }
  }
  queue.redrive_allow_policy = text;
  return {};
}

// One of two values, by name.
Result<> ApplyChoice(std::string_view name, std::string_view value, std::string_view no, std::string_view yes, bool& chosen) {
  if (value != no && value != yes) return Fail(InvalidAttributeValue(name));
  chosen = value == yes;
  return {};
}

Result<> ApplyOfFifo(const std::string& name, const std::string& value, Queue& queue) {
  if (!queue.fifo) {
    if (name == "FifoQueue") return Fail(Unknown(name));
    return Fail(Error::Service("InvalidAttributeName", fmt::format("You can specify the {} only when FifoQueue is set to true.", name)));
  }
  if (name == "DeduplicationScope") return ApplyChoice(name, value, "queue", "messageGroup", queue.deduplicates_per_group);
  if (name == "FifoThroughputLimit") return ApplyChoice(name, value, "perQueue", "perMessageGroupId", queue.throughput_per_group);
  const auto given = BooleanOf(value);
  if (!given) return Fail(InvalidAttributeValue(name));
  if (name == "ContentBasedDeduplication") {
    queue.content_based_deduplication = *given;
  } else if (!*given) {
    return Fail(Error::Service("InvalidAttributeValue",
                               "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported."));
  }
  return {};
}

Result<> CheckThroughput(const Queue& queue) {
  if (!queue.throughput_per_group || queue.deduplicates_per_group) return {};
  return Fail(Error::Service("InvalidAttributeValue",
                             "Invalid value for the parameter FifoThroughputLimit. Reason: perMessageGroupId is allowed only when the value "
                             "for DeduplicationScope is messageGroup."));
}

Result<> ApplyOne(const std::string& name, const std::string& value, Queue& queue) {
  for (const Ranged& ranged : kRanged) {
    if (ranged.name != name) continue;
    const auto number = ParseNumber<int>(value);
    if (!number || *number < ranged.low || *number > ranged.high) return Fail(InvalidAttributeValue(name));
    queue.*ranged.field = *number;
    return {};
  }
  if (std::ranges::find(kOfFifo, name) != std::end(kOfFifo)) return ApplyOfFifo(name, value, queue);
  if (name == "Policy") {
    if (!value.empty() && !identity::Policy::Parse(value, identity::Policy::Kind::Resource)) return Fail(InvalidAttributeValue(name));
    queue.policy = value;
  } else if (name == "RedrivePolicy") {
    return ApplyRedrivePolicy(value, queue);
  } else if (name == "RedriveAllowPolicy") {
    return ApplyRedriveAllowPolicy(value, queue);
  } else if (name == "KmsMasterKeyId") {
    queue.kms_key_id = value;
    if (!value.empty()) queue.sse_enabled = false;
  } else if (name == "SqsManagedSseEnabled") {
    const auto enabled = BooleanOf(value);
    if (!enabled) return Fail(InvalidAttributeValue(name));
    queue.sse_enabled = *enabled;
    if (*enabled) queue.kms_key_id.clear();
  } else {
    return Fail(Unknown(name));
  }
  return {};
}

const std::string* ValueOf(const wire::Map<std::string>& attributes, std::string_view name) {
  const auto found = std::ranges::find(attributes, name, [](const auto& entry) -> const std::string& { return entry.first; });
  return found == attributes.end() ? nullptr : &found->second;
}

// nullopt: the queue has none.
std::optional<std::string> AttributeOf(const Queue& queue, const store::QueueCounts& counts, std::string_view name) {
  for (const Ranged& ranged : kRanged) {
    if (ranged.name != name) continue;
    if (name.starts_with("Kms") && queue.kms_key_id.empty()) return std::nullopt;
    return fmt::to_string(queue.*ranged.field);
  }
  auto text = [](const std::string& value) { return value.empty() ? std::nullopt : std::optional(value); };
  if (name == "QueueArn") return queue.name.Arn();
  if (name == "ApproximateNumberOfMessages") return fmt::to_string(std::max<int64_t>(0, counts.ready()));
  if (name == "ApproximateNumberOfMessagesNotVisible") return fmt::to_string(counts.leased);
  if (name == "ApproximateNumberOfMessagesDelayed") return fmt::to_string(counts.delayed);
  if (name == "CreatedTimestamp") return fmt::to_string(queue.created_seconds);
  if (name == "LastModifiedTimestamp") return fmt::to_string(queue.modified_seconds);
  if (name == "Policy") return text(queue.policy);
  if (name == "RedrivePolicy") return text(queue.redrive_policy);
  if (name == "RedriveAllowPolicy") return text(queue.redrive_allow_policy);
  if (name == "KmsMasterKeyId") return text(queue.kms_key_id);
  if (name == "SqsManagedSseEnabled") return queue.sse_enabled ? "true" : "false";
  if (!queue.fifo) return std::nullopt;
  if (name == "FifoQueue") return "true";
  if (name == "ContentBasedDeduplication") return queue.content_based_deduplication ? "true" : "false";
  if (name == "DeduplicationScope") return queue.deduplicates_per_group ? "messageGroup" : "queue";
  if (name == "FifoThroughputLimit") return queue.throughput_per_group ? "perMessageGroupId" : "perQueue";
  return std::nullopt;
}

}  // namespace

Result<> ApplyAttributes(const wire::Map<std::string>& attributes, Queue& queue) {
  const std::string* sse = ValueOf(attributes, "SqsManagedSseEnabled");
  const std::string* kms = ValueOf(attributes, "KmsMasterKeyId");
  if (sse && BooleanOf(*sse) == true && kms && !kms->empty()) {
    return Fail(Error::Service("InvalidAttributeName",
                               "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE."));
  }
  for (const auto& [name, value] : attributes) MF_TRY_VOID(ApplyOne(name, value, queue));
  return CheckThroughput(queue);
}

Result<> CheckQueueType(std::string_view queue_name, const wire::Map<std::string>& attributes) {
  const std::string* given = ValueOf(attributes, "FifoQueue");
  const bool wanted = given && BooleanOf(*given) == true;
  if (wanted && !(IsFifoName(queue_name) && IsQueueName(queue_name))) {
    return Fail(InvalidParameterValue("The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end "
                                      "with .fifo suffix and be 1 to 80 in length"));
  }
  if (!IsQueueName(queue_name) || (!wanted && IsFifoName(queue_name))) {
    return Fail(InvalidParameterValue("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"));
  }
  if (given && !wanted) return Fail(BooleanOf(*given) ? Unknown("FifoQueue") : InvalidAttributeValue("FifoQueue"));
  return {};
}

Result<wire::Map<std::string>> DescribeAttributes(const Queue& queue, const store::QueueCounts& counts, const std::vector<std::string>& names) {
  bool all = false;
  for (const std::string& name : names) {
    all = all || name == "All";
    const bool known = name == "All" || std::ranges::find(kAll, name) != std::end(kAll) || std::ranges::find(kOfFifo, name) != std::end(kOfFifo);
    if (!known) return Fail(Unknown(name));
  }
  wire::Map<std::string> told;
  for (const std::string_view name : kAll) {
    if (!all && std::ranges::find(names, name) == names.end()) continue;
    if (auto value = AttributeOf(queue, counts, name)) told.emplace_back(name, std::move(*value));
  }
  return told;
}

std::string FirstDifference(const wire::Map<std::string>& attributes, const Queue& wanted, const Queue& queue) {
  const store::QueueCounts none;
  for (const auto& [name, value] : attributes) {
    if (AttributeOf(wanted, none, name) != AttributeOf(queue, none, name)) return name;
  }
  return {};
}

bool AllowsRedrive(std::string_view policy, std::string_view source_arn) {
  if (policy.empty()) return true;
  const auto document = json::Parse(policy);
  if (!document) return true;
  const std::string_view permission = document->StringOr("redrivePermission", "allowAll");
  if (permission == "denyAll") return false;
  if (permission != "byQueue") return true;
  const json::Value* sources = document->Find("sourceQueueArns");
  return sources && sources->is_array() && std::ranges::any_of(sources->array(), [&](const json::Value& source) { return source.is_string() && source.string() == source_arn; });
}

}  // namespace mayfly::sqs
