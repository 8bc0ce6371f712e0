#include "services/sns/topic_attributes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "identity/arn.h"
#include "identity/policy.h"
#include "services/sns/delivery_policy.h"
#include "services/sns/sns_errors.h"
#include "services/sns/topic_authorizer.h"

namespace mayfly::sns {
namespace {

constexpr int kMessageSizeMin = 1'024;
constexpr int kMessageSizeMax = 262'144;
constexpr std::string_view kFeedbackProtocols[] = {"HTTP", "Firehose", "Lambda", "Application", "SQS"};
constexpr std::string_view kFeedbackKinds[] = {"SuccessFeedbackRoleArn", "FailureFeedbackRoleArn", "SuccessFeedbackSampleRate"};

Error RefusedAttribute(std::string_view where, std::string_view what) { return InvalidParameter(fmt::format("{}{}", where, what)); }

std::optional<bool> TruthOf(std::string_view text) {
  if (EqualIgnoringCase(text, "true")) return true;
  if (EqualIgnoringCase(text, "false")) return false;
  return std::nullopt;
}

bool IsFeedback(std::string_view name) {
  return std::ranges::any_of(kFeedbackProtocols, [&](std::string_view protocol) {
    return name.starts_with(protocol) && std::ranges::find(kFeedbackKinds, name.substr(protocol.size())) != std::end(kFeedbackKinds);
  });
}

void SetFeedback(std::string_view name, const std::string& value, resources::StringPairs& feedback) {
  std::erase_if(feedback, [&](const auto& pair) { return pair.first == name; });
  if (!value.empty()) feedback.emplace_back(name, value);
}

Result<> SetTruth(std::string_view name, std::string_view value, std::string_view where, bool& truth) {
  const auto given = TruthOf(value);
  if (!given) return Fail(RefusedAttribute(where, fmt::format("{}: Invalid value [{}]. Must be true or false.", name, value)));
  truth = *given;
  return {};
}

Result<> ApplyOfFifo(std::string_view name, const std::string& value, std::string_view where, TopicRow& topic) {
  if (!topic.name.is_fifo()) return Fail(RefusedAttribute(where, fmt::format("{} is only valid for FIFO topics", name)));
  if (name == "ContentBasedDeduplication") return SetTruth(name, value, where, topic.content_based_deduplication);
  if (value != "Topic" && value != "MessageGroup") {
    return Fail(RefusedAttribute(where, fmt::format("FifoThroughputScope: Invalid value [{}]. Must be Topic or MessageGroup.", value)));
  }
  topic.deduplicates_per_group = value == "MessageGroup";
  return {};
}

Result<> ApplyPolicy(const std::string& value, std::string_view where, TopicRow& topic) {
  if (!value.empty()) {
    const auto parsed = identity::Policy::Parse(value, identity::Policy::Kind::Resource);
    if (!parsed) return Fail(RefusedAttribute(where, fmt::format("Policy Error: {}", parsed.error().message)));
  }
  topic.policy = value;
  return {};
}

Result<> ApplySize(const std::string& value, std::string_view where, TopicRow& topic) {
  const auto size = ParseNumber<int>(value);
  if (!size || *size < kMessageSizeMin || *size > kMessageSizeMax) {
    return Fail(RefusedAttribute(where, fmt::format("MaximumMessageSize: must be between {} and {}", kMessageSizeMin, kMessageSizeMax)));
  }
  topic.maximum_message_size = *size;
  return {};
}

Result<> ApplyDeliveryPolicy(const std::string& value, std::string_view where, TopicRow& topic) {
  if (const auto read = ReadTopicPolicy(value); !read) return Fail(PlacedAt(where, read.error()));
  topic.delivery_policy = value;
  return {};
}

std::string_view ServiceOf(std::string_view arn) {
  const auto parsed = identity::ParseArn(arn);
  return parsed ? parsed->service : std::string_view();
}

Result<> ApplyRedrive(const std::string& value, std::string_view where, SubscriptionRow& subscription) {
  subscription.redrive_policy.clear();
  subscription.dead_letter_arn.clear();
  if (value.empty()) return {};
  const auto document = json::Parse(value);
  if (!document || !document->is_object()) return Fail(RefusedAttribute(where, "RedrivePolicy: failed to parse JSON."));
  if (document->object().empty()) return {};
  const std::string_view target = document->StringOr("deadLetterTargetArn", "");
  if (ServiceOf(target) != "sqs") return Fail(RefusedAttribute(where, "RedrivePolicy: deadLetterTargetArn is an invalid arn"));
  subscription.redrive_policy = value;
  subscription.dead_letter_arn = target;
  return {};
}

bool IsNumber(std::string_view text) {
  const auto digits = std::ranges::count_if(text, IsDigit);
  return digits >= 5 && digits <= 15 && ConsistsOf(text, "+0123456789-() ./");
}

}  // namespace

Result<> ApplyTopicAttribute(std::string_view name, const std::string& value, std::string_view where, TopicRow& topic) {
  if (name == "DisplayName") {
    if (value.size() > 100) return Fail(RefusedAttribute(where, "DisplayName: must be at most 100 characters long"));
    topic.display_name = value;
  } else if (name == "Policy") {
    return ApplyPolicy(value, where, topic);
  } else if (name == "DeliveryPolicy") {
    return ApplyDeliveryPolicy(value, where, topic);
  } else if (name == "KmsMasterKeyId") {
    topic.kms_key_id = value;
  } else if (name == "TracingConfig") {
    if (value != "Active" && value != "PassThrough") return Fail(RefusedAttribute(where, fmt::format("TracingConfig: Invalid value [{}].", value)));
    topic.tracing_config = value;
  } else if (name == "SignatureVersion") {
    if (value != "1" && value != "2") return Fail(RefusedAttribute(where, fmt::format("SignatureVersion: Invalid value [{}]. Must be 1 or 2.", value)));
    topic.signature_version = value;
  } else if (name == "MaximumMessageSize") {
    return ApplySize(value, where, topic);
  } else if (name == "FifoTopic") {
    const auto given = TruthOf(value);
    if (!given || *given != topic.name.is_fifo()) return Fail(InvalidParameter("Topic Name"));
  } else if (name == "ContentBasedDeduplication" || name == "FifoThroughputScope") {
    return ApplyOfFifo(name, value, where, topic);
  } else if (IsFeedback(name)) {
    SetFeedback(name, value, topic.feedback);
  } else {
    return Fail(InvalidParameter("AttributeName"));
  }
  return {};
}

wire::Map<std::string> DescribeTopic(const TopicRow& topic, const SubscriptionCounts& counts) {
  wire::Map<std::string> told;
  auto add = [&](std::string_view name, std::string value) {
    if (!value.empty()) told.emplace_back(name, std::move(value));
  };
  add("Policy", topic.policy.empty() ? DefaultPolicy(topic.name) : topic.policy);
  add("Owner", topic.name.account_id);
  add("SubscriptionsPending", fmt::to_string(counts.pending));
  add("TopicArn", topic.name.Arn());
  add("EffectiveDeliveryPolicy", DescribeTopicPolicy(ReadTopicPolicy(topic.delivery_policy).value_or(TopicHttpPolicy())));
  add("SubscriptionsConfirmed", fmt::to_string(counts.confirmed));
  told.emplace_back("DisplayName", topic.display_name);
  add("SubscriptionsDeleted", fmt::to_string(counts.deleted));
  add("DeliveryPolicy", topic.delivery_policy);
  add("KmsMasterKeyId", topic.kms_key_id);
  add("TracingConfig", topic.tracing_config);
  add("SignatureVersion", topic.signature_version);
  if (topic.maximum_message_size > 0) add("MaximumMessageSize", fmt::to_string(topic.maximum_message_size));
  for (const auto& [name, value] : topic.feedback) add(name, value);
  if (!topic.name.is_fifo()) return told;
  add("FifoTopic", "true");
  add("ContentBasedDeduplication", topic.content_based_deduplication ? "true" : "false");
  add("FifoThroughputScope", topic.deduplicates_per_group ? "MessageGroup" : "Topic");
  return told;
}

Result<> ApplySubscriptionAttribute(std::string_view name, const std::string& value, std::string_view where, SubscriptionRow& subscription) {
  if (name == "RawMessageDelivery") return SetTruth(name, value, where, subscription.raw_message_delivery);
  if (name == "RedrivePolicy") return ApplyRedrive(value, where, subscription);
  if (name == "FilterPolicy") {
    subscription.filter_policy = value == "{}" ? std::string() : value;
  } else if (name == "FilterPolicyScope") {
    if (value != kScopeBody && value != kScopeAttributes) {
      return Fail(RefusedAttribute(where, fmt::format("FilterPolicyScope: Invalid value [{}]. Please use either MessageBody or MessageAttributes", value)));
    }
    subscription.filter_scope = value == kScopeAttributes ? std::string() : value;
  } else if (name == "DeliveryPolicy") {
    if (const auto read = ReadSubscriptionPolicy(value, TopicHttpPolicy()); !read) {
      return Fail(PlacedAt(where, read.error()));
    }
    subscription.delivery_policy = value;
  } else if (name == "SubscriptionRoleArn") {
    subscription.role_arn = value;
  } else {
    return Fail(InvalidParameter("AttributeName"));
  }
  return {};
}

Result<> CheckSubscription(const SubscriptionRow& subscription, const TopicRow& topic, std::string_view where) {
  const FilterScope scope = subscription.filter_scope == kScopeBody ? FilterScope::Body : FilterScope::Attributes;
  const auto filter = SubscriptionFilter::Compile(subscription.filter_policy, scope);
  if (!filter) return Fail(PlacedAt(where, filter.error()));
  if (topic.name.is_fifo() && !subscription.dead_letter_arn.empty() && subscription.endpoint.ends_with(".fifo") &&
      !subscription.dead_letter_arn.ends_with(".fifo")) {
    return Fail(RefusedAttribute(where, "RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic."));
  }
  return {};
}

wire::Map<std::string> DescribeSubscription(const SubscriptionRow& subscription, const TopicRow* topic) {
  wire::Map<std::string> told;
  auto add = [&](std::string_view name, std::string value) {
    if (!value.empty()) told.emplace_back(name, std::move(value));
  };
  const auto truth = [](bool is) { return std::string(is ? "true" : "false"); };
  const std::string owner = subscription.owner_account_id;
  add("SubscriptionArn", subscription.name.Arn());
  add("TopicArn", subscription.name.topic.Arn());
  add("Owner", owner);
  add("Protocol", subscription.protocol);
  add("Endpoint", subscription.endpoint);
  add("PendingConfirmation", truth(!subscription.is_confirmed()));
  add("ConfirmationWasAuthenticated", truth(subscription.is_confirmed() && subscription.confirmed_with_signature));
  add("RawMessageDelivery", truth(subscription.raw_message_delivery));
  add("SubscriptionPrincipal", fmt::format("arn:{}:iam::{}:root", identity::PartitionOf(subscription.name.topic.region), owner));
  if (!subscription.filter_policy.empty()) {
    add("FilterPolicy", subscription.filter_policy);
    add("FilterPolicyScope", subscription.filter_scope.empty() ? std::string(kScopeAttributes) : subscription.filter_scope);
  }
  add("RedrivePolicy", subscription.redrive_policy);
  add("DeliveryPolicy", subscription.delivery_policy);
  add("SubscriptionRoleArn", subscription.role_arn);
  if (subscription.protocol != "http" && subscription.protocol != "https") return told;
  const auto of_topic = ReadTopicPolicy(topic ? topic->delivery_policy : "").value_or(TopicHttpPolicy());
  add("EffectiveDeliveryPolicy", DescribeSubscriptionPolicy(ReadSubscriptionPolicy(subscription.delivery_policy, of_topic).value_or(of_topic.http)));
  return told;
}

bool HaveSameAttributes(const SubscriptionRow& one, const SubscriptionRow& other) {
  return one.raw_message_delivery == other.raw_message_delivery && one.filter_policy == other.filter_policy &&
         one.filter_scope == other.filter_scope && one.redrive_policy == other.redrive_policy && one.delivery_policy == other.delivery_policy &&
         one.role_arn == other.role_arn;
}

Result<> CheckEndpoint(std::string_view protocol, std::string_view endpoint, const TopicName& topic) {
  const auto mismatch = [] { return Fail(InvalidParameter("Endpoint must match the specified protocol")); };
  if (protocol == "sqs") {
    if (ServiceOf(endpoint) != "sqs") return Fail(InvalidParameter("SQS endpoint ARN"));
    if (endpoint.ends_with(".fifo") && !topic.is_fifo()) {
      return Fail(InvalidParameter("Invalid parameter: Endpoint", "FIFO SQS Queues can not be subscribed to standard SNS topics"));
    }
    return {};
  }
  const bool known = protocol == "lambda" || protocol == "http" || protocol == "https" || protocol == "email" || protocol == "email-json" ||
                     protocol == "sms" || protocol == "application";
  if (!known) return Fail(InvalidParameter(fmt::format("Amazon SNS does not support this protocol string: {}", protocol)));
  if (topic.is_fifo()) return Fail(InvalidParameter("Invalid parameter: Endpoint", "Please use FIFO SQS queue"));
  if (protocol == "lambda") {
    const auto arn = identity::ParseArn(endpoint);
    if (!arn || arn->service != "lambda" || !arn->resource.starts_with("function:")) return Fail(InvalidParameter("Lambda endpoint ARN"));
    return {};
  }
  if (protocol.starts_with("http") && !endpoint.starts_with(fmt::format("{}://", protocol))) return mismatch();
  if (protocol.starts_with("email") && (!endpoint.contains('@') || endpoint.contains(' '))) return mismatch();
  if (protocol == "sms" && !IsNumber(endpoint)) return Fail(InvalidParameter(fmt::format("Invalid SMS endpoint: {}", endpoint)));
  if (protocol == "application" && ServiceOf(endpoint) != "sns") return mismatch();
  return {};
}

bool NeedsConfirmation(std::string_view protocol) { return protocol.starts_with("http") || protocol.starts_with("email"); }

}  // namespace mayfly::sns
