#include "services/sns/delivery_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "services/sns/sns_errors.h"

namespace mayfly::sns {
namespace {

constexpr int kDelayMax = 3'600;   // seconds; of one delay, and of all together
constexpr int kRetriesMax = 100;
constexpr std::array<std::string_view, 4> kFunctions{"arithmetic", "exponential", "geometric", "linear"};

Error RefusedPolicy(std::string_view what) { return InvalidParameter(fmt::format("DeliveryPolicy: {}", what)); }

struct Number {
  std::string_view name;
  int RetryPolicy::*field;
  int low;
  int high;
};
constexpr Number kNumbers[] = {{"minDelayTarget", &RetryPolicy::min_delay_seconds, 1, kDelayMax},
                               {"maxDelayTarget", &RetryPolicy::max_delay_seconds, 1, kDelayMax},
                               {"numRetries", &RetryPolicy::retries, 0, kRetriesMax},
                               {"numNoDelayRetries", &RetryPolicy::no_delay_retries, 0, kRetriesMax},
                               {"numMinDelayRetries", &RetryPolicy::min_delay_retries, 0, kRetriesMax},
                               {"numMaxDelayRetries", &RetryPolicy::max_delay_retries, 0, kRetriesMax}};

Result<> ReadNumbers(const json::Value& value, std::string_view where, RetryPolicy& retry) {
  for (const Number& number : kNumbers) {
    const json::Value* given = value.Find(number.name);
    if (!given || given->is_null()) {
      if (number.high != kDelayMax && number.name != "numRetries") continue;
      return Fail(RefusedPolicy(fmt::format("{}.{} must be specified", where, number.name)));
    }
    const auto read = given->is_number() ? given->AsInt64() : Result<int64_t>(Fail(Error::Fault("no number")));
    if (!read || *read < number.low || *read > number.high) {
      return Fail(RefusedPolicy(fmt::format("{}.{} must be between {} and {}", where, number.name, number.low, number.high)));
    }
    retry.*number.field = static_cast<int>(*read);
  }
  return {};
}

Result<> CheckTogether(std::string_view where, const RetryPolicy& retry) {
  if (retry.max_delay_seconds < retry.min_delay_seconds) return Fail(RefusedPolicy(fmt::format("{}.maxDelayTarget must be greater than or equal to minDelayTarget", where)));
  const int named = retry.no_delay_retries + retry.min_delay_retries + retry.max_delay_retries;
  if (named > retry.retries) return Fail(RefusedPolicy(fmt::format("{}.numRetries must be greater than or equal to total of all other retries", where)));
  Duration total{};
  for (int i = 1; i <= retry.retries; ++i) total += retry.DelayBefore(i);
  if (total > std::chrono::seconds(kDelayMax)) return Fail(RefusedPolicy(fmt::format("{}: the total of all delays must not exceed {} seconds", where, kDelayMax)));
  return {};
}

Result<> ReadRetry(const json::Value& document, std::string_view where, RetryPolicy& retry) {
  const json::Value* value = document.Find(where);
  if (!value || value->is_null()) return {};
  if (!value->is_object()) return Fail(RefusedPolicy(fmt::format("{} must be an object", where)));
  RetryPolicy read;
  MF_TRY_VOID(ReadNumbers(*value, where, read));
  const std::string_view function = value->StringOr("backoffFunction", "linear");
  const auto known = std::ranges::find(kFunctions, function);
  if (known == kFunctions.end()) return Fail(RefusedPolicy(fmt::format("{}.backoffFunction must be one of: arithmetic, exponential, geometric, linear", where)));
  read.function = static_cast<RetryPolicy::Function>(known - kFunctions.begin());
  MF_TRY_VOID(CheckTogether(where, read));
  retry = read;
  return {};
}

Result<> ReadThrottle(const json::Value& document, std::string_view where) {
  const json::Value* value = document.Find(where);
  const json::Value* rate = value ? value->Find("maxReceivesPerSecond") : nullptr;
  if (!rate || rate->is_null()) return {};
  const auto read = rate->is_number() ? rate->AsInt64() : Result<int64_t>(Fail(Error::Fault("no number")));
  if (read && *read >= 1) return {};
  return Fail(RefusedPolicy(fmt::format("{}.maxReceivesPerSecond must be greater than or equal to 1", where)));
}

Result<> ReadRequestPolicy(const json::Value& document, std::string_view where, HttpPolicy& http) {
  const json::Value* value = document.Find(where);
  const std::string_view type = value ? value->StringOr("headerContentType", "") : "";
  if (type.empty()) return {};
  const bool plain = type.size() <= 256 && std::ranges::all_of(type, [](char c) { return c >= ' ' && c < '\x7f'; });
  if (!plain) return Fail(RefusedPolicy(fmt::format("{}.headerContentType is not a valid content type", where)));
  http.content_type = type;
  return {};
}

Result<json::Value> ReadDocument(std::string_view text) {
  auto document = json::Parse(text);
  if (!document || !document->is_object()) return Fail(RefusedPolicy("failed to parse JSON."));
  return document;
}

json::Value Describe(const RetryPolicy& retry) {
  json::Object described;
  for (const Number& number : kNumbers) described.emplace_back(std::string(number.name), retry.*number.field);
  described.emplace_back("backoffFunction", kFunctions[static_cast<size_t>(retry.function)]);
  return json::Value(std::move(described));
}

json::Value DescribeRequest(const HttpPolicy& http) {
  json::Value described;
  described.Set("headerContentType", http.content_type);
  return described;
}

}  // namespace

Duration RetryPolicy::DelayBefore(int retry) const {
  if (retry <= no_delay_retries) return Duration::zero();
  if (retry <= no_delay_retries + min_delay_retries) return std::chrono::seconds(min_delay_seconds);
  if (retry > retries - max_delay_retries) return std::chrono::seconds(max_delay_seconds);
  const int place = retry - no_delay_retries - min_delay_retries - 1;  // from 0, of `count`
  const int count = retries - max_delay_retries - no_delay_retries - min_delay_retries;
  const double part = count > 1 ? static_cast<double>(place) / (count - 1) : 0;
  const double low = min_delay_seconds, high = max_delay_seconds;
  double seconds = low;
  switch (function) {
    case Function::Linear: seconds = low + (high - low) * part; break;
    case Function::Arithmetic: seconds = low + (high - low) * part * (place + 1.0) / std::max(1, count); break;
    case Function::Geometric: seconds = low * std::pow(high / low, part); break;
    case Function::Exponential: seconds = std::min(high, low * std::pow(2.0, std::min(place, 20))); break;
  }
  return std::chrono::milliseconds(static_cast<int64_t>(std::clamp(seconds, low, high) * 1000));
}

Result<TopicHttpPolicy> ReadTopicPolicy(std::string_view text) {
  TopicHttpPolicy policy;
  if (text.empty()) return policy;
  MF_TRY(const json::Value document, ReadDocument(text));
  const json::Value* http = document.Find("http");
  if (!http || http->is_null()) return policy;
  if (!http->is_object()) return Fail(RefusedPolicy("http must be an object"));
  MF_TRY_VOID(ReadRetry(*http, "defaultHealthyRetryPolicy", policy.http.retry));
  MF_TRY_VOID(ReadThrottle(*http, "defaultThrottlePolicy"));
  MF_TRY_VOID(ReadRequestPolicy(*http, "defaultRequestPolicy", policy.http));
  policy.overridable = !http->BoolOr("disableSubscriptionOverrides", false);
  return policy;
}

Result<HttpPolicy> ReadSubscriptionPolicy(std::string_view text, const TopicHttpPolicy& topic) {
  HttpPolicy policy = topic.http;
  if (text.empty()) return policy;
  MF_TRY(const json::Value document, ReadDocument(text));
  MF_TRY_VOID(ReadRetry(document, "healthyRetryPolicy", policy.retry));
  MF_TRY_VOID(ReadThrottle(document, "throttlePolicy"));
  MF_TRY_VOID(ReadRequestPolicy(document, "requestPolicy", policy));
  if (!topic.overridable) return topic.http;
  return policy;
}

std::string DescribeTopicPolicy(const TopicHttpPolicy& policy) {
  json::Value http;
  http.Set("defaultHealthyRetryPolicy", Describe(policy.http.retry));
  http.Set("disableSubscriptionOverrides", !policy.overridable);
  http.Set("defaultRequestPolicy", DescribeRequest(policy.http));
  json::Value document;
  document.Set("http", std::move(http));
  return json::Write(document);
}

std::string DescribeSubscriptionPolicy(const HttpPolicy& policy) {
  json::Value document;
  document.Set("healthyRetryPolicy", Describe(policy.retry));
  document.Set("sicklyRetryPolicy", nullptr);
  document.Set("throttlePolicy", nullptr);
  document.Set("requestPolicy", DescribeRequest(policy));
  document.Set("guaranteed", false);
  return json::Write(document);
}

}  // namespace mayfly::sns
