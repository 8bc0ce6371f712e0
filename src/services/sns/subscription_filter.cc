#include "services/sns/subscription_filter.h"

#include <fmt/format.h>

#include "base/text.h"
#include "services/sns/sns_errors.h"

namespace mayfly::sns {
namespace {

constexpr int64_t kFieldsMax = 5;
constexpr int64_t kCombinationsMax = 150;

Error RefusedFilter(std::string_view reason) { return InvalidParameter(fmt::format("FilterPolicy: {}", reason)); }

constexpr patterns::Dialect kDialect{.bytes_max = kFilterPolicyBytesMax, .has_wildcards = true, .has_nested_anything_but = true, .number_max = 1.0e9, .has_bounds_for_plain_numbers = true,
                                     .or_combinations_max = 1000, .wildcard_complexity_max = 100, .refuse = &RefusedFilter};

Error LimitExceeded(std::string_view what) {
  return Error::Service("FilterPolicyLimitExceededException", fmt::format("FilterPolicy: {}", what));
}

Result<> CheckLimits(const patterns::EventPattern& pattern, FilterScope scope) {
  const patterns::PatternFigures figures = pattern.figures();
  if (scope == FilterScope::Attributes && figures.depth > 1) {
    return Fail(RefusedFilter("Filter policy scope MessageAttributes does not support nested filter policy"));
  }
  if (figures.fields > kFieldsMax) return Fail(RefusedFilter(fmt::format("Filter policy can not have more than {} keys", kFieldsMax)));
  if (figures.value_combinations > kCombinationsMax) return Fail(RefusedFilter("Filter policy is too complex"));
  return {};
}

// What an attribute is to a policy; nullopt: it takes no part.
std::optional<json::Value> ValueOf(const PublishedAttribute& attribute) {
  if (attribute.is("Binary")) return std::nullopt;
  if (attribute.is("Number")) {
    auto number = json::Parse(Trim(attribute.value));
    if (number && number->is_number()) return std::move(*number);
    return json::Value(attribute.value);
  }
  if (attribute.data_type == "String.Array") {
    auto list = json::Parse(attribute.value);
    if (list && list->is_array()) return std::move(*list);
  }
  return json::Value(attribute.value);
}

json::Value EventOf(const std::vector<PublishedAttribute>& attributes) {
  json::Object event;
  for (const PublishedAttribute& attribute : attributes) {
    if (auto value = ValueOf(attribute)) event.emplace_back(attribute.name, std::move(*value));
  }
  return json::Value(std::move(event));
}

}  // namespace

Result<SubscriptionFilter> SubscriptionFilter::Compile(std::string_view policy, FilterScope scope) {
  if (policy.empty()) return SubscriptionFilter(std::nullopt, scope);
  if (policy.size() > kFilterPolicyBytesMax) return Fail(LimitExceeded("Filter policy can not be larger than 256 KB"));
  const auto document = json::Parse(policy);
  if (!document || !document->is_object()) return Fail(RefusedFilter("failed to parse JSON."));
  if (document->object().empty()) return SubscriptionFilter(std::nullopt, scope);
  MF_TRY(auto pattern, patterns::EventPattern::Compile(policy, kDialect));
  MF_TRY_VOID(CheckLimits(pattern, scope));
  return SubscriptionFilter(std::move(pattern), scope);
}

bool SubscriptionFilter::Wants(std::string_view message, const std::vector<PublishedAttribute>& attributes) const {
  if (!pattern_) return true;
  // Without any attribute nothing is said to be absent.
  if (scope_ == FilterScope::Attributes) return !attributes.empty() && pattern_->Matches(EventOf(attributes));
  const auto body = json::Parse(message);
  return body && body->is_object() && pattern_->Matches(*body);
}

}  // namespace mayfly::sns
