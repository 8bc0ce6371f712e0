#include "services/ssm/parameter_policies.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"
#include "base/schedule.h"
#include "base/text.h"

namespace mayfly::ssm {
namespace {

using Type = ParameterPolicy::Type;

constexpr int64_t kUnitsMax = 100'000;

Error BadAttribute() { return Error::Service("InvalidPolicyAttributeException", "A policy attribute or its value is invalid."); }
Error InConflict() {
  return Error::Service("IncompatiblePolicyException", "There is a conflict in the policies specified for this parameter. You can't, for example, specify two "
                                                       "Expiration policies for a parameter.");
}

Result<Type> TypeOf(std::string_view name) {
  for (const Type type : {Type::Expiration, Type::ExpirationNotification, Type::NoChangeNotification}) {
    if (NameOf(type) == name) return type;
  }
  return Fail(Error::Service("InvalidPolicyTypeException", "The policy type isn't supported. Parameter Store supports the following policy types: Expiration, "
                                                           "ExpirationNotification, and NoChangeNotification."));
}

// "2026-12-02T21:34:33.000Z"
Result<WallTime> TimeFrom(std::string_view text) {
  constexpr size_t kSeconds = 19;
  const std::string_view rest = text.size() > kSeconds ? text.substr(kSeconds) : std::string_view("?");
  const bool is_utc = rest == "Z" || (rest.starts_with('.') && rest.ends_with('Z') && ParseNumber<int64_t>(rest.substr(1, rest.size() - 2)));
  const auto schedule = is_utc ? Schedule::Parse(fmt::format("at({})", text.substr(0, kSeconds))) : std::nullopt;
  const auto time = schedule ? schedule->Next(WallTime{}, WallTime{}) : std::nullopt;
  if (!time) return Fail(BadAttribute());
  return *time;
}

Result<Duration> SpanFrom(const json::Value& attributes, std::string_view name) {
  const auto count = ParseNumber<int64_t>(attributes.StringOr(name, ""));
  const std::string_view unit = attributes.StringOr("Unit", "");
  if (!count || *count < 1 || *count > kUnitsMax || (unit != "Days" && unit != "Hours")) return Fail(BadAttribute());
  return *count * (unit == "Days" ? Duration(std::chrono::days(1)) : Duration(std::chrono::hours(1)));
}

Result<ParameterPolicy> ReadPolicy(const json::Value& policy, WallTime made) {
  MF_TRY(const Type type, TypeOf(policy.StringOr("Type", "")));
  const json::Value* attributes = policy.Find("Attributes");
  if (!attributes || policy.StringOr("Version", "1.0") != "1.0") return Fail(BadAttribute());
  ParameterPolicy read{.type = type, .text = json::Write(policy), .due = made};
  if (type == Type::Expiration) {
    MF_TRY(read.due, TimeFrom(attributes->StringOr("Timestamp", "")));
  } else {
    MF_TRY(const Duration span, SpanFrom(*attributes, type == Type::ExpirationNotification ? "Before" : "After"));
    read.due = type == Type::ExpirationNotification ? WallTime(-span) : made + span;
  }
  return read;
}

}  // namespace

std::string_view NameOf(Type type) {
  switch (type) {
    case Type::Expiration: return "Expiration";
    case Type::ExpirationNotification: return "ExpirationNotification";
    case Type::NoChangeNotification: break;
  }
  return "NoChangeNotification";
}

Result<std::vector<ParameterPolicy>> ReadPolicies(std::string_view text, WallTime made) {
  std::vector<ParameterPolicy> policies;
  if (text.empty()) return policies;
  const auto document = json::Parse(text);
  if (!document || !document->is_array()) return Fail(BadAttribute());
  if (document->array().size() > kPoliciesMax) {
    return Fail(Error::Service("PoliciesLimitExceededException", "You specified more than the maximum number of allowed policies for the parameter. The maximum is 10."));
  }
  for (const json::Value& policy : document->array()) {
    MF_TRY(ParameterPolicy read, ReadPolicy(policy, made));
    policies.push_back(std::move(read));
  }
  const auto expires = [](const ParameterPolicy& policy) { return policy.type == Type::Expiration; };
  const auto expiration = std::ranges::find_if(policies, expires);
  if (std::ranges::count_if(policies, expires) > 1) return Fail(InConflict());
  for (ParameterPolicy& policy : policies) {
    if (policy.type != Type::ExpirationNotification) continue;
    if (expiration == policies.end()) return Fail(InConflict());
    policy.due = expiration->due + policy.due.time_since_epoch();
  }
  return policies;
}

}  // namespace mayfly::ssm
