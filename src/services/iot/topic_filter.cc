#include "services/iot/topic_filter.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"

namespace mayfly::iot {
namespace {

constexpr std::string_view kRulesPrefix = "$aws/rules/";

// The next level of a topic, which is taken off; `is_last` says whether it was the last.
std::string_view TakeLevel(std::string_view& rest, bool& is_last) {
  const size_t slash = rest.find('/');
  const std::string_view level = rest.substr(0, slash);
  is_last = slash == std::string_view::npos;
  rest.remove_prefix(is_last ? rest.size() : slash + 1);
  return level;
}

}  // namespace

std::optional<BasicIngest> ParseBasicIngest(std::string_view topic) {
  if (!topic.starts_with(kRulesPrefix)) return std::nullopt;
  topic.remove_prefix(kRulesPrefix.size());
  const size_t slash = topic.find('/');
  return BasicIngest{.rule = std::string(topic.substr(0, slash)), .topic = slash == std::string_view::npos ? std::string() : std::string(topic.substr(slash + 1))};
}

bool IsTopic(std::string_view topic) {
  if (const auto ingest = ParseBasicIngest(topic)) return !ingest->rule.empty() && (ingest->topic.empty() || IsTopic(ingest->topic));
  if (topic.empty() || topic.size() > kTopicBytesMax || topic.find_first_of(std::string_view("+#\0", 3)) != std::string_view::npos) return false;
  return IsValidUtf8(topic) && std::ranges::count(topic, '/') <= kTopicSlashesMax;
}

bool IsTopicFilter(std::string_view filter) {
  if (filter.empty() || filter.size() > kTopicBytesMax || filter.contains('\0') || !IsValidUtf8(filter)) return false;
  for (bool is_last = false; !is_last;) {
    const std::string_view level = TakeLevel(filter, is_last);
    if (level == "#" ? !is_last : level.size() > 1 && level.find_first_of("+#") != std::string_view::npos) return false;
  }
  return true;
}

bool MatchesFilter(std::string_view topic, std::string_view filter) {
  if (topic.starts_with('$') && !filter.starts_with('$')) return false;
  bool ends_topic = false, ends_filter = false;
  while (true) {
    const std::string_view wanted = TakeLevel(filter, ends_filter);
    if (wanted == "#") return true;
    const std::string_view level = TakeLevel(topic, ends_topic);
    if (wanted != "+" && wanted != level) return false;
    if (ends_topic) return ends_filter || filter == "#";  // "a/#" means "a", too
    if (ends_filter) return false;
  }
}

}  // namespace mayfly::iot
