// Delivery policies: how often and how soon SNS tries an endpoint again, as JSON documents of topics and subscriptions say it for
// HTTP, and as AWS has it for its own services. Pure functions.
//
// Source: AWS "Amazon SNS message delivery retries" and "Creating HTTP/S delivery policies".
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"

namespace mayfly::sns {

struct RetryPolicy {
  enum class Function : unsigned char { Arithmetic, Exponential, Geometric, Linear };

  int min_delay_seconds = 20;
  int max_delay_seconds = 20;
  int retries = 3;  // in all
  int no_delay_retries = 0;   // first these
  int min_delay_retries = 0;  // then these
  int max_delay_retries = 0;  // and these last; between them the function
  Function function = Function::Linear;

  // How long before retry number `retry`, 1 to `retries`.
  Duration DelayBefore(int retry) const;
};

// Of functions and queues: 100,015 times in 23 days.
inline constexpr RetryPolicy kManagedRetries{.min_delay_seconds = 1, .max_delay_seconds = 20, .retries = 100'015, .no_delay_retries = 3,
                                             .min_delay_retries = 2, .max_delay_retries = 100'000, .function = RetryPolicy::Function::Exponential};

struct HttpPolicy {
  RetryPolicy retry;
  std::string content_type = "text/plain; charset=UTF-8";
};

// Of a topic: {"http":{"defaultHealthyRetryPolicy":…}}; "" is AWS's. `overridable`: subscriptions may have their own.
struct TopicHttpPolicy {
  HttpPolicy http;
  bool overridable = true;
};
// Errors: InvalidParameter "DeliveryPolicy: …".
Result<TopicHttpPolicy> ReadTopicPolicy(std::string_view document);
// Of a subscription: {"healthyRetryPolicy":…}, over what its topic says.
Result<HttpPolicy> ReadSubscriptionPolicy(std::string_view document, const TopicHttpPolicy& topic);

// As GetTopicAttributes and GetSubscriptionAttributes tell what holds in the end.
std::string DescribeTopicPolicy(const TopicHttpPolicy& policy);
std::string DescribeSubscriptionPolicy(const HttpPolicy& policy);

}  // namespace mayfly::sns
