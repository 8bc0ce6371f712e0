// Attributes of queues, as clients name them: reading and checking them into a Queue, and telling them.
// Pure functions. Source: the API reference of SetQueueAttributes and GetQueueAttributes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/sqs/queue.h"
#include "store/store.h"
#include "wire/storage.h"

namespace mayfly::sqs {

// Puts the attributes into `queue`, whose type is known already. What a value refers to (a dead-letter queue) is checked by the
// caller. Errors: InvalidAttributeName, InvalidAttributeValue, InvalidParameterValue.
Result<> ApplyAttributes(const wire::Map<std::string>& attributes, Queue& queue);

// Whether the name and the attribute FifoQueue say the same. Errors: InvalidParameterValue, InvalidAttributeName.
Result<> CheckQueueType(std::string_view queue_name, const wire::Map<std::string>& attributes);

// Those that `names` asks for ("All" or each one). Error: InvalidAttributeName.
Result<wire::Map<std::string>> DescribeAttributes(const Queue& queue, const store::QueueCounts& counts, const std::vector<std::string>& names);

// The name of an attribute in `attributes` that is another one in `queue`; "" when all agree. They have been applied to a
// fresh queue, `wanted`.
std::string FirstDifference(const wire::Map<std::string>& attributes, const Queue& wanted, const Queue& queue);

// Whether queue `source_arn` may use the queue that has this redriveAllowPolicy for its dead letters.
bool AllowsRedrive(std::string_view redrive_allow_policy, std::string_view source_arn);

}  // namespace mayfly::sqs
