// Answers a log query from segments. Blocking; any thread.
#pragma once

#include <vector>

#include "base/result.h"
#include "store/log_files.h"

namespace mayfly::store {

// `segments` oldest first. Blocks are read from the end that the query begins with, and not at all where their times, streams or text
// rule them out. Segments that have been removed meanwhile and damaged blocks are skipped.
Result<LogPage> ReadPage(const LogPageQuery& query, const std::vector<SegmentView>& segments);

// Shows every line behind `after` in the order of appending; gives the place of the last.
Result<LogPlace> ScanSegments(const std::vector<SegmentView>& segments, LogPlace after, const LogStore::Visit& visit);

}  // namespace mayfly::store
