// Fields of a trace header: "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1".
//
// Pure functions over foreign text. Source: AWS X-Ray "Tracing header".
#pragma once

#include <string_view>

namespace mayfly::telemetry {

// The value of a field, "" when it is not there. Blanks around names and values do not count; the first of several does.
std::string_view TraceField(std::string_view header, std::string_view name);

// Whether the invocation is recorded: "Sampled=1".
inline bool IsSampled(std::string_view header) { return TraceField(header, "Sampled") == "1"; }

// "1-" 8 hex digits "-" 24 hex digits, in lower case.
bool IsTraceId(std::string_view text);
// `size` hex digits in lower case.
bool IsHexId(std::string_view text, size_t size);

}  // namespace mayfly::telemetry
