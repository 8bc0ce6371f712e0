// The functions of AWS IoT SQL that rules may call. Pure functions but for newuuid().
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "services/iot/rule_sql.h"

namespace mayfly::iot {

// Whether there is such a function, with so many arguments. `name`: in small letters.
bool IsFunction(std::string_view name, size_t arguments);
// nullopt: Undefined, also for arguments that the function has no use for. It is there (IsFunction).
std::optional<json::Value> CallFunction(std::string_view name, const std::vector<std::optional<json::Value>>& arguments, const RuleMessage& message);

// The text of a value as casts and templates have it.
std::string TextOf(const json::Value& value);
std::optional<double> NumberOf(const json::Value& value);
json::Value NumberValue(double number);

}  // namespace mayfly::iot
