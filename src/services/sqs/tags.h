// Tags of a queue: their rules. Pure functions.
#pragma once

#include "services/sqs/queue.h"
#include "wire/storage.h"

namespace mayfly::sqs {

inline constexpr size_t kTagsMax = 50;

// Errors: InvalidParameterValue.
Result<> AddTags(const wire::Map<std::string>& tags, Queue& queue);
void RemoveTags(const std::vector<std::string>& keys, Queue& queue);

}  // namespace mayfly::sqs
