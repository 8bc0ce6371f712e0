// Names of buses and rules, and the ARNs that mean them. Values; pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/context.h"
#include "base/result.h"

namespace mayfly::events {

inline constexpr std::string_view kDefaultBus = "default";

struct BusName {
  std::string account_id;
  std::string region;
  std::string name;

  std::string Key() const { return account_id + '/' + region + '/' + name; }
  // "ACCOUNT/REGION/": of the rows of all that the account has there.
  std::string Place() const { return account_id + '/' + region + '/'; }
  std::string Arn() const;
  bool is_default() const { return name == kDefaultBus; }
  bool operator==(const BusName&) const = default;
};

struct RuleName {
  BusName bus;
  std::string name;

  std::string Key() const { return bus.Key() + '/' + name; }
  // rule/NAME on the default bus, rule/BUS/NAME on others.
  std::string Arn() const;
};

// The caller's bus of that name, the bus of that ARN, or the caller's default one.
BusName BusOf(const Context& ctx, const std::optional<std::string>& name_or_arn);
std::optional<BusName> ParseBusArn(std::string_view arn);
std::optional<RuleName> ParseRuleArn(std::string_view arn);
// The reverse of Key.
BusName BusOfKey(std::string_view key);
RuleName RuleOfKey(std::string_view key);

// Errors of the service, in AWS's words.
Error Invalid(std::string message);  // ValidationException
Error NoBus(std::string_view name);
Error NoRule(const RuleName& name);
Error LimitExceeded();

}  // namespace mayfly::events
