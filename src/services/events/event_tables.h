// What EventBridge keeps: buses, and rules with their targets. Rows of the control store, durable like everything that was answered 2xx.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "resources/json_members.h"
#include "resources/resource_table.h"
#include "services/events/bus_names.h"

namespace mayfly::events {

inline constexpr size_t kBusesMax = 100;     // per account and region
inline constexpr size_t kRulesMax = 2'000;   // per bus (AWS: 300, adjustable)
inline constexpr size_t kTargetsMax = 5;     // per rule

struct Bus {
  BusName name;  // not part of the row: it is the row's key
  std::string description;
  std::string policy;           // JSON; "" = none
  std::string kms_key_id;
  std::string dead_letter_arn;  // recorded
  std::string log_config;       // JSON, recorded; "" = none
  int64_t created_millis = 0;
  int64_t modified_millis = 0;
  resources::StringPairs tags;
};

struct RuleTarget {
  std::string id;
  std::string arn;
  std::string settings;  // the Target of the API as JSON
};

struct RuleRow {
  RuleName name;  // not part of the row: it is the row's key
  std::string pattern;
  std::string schedule;
  std::string state = "ENABLED";
  std::string description;
  std::string role_arn;
  std::string created_by;
  int64_t scheduled_millis = 0;  // since when the schedule has been as it is: where rate() begins
  resources::StringPairs tags;
  std::vector<RuleTarget> targets;

  bool is_enabled() const { return state != "DISABLED"; }
};

json::Value ToJson(const Bus& bus);
Result<> FromJson(std::string_view key, const json::Value& value, Bus& bus);
json::Value ToJson(const RuleRow& rule);
Result<> FromJson(std::string_view key, const json::Value& value, RuleRow& rule);

// Made before the store's tables are opened. Rules go with their bus; the default bus has a row only when there is something to keep of it.
struct EventTables {
  explicit EventTables(resources::ResourceTables& all);

  resources::ResourceTables& all;
  resources::ResourceTable<Bus> buses;   // by BusName::Key()
  resources::ResourceTable<RuleRow> rules;  // by RuleName::Key()

  // Whether there is such a bus: every account has a default one.
  bool Has(const BusName& bus) const { return bus.is_default() || buses.Find(bus.Key()); }
};

}  // namespace mayfly::events
