#include "services/events/bus_names.h"

#include <fmt/format.h>

#include "base/text.h"
#include "delivery/bus_event.h"
#include "identity/arn.h"

namespace mayfly::events {
namespace {

// What stands behind "KIND/" in an ARN of the service; nullopt: it is of another kind.
std::optional<std::string> ResourceOf(const std::optional<identity::Arn>& arn, std::string_view kind) {
  if (!arn || arn->service != "events" || !arn->resource.starts_with(kind)) return std::nullopt;
  const std::string_view rest = arn->resource.substr(kind.size());
  return rest.empty() ? std::nullopt : std::optional<std::string>(rest);
}

}  // namespace

std::string BusName::Arn() const { return delivery::BusArn(account_id, region, name); }

std::string RuleName::Arn() const {
  return fmt::format("arn:{}:events:{}:{}:rule/{}{}{}", identity::PartitionOf(bus.region), bus.region, bus.account_id, bus.is_default() ? "" : bus.name,
                     bus.is_default() ? "" : "/", name);
}

std::optional<BusName> ParseBusArn(std::string_view text) {
  const auto arn = identity::ParseArn(text);
  auto name = ResourceOf(arn, "event-bus/");
  if (!name) return std::nullopt;
  return BusName{std::string(arn->account_id), std::string(arn->region), std::move(*name)};
}

std::optional<RuleName> ParseRuleArn(std::string_view text) {
  const auto arn = identity::ParseArn(text);
  const auto rest = ResourceOf(arn, "rule/");
  if (!rest) return std::nullopt;
  const size_t slash = rest->rfind('/');
  const bool has_bus = slash != std::string::npos;
  return RuleName{{std::string(arn->account_id), std::string(arn->region), has_bus ? rest->substr(0, slash) : std::string(kDefaultBus)},
                  has_bus ? rest->substr(slash + 1) : *rest};
}

BusName BusOf(const Context& ctx, const std::optional<std::string>& name_or_arn) {
  if (name_or_arn) {
    if (auto named = ParseBusArn(*name_or_arn)) return std::move(*named);
  }
  return {ctx.principal.account_id, ctx.principal.region, name_or_arn.value_or(std::string(kDefaultBus))};
}

BusName BusOfKey(std::string_view key) {
  const size_t account = key.find('/'), region = key.find('/', account + 1);
  return {std::string(key.substr(0, account)), std::string(key.substr(account + 1, region - account - 1)), std::string(key.substr(region + 1))};
}

RuleName RuleOfKey(std::string_view key) {
  const size_t slash = key.rfind('/');
  return {BusOfKey(key.substr(0, slash)), std::string(key.substr(slash + 1))};
}

Error Invalid(std::string message) { return Error::Service("ValidationException", std::move(message)); }

Error NoBus(std::string_view name) { return Error::Service("ResourceNotFoundException", fmt::format("Event bus {} does not exist.", name)); }

Error NoRule(const RuleName& name) {
  return Error::Service("ResourceNotFoundException", fmt::format("Rule {} does not exist on EventBus {}.", name.name, name.bus.name));
}

Error LimitExceeded() { return Error::Service("LimitExceededException", "The requested resource exceeds the maximum number allowed."); }

}  // namespace mayfly::events
