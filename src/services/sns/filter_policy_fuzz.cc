// Filter policies and delivery policies come from clients; whatever stands in them, they are compiled or refused, and ask of a message
// without harm.
#include "services/sns/delivery_policy.h"
#include "services/sns/subscription_filter.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mayfly::sns;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t cut = text.find('\0');
  const std::string_view policy = text.substr(0, cut);
  const std::string message(cut == std::string_view::npos ? std::string_view() : text.substr(cut + 1));
  for (const FilterScope scope : {FilterScope::Attributes, FilterScope::Body}) {
    const auto filter = SubscriptionFilter::Compile(policy, scope);
    if (filter) (void)filter->Wants(message, {{"a", "String", message}, {"b", "Number", message}, {"c", "String.Array", message}});
  }
  const auto topic = ReadTopicPolicy(policy);
  if (topic) (void)DescribeTopicPolicy(*topic);
  const auto subscription = ReadSubscriptionPolicy(policy, TopicHttpPolicy());
  if (subscription) {
    for (int retry = 1; retry <= subscription->retry.retries; ++retry) {
      if (subscription->retry.DelayBefore(retry) < mayfly::Duration::zero()) __builtin_trap();
    }
  }
  return 0;
}
