// Platform events as what AWS Lambda writes into a function's log stream: text lines, or JSON with LogFormat JSON.
// Source: developer guide "Working with Lambda function logs"; recorded lines in the reference, §2.6.
#pragma once

#include <optional>
#include <string>

#include "telemetry/platform_event.h"

namespace mayfly::telemetry {

// One log event (without a line end; REPORT ends with a tab, as AWS's does). nullopt: the event has no line, or the function's
// log levels leave it out.
std::optional<std::string> FormatLogLine(const EnvironmentLabel& label, const PlatformEvent& event);

}  // namespace mayfly::telemetry
