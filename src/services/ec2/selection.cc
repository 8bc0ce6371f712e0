#include "services/ec2/selection.h"

#include <fmt/format.h>

#include "services/ec2/limits.h"

namespace mayfly::ec2 {
namespace {

// Goes back to the last * at most: what costs is the product of both lengths.
bool FitsPattern(std::string_view pattern, std::string_view text) {
  size_t at = 0, star = std::string_view::npos, star_at = 0;
  for (size_t i = 0; i < text.size();) {
    const bool escaped = at + 1 < pattern.size() && pattern[at] == '\\';
    if (at < pattern.size() && !escaped && pattern[at] == '*') {
      star = at++;
      star_at = i;
    } else if (at < pattern.size() && ((!escaped && pattern[at] == '?') || pattern[at + (escaped ? 1 : 0)] == text[i])) {
      at += escaped ? 2 : 1;
      ++i;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      i = ++star_at;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

}  // namespace

bool IsWanted(const std::vector<std::string>& wanted, const std::vector<std::string>& values) {
  return std::ranges::any_of(wanted, [&](const std::string& pattern) {
    return std::ranges::any_of(values, [&](const std::string& value) { return FitsPattern(pattern, value); });
  });
}

bool ReadTagFilter(std::string_view name, const resources::StringPairs& tags, std::vector<std::string>& values) {
  constexpr std::string_view kOneTag = "tag:";
  if (name != "tag-key" && name != "tag-value" && !name.starts_with(kOneTag)) return false;
  for (const auto& [key, value] : tags) {
    if (name == "tag-key")
      values.push_back(key);
    else if (name == "tag-value" || name.substr(kOneTag.size()) == key)
      values.push_back(value);
  }
  return true;
}

Error UnknownFilter(std::string_view name) { return InvalidValue(fmt::format("The filter '{}' is invalid", name)); }

Error BadToken(std::string_view token) {
  return Error::Service("InvalidNextToken", fmt::format("The token '{}' is invalid", token.substr(0, 100)));
}

Result<> CheckFilters(const std::vector<Filter>& filters) {
  for (const Filter& filter : filters) {
    if (!filter.name || filter.name->empty()) return Fail(InvalidValue("The filter 'null' is invalid"));
    if (filter.values && filter.values->size() > kFilterValuesMax) {
      return Fail(Error::Service("FilterLimitExceeded", "The maximum number of filter values specified on a single call is 200"));
    }
  }
  return {};
}

}  // namespace mayfly::ec2
