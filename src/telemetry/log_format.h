// Platform events as the text lines that AWS Lambda writes into a function's log stream.
// Source: developer guide "Working with Lambda function logs"; recorded lines in the reference, §2.6.
#pragma once

#include <optional>
#include <string>

#include "telemetry/platform_event.h"

namespace mayfly::telemetry {

// The text of one log event (without a line end; REPORT ends with a tab, as AWS's does). nullopt: the event has no line.
std::optional<std::string> FormatLogLine(const EnvironmentLabel& label, const PlatformEvent& event);

}  // namespace mayfly::telemetry
