// Levels of log lines and platform events, and what LoggingConfig keeps of them.
// Source: developer guide "Log-level filtering"; the table of platform events in the reference, §2.6.
#pragma once

#include <string_view>

#include "telemetry/platform_event.h"

namespace mayfly::telemetry {

// "DEBUG", "WARN", "WARNING", "CRITICAL" …, in any case. Unset: no level's name.
LogLevel ParseLogLevel(std::string_view name);
// Of an event that the platform made.
LogLevel LevelOf(const EnvironmentLabel& label, const PlatformEvent& event);
// What a line of JSON says of itself: its "level", when it also has a "timestamp" (RFC 3339). Unset otherwise.
LogLevel LevelOfJsonLine(std::string_view line);
// Whether the event goes into the function's log. Text logs keep everything; subscribers get everything in any case.
bool IsLogged(const EnvironmentLabel& label, const PlatformEvent& event);

}  // namespace mayfly::telemetry
