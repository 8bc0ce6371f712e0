#include "services/events/event_tables.h"

namespace mayfly::events {
namespace {

Error MissingBus(std::string_view key) { return NoBus(BusOfKey(key).name); }
Error BusExists(std::string_view key) {
  return Error::Service("ResourceAlreadyExistsException", "Event bus " + BusOfKey(key).name + " already exists.");
}
Error MissingRule(std::string_view key) { return NoRule(RuleOfKey(key)); }
Error BusyRow(std::string_view) {
  return Error::Service("ConcurrentModificationException", "There is concurrent modification on a resource. Please retry.");
}

resources::TableRules RulesOf(resources::ResourceTable<Bus>& buses) {
  const resources::Owner bus{.table = &buses,
                             .key_of = [](std::string_view key) { return std::optional(std::string(key.substr(0, key.rfind('/')))); },
                             .root_of = [](std::string_view key) { return std::string(key); },
                             .needed = resources::Owner::Needed::IfPresent};
  return {.owners = {bus}, .errors = {.missing = MissingRule, .busy = BusyRow}};
}

}  // namespace

void VisitMembers(resources::Is<Bus> auto& bus, auto&& visit) {
  visit("Description", bus.description);
  visit("Policy", bus.policy);
  visit("KmsKey", bus.kms_key_id);
  visit("DeadLetter", bus.dead_letter_arn);
  visit("LogConfig", bus.log_config);
  visit("Created", bus.created_millis);
  visit("Modified", bus.modified_millis);
  visit("Tags", bus.tags);
}

void VisitMembers(resources::Is<RuleTarget> auto& target, auto&& visit) {
  visit("Id", target.id);
  visit("Arn", target.arn);
  visit("Settings", target.settings);
}

void VisitMembers(resources::Is<RuleRow> auto& rule, auto&& visit) {
  visit("Pattern", rule.pattern);
  visit("Schedule", rule.schedule);
  visit("State", rule.state);
  visit("Description", rule.description);
  visit("Role", rule.role_arn);
  visit("CreatedBy", rule.created_by);
  visit("Scheduled", rule.scheduled_millis);
  visit("Tags", rule.tags);
  visit("Targets", rule.targets);
}

json::Value ToJson(const Bus& bus) { return resources::WriteMembers(bus); }

Result<> FromJson(std::string_view key, const json::Value& value, Bus& bus) {
  bus.name = BusOfKey(key);
  resources::ReadMembers(value, bus);
  return {};
}

json::Value ToJson(const RuleRow& rule) { return resources::WriteMembers(rule); }

Result<> FromJson(std::string_view key, const json::Value& value, RuleRow& rule) {
  rule.name = RuleOfKey(key);
  resources::ReadMembers(value, rule);
  return {};
}

EventTables::EventTables(resources::ResourceTables& tables)
    : all(tables),
      buses(tables, "event_buses", {.owners = {}, .errors = {.missing = MissingBus, .exists = BusExists, .busy = BusyRow}}),
      rules(tables, "event_rules", RulesOf(buses)) {}

}  // namespace mayfly::events
