// Attributes of topics and subscriptions, as clients name them: reading and checking them, and telling them. Pure functions.
// Source: the API reference of CreateTopic, SetTopicAttributes, Subscribe, SetSubscriptionAttributes and their counterparts.
#pragma once

#include <string>
#include <string_view>

#include "services/sns/topic.h"
#include "wire/storage.h"

namespace mayfly::sns {

// `where`: before what is wrong in errors: "Attributes Reason: " of one among several, "" of the one that is set.
// FifoTopic and FifoThroughputScope among them. Errors: InvalidParameter.
Result<> ApplyTopicAttribute(std::string_view name, const std::string& value, std::string_view where, TopicRow& topic);

struct SubscriptionCounts {
  size_t confirmed = 0;
  size_t pending = 0;
  size_t deleted = 0;
};
wire::Map<std::string> DescribeTopic(const TopicRow& topic, const SubscriptionCounts& counts);

// Errors: InvalidParameter, FilterPolicyLimitExceeded. What belongs together (policy and scope) is checked by CheckSubscription.
Result<> ApplySubscriptionAttribute(std::string_view name, const std::string& value, std::string_view where, SubscriptionRow& subscription);
// The whole, after all attributes of a request. `fifo`: of its topic.
Result<> CheckSubscription(const SubscriptionRow& subscription, const TopicRow& topic, std::string_view where);
wire::Map<std::string> DescribeSubscription(const SubscriptionRow& subscription, const TopicRow* topic);
// Whether both have the same attributes.
bool HaveSameAttributes(const SubscriptionRow& one, const SubscriptionRow& other);

// Whether the protocol is one of SNS's, and the endpoint one of its. Errors: InvalidParameter.
Result<> CheckEndpoint(std::string_view protocol, std::string_view endpoint, const TopicName& topic);
// Whether the endpoint must confirm its subscription.
bool NeedsConfirmation(std::string_view protocol);

}  // namespace mayfly::sns
