// SubscriptionFilter: which messages a subscription wants: a filter policy, compiled, over the attributes or the body of a message.
//
// The language is that of all event patterns (patterns/event_pattern.h), within SNS's limits: five fields, 150 combinations of values,
// flat over attributes. Source: AWS "Amazon SNS subscription filter policies", "Filter policy constraints".
// Immutable and cheap to copy; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "patterns/event_pattern.h"

namespace mayfly::sns {

// An attribute of a published message.
struct PublishedAttribute {
  std::string name;
  std::string data_type;  // "String", "String.Array", "Number", "Binary.png" …
  std::string value;      // the text; of a Binary one its bytes

  bool is(std::string_view type) const { return std::string_view(data_type).substr(0, data_type.find('.')) == type; }
};

enum class FilterScope : unsigned char { Attributes, Body };
inline constexpr std::string_view kScopeAttributes = "MessageAttributes";
inline constexpr std::string_view kScopeBody = "MessageBody";
inline constexpr size_t kFilterPolicyBytesMax = 256 * 1024;

class SubscriptionFilter {
 public:
  // "" and "{}" want everything. Errors: InvalidParameter "FilterPolicy: …", FilterPolicyLimitExceeded.
  static Result<SubscriptionFilter> Compile(std::string_view policy, FilterScope scope);

  bool Wants(std::string_view message, const std::vector<PublishedAttribute>& attributes) const;

 private:
  SubscriptionFilter(std::optional<patterns::EventPattern> pattern, FilterScope scope) : pattern_(std::move(pattern)), scope_(scope) {}

  std::optional<patterns::EventPattern> pattern_;  // none: everything
  FilterScope scope_;
};

}  // namespace mayfly::sns
