// Lookup: which records of the trail a question means, and what is shown of them. Pure functions, on the pool that reads the trail.
// Source: CloudTrail API reference, LookupEvents; its guide, "Viewing events with the AWS CLI".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "model/cloudtrail.h"
#include "telemetry/trail.h"

namespace mayfly::cloudtrail {

inline constexpr int kResultsMax = 50;
inline constexpr std::chrono::hours kHistory{24 * 90};

struct Question {
  std::string account_id;
  std::string region;
  std::optional<LookupAttribute> attribute;
  WallTime start{};
  WallTime end = WallTime::max();
};

// The record as an answer shows it, where the question means it. nullopt for others, and for what is no record.
std::optional<Event> AnswerOf(const Question& question, std::string_view record);

// A page's token, and back. Error: InvalidNextTokenException.
std::string TokenOf(const telemetry::Trail::Place& place);
Result<telemetry::Trail::Place> PlaceOf(std::string_view token);

// The most recent page for `question` from `from`. Blocks. Error: Fault.
Result<LookupEventsResponse> LookUp(const std::string& directory, const Question& question, telemetry::Trail::Place from, size_t results_max);

}  // namespace mayfly::cloudtrail
