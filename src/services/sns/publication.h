// Publication: a message as a publisher gave it, checked. Pure functions.
// Source: the API reference of Publish, "Amazon SNS message attributes".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/sns.h"
#include "services/sns/subscription_filter.h"

namespace mayfly::sns {

inline constexpr size_t kMessageBytesMax = 262'144;  // of a message with its attributes, and of a batch

struct Publication {
  std::string message;  // what an endpoint gets whose protocol has none of its own
  std::vector<std::pair<std::string, std::string>> of_protocol;  // with MessageStructure json
  std::string subject;  // "" = none, as all that follow
  std::vector<PublishedAttribute> attributes;
  std::string group_id;
  std::string deduplication_id;  // as it was given
  std::string content;           // the message as it was sent: what content-based deduplication looks at

  const std::string& MessageFor(std::string_view protocol) const;
};

// In bytes, as the limits count.
size_t PublishedBytes(std::string_view message, const std::optional<wire::Map<MessageAttributeValue>>& attributes);

// Errors: InvalidParameter, ParameterValueInvalid, in AWS's words. How large the whole may be is the caller's.
Result<Publication> ReadPublication(PublishRequest& request);
Result<Publication> ReadPublication(PublishBatchRequestEntry& entry);

}  // namespace mayfly::sns
