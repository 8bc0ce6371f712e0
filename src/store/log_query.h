// Answers a log query from segments. Blocking; any thread.
#pragma once

#include <vector>

#include "base/result.h"
#include "store/log_files.h"

namespace mayfly::store {

// About how much text one query gives; the newest lines are kept.
inline constexpr size_t kQueryBytesMax = 64u << 20;

// `segments` oldest first. Blocks are read from the newest backwards, and not at all where their times, streams or text rule
// them out. Segments that have been removed meanwhile and damaged blocks are skipped.
Result<std::vector<LogLine>> QuerySegments(const LogQuery& query, const std::vector<SegmentView>& segments);

}  // namespace mayfly::store
