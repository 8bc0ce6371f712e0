// RulePatterns: which rules of a bus an event matches, by an index that follows the rows of rules.
//
// One per daemon, on the strand of the tables. Holds the compiled patterns of all rules that are enabled and have one.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "patterns/pattern_index.h"
#include "services/events/event_tables.h"

namespace mayfly::events {

// What EventBridge allows in patterns. Errors: InvalidEventPatternException "Event pattern is not valid. Reason: …"
extern const patterns::Dialect kEventDialect;

class RulePatterns {
 public:
  // Follows `tables`, which outlives it.
  explicit RulePatterns(EventTables& tables);
  // Reads the rules that there are. Called once, when the tables are open.
  void Open();

  // Keys of rules, in their order.
  std::vector<std::string> Match(const BusName& bus, const json::Value& envelope) const;

 private:
  void Follow(const std::string& key, const RuleRow* rule);

  EventTables* tables_;
  std::map<std::string, patterns::PatternIndex> of_bus_;  // by BusName::Key()
};

}  // namespace mayfly::events
