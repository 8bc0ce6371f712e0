#include "store/log_group_key.h"

#include <fmt/format.h>

namespace mayfly::store {

std::string LogGroupKey(std::string_view account_id, std::string_view region, std::string_view group) {
  return fmt::format("{}/{}{}{}", account_id, region, group.starts_with('/') ? "" : ":", group);
}

std::optional<LogGroupName> ParseLogGroupKey(std::string_view key) {
  const size_t region = key.find('/');
  if (region == std::string_view::npos) return std::nullopt;
  const size_t group = key.find_first_of("/:", region + 1);
  if (group == std::string_view::npos || group + 1 == key.size()) return std::nullopt;
  const size_t begin = key[group] == ':' ? group + 1 : group;
  return LogGroupName{std::string(key.substr(0, region)), std::string(key.substr(region + 1, group - region - 1)), std::string(key.substr(begin))};
}

}  // namespace mayfly::store
