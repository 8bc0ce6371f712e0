// Topics and topic filters of MQTT: "sensors/+/temperature", "sensors/#". Pure functions. Source: MQTT 3.1.1, 4.7; AWS IoT developer guide,
// "MQTT topics", "Reserved topics".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mayfly::iot {

inline constexpr size_t kTopicBytesMax = 256;
inline constexpr int kTopicSlashesMax = 7;  // of a topic that is no reserved one

// No wildcards, no NUL, at most kTopicBytesMax bytes and kTopicSlashesMax slashes (behind $aws/rules/NAME/ of basic ingest).
bool IsTopic(std::string_view topic);
bool IsTopicFilter(std::string_view filter);
// Wildcards at a filter's beginning mean no topics that begin with '$'.
bool MatchesFilter(std::string_view topic, std::string_view filter);

// "$aws/rules/NAME/rest": a message for one rule alone.
struct BasicIngest {
  std::string rule;
  std::string topic;  // what the rule sees
};
std::optional<BasicIngest> ParseBasicIngest(std::string_view topic);

}  // namespace mayfly::iot
