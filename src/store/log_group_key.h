// What a log group is called in the log store: groups of one name in two accounts or regions are two groups. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mayfly::store {

struct LogGroupName {
  std::string account_id;
  std::string region;
  std::string group;
  bool operator==(const LogGroupName&) const = default;
};

// "ACCOUNT/REGION/aws/lambda/x" of "/aws/lambda/x", "ACCOUNT/REGION:x" of "x": no group's name has a colon.
std::string LogGroupKey(std::string_view account_id, std::string_view region, std::string_view group);
// nullopt: no such key.
std::optional<LogGroupName> ParseLogGroupKey(std::string_view key);

}  // namespace mayfly::store
