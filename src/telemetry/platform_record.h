// Platform events as JSON records {"time":…,"type":…,"record":…}: what the Telemetry API and the Logs API deliver, and what
// stands in a log with LogFormat JSON.
// Source: developer guide "Lambda Telemetry API Event schema reference", "Lambda Logs API".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/platform_event.h"

namespace mayfly::telemetry {

// Versions in the order of their age; the first two belong to the Logs API.
enum class RecordSchema : unsigned char { Logs20200815, Logs20210318, Telemetry20220701, Telemetry20221213, Telemetry20250129 };
enum class RecordCategory : unsigned char { Platform, Function, Extension };

RecordCategory CategoryOf(PlatformEvent::Type type);
// Appends the records that the event is for subscribers of `schema`: none, one, or two (the Logs API tells the end and the
// report apart).
void AppendRecords(const EnvironmentLabel& label, const PlatformEvent& event, RecordSchema schema, std::vector<std::string>& records);
// What stands in a JSON log: the record, and for a Fault a line {"timestamp":…,"level":"WARN","message":…}. nullopt: the event has none (lines of output stand there as they are).
std::optional<std::string> FormatLogRecord(const EnvironmentLabel& label, const PlatformEvent& event);

}  // namespace mayfly::telemetry
