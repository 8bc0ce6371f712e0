#include "services/events/rule_patterns.h"

#include <fmt/format.h>

#include "base/log.h"

namespace mayfly::events {
namespace {

Error RefusePattern(std::string_view reason) {
  return Error::Service("InvalidEventPatternException", fmt::format("Event pattern is not valid. Reason: {}", reason));
}

}  // namespace

constexpr patterns::Dialect kEventDialect{.bytes_max = 2048, .refuse = RefusePattern};

RulePatterns::RulePatterns(EventTables& tables) : tables_(&tables) {
  tables.rules.OnChange([this](const std::string& key, const auto&, const auto& rule) { Follow(key, rule.get()); });
}

void RulePatterns::Open() {
  for (const auto& row : tables_->rules.List("", "", SIZE_MAX)) Follow(row.key, row.value.get());
}

void RulePatterns::Follow(const std::string& key, const RuleRow* rule) {
  const std::string bus = RuleOfKey(key).bus.Key();
  const auto index = of_bus_.find(bus);
  if (!rule || !rule->is_enabled() || rule->pattern.empty()) {
    if (index == of_bus_.end()) return;
    index->second.Remove(key);
    if (index->second.size() == 0) of_bus_.erase(index);
    return;
  }
  auto pattern = patterns::EventPattern::Compile(rule->pattern, kEventDialect);
  if (pattern) of_bus_[bus].Set(key, std::move(*pattern));
  else log::Error("the pattern of rule {} cannot be read: {}", rule->name.Arn(), pattern.error().ToString());
}

std::vector<std::string> RulePatterns::Match(const BusName& bus, const json::Value& envelope) const {
  const auto index = of_bus_.find(bus.Key());
  return index == of_bus_.end() ? std::vector<std::string>() : index->second.Match(envelope);
}

}  // namespace mayfly::events
