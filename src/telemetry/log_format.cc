#include "telemetry/log_format.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "telemetry/log_level.h"
#include "telemetry/platform_record.h"
#include "telemetry/trace_header.h"

namespace mayfly::telemetry {
namespace {

std::string FormatInitStart(const EnvironmentLabel& label) {
  std::string line = "INIT_START";
  if (!label.runtime_version.empty()) line += fmt::format(" Runtime Version: {}", label.runtime_version);
  if (!label.runtime_version_arn.empty()) line += fmt::format("\tRuntime Version ARN: {}", label.runtime_version_arn);
  return line;
}

void AppendStatus(std::string& line, const PlatformEvent& event) {
  if (event.status.empty() || event.status == "success") return;
  line += fmt::format("Status: {}\t", event.status == "failure" ? "error" : event.status);
  if (!event.error_type.empty() && event.status != "timeout") line += fmt::format("Error Type: {}\t", event.error_type);
}

std::string FormatReport(const EnvironmentLabel& label, const PlatformEvent& event) {
  std::string line = fmt::format("REPORT RequestId: {}\tDuration: {:.2f} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax Memory Used: {} MB\t",
                                 event.request_id, ToMillis(event.duration), event.billed_ms, label.memory_mib, event.max_memory_mib);
  if (event.init_duration.count() > 0) line += fmt::format("Init Duration: {:.2f} ms\t", ToMillis(event.init_duration));
  AppendStatus(line, event);
  if (IsSampled(event.tracing)) {
    line += fmt::format("\nXRAY TraceId: {}\tSegmentId: {}\tSampled: true\t", TraceField(event.tracing, "Root"), TraceField(event.tracing, "Parent"));
  }
  return line;
}

std::string FormatExtension(const PlatformEvent& event) {
  std::string line = fmt::format("EXTENSION\tName: {}\tState: {}\tEvents: [{}]", event.name, event.state, fmt::join(event.words, ","));
  if (!event.error_type.empty()) line += fmt::format("\tError Type: {}", event.error_type);
  return line;
}

std::string FormatSubscription(const PlatformEvent& event) {
  std::string types;
  for (const std::string_view word : event.words) {
    if (!types.empty()) types += ", ";
    types += fmt::format("{}{}", static_cast<char>(word[0] - 'a' + 'A'), word.substr(1));  // "Platform"
  }
  const std::string_view api = event.type == PlatformEvent::Type::LogsSubscription ? "LOGS" : "TELEMETRY";
  return fmt::format("{}\tName: {}\tState: {}\tTypes: [{}]", api, event.name, event.state, types);
}

std::optional<std::string> FormatTextLine(const EnvironmentLabel& label, const PlatformEvent& event) {
  switch (event.type) {
    case PlatformEvent::Type::InitStart: return FormatInitStart(label);
    case PlatformEvent::Type::InitReport: {
      // AWS writes it always for what is initialised ahead.
      if (event.status == "success" && label.initialization_type == "on-demand") return std::nullopt;
      std::string line = fmt::format("INIT_REPORT Init Duration: {:.2f} ms\tPhase: {}\t", ToMillis(event.duration), event.phase);
      AppendStatus(line, event);
      return line;
    }
    case PlatformEvent::Type::Start: return fmt::format("START RequestId: {} Version: {}", event.request_id, label.function_version);
    case PlatformEvent::Type::RuntimeDone: return fmt::format("END RequestId: {}", event.request_id);
    case PlatformEvent::Type::Report: return FormatReport(label, event);
    case PlatformEvent::Type::Fault: return std::string(event.text);
    case PlatformEvent::Type::InitRuntimeDone: return std::nullopt;
    case PlatformEvent::Type::Extension: return FormatExtension(event);
    case PlatformEvent::Type::TelemetrySubscription:
    case PlatformEvent::Type::LogsSubscription: return FormatSubscription(event);
    case PlatformEvent::Type::LogLine:
    case PlatformEvent::Type::ExtensionLine: {
      // Runtime clients join the lines of one message by carriage returns, so that it stays one event.
      std::string line(event.text);
      std::replace(line.begin(), line.end(), '\r', '\n');
      return line;
    }
    case PlatformEvent::Type::LogsDropped:
      return fmt::format("LOGS_DROPPED Lines: {}\tBytes: {}\tReason: the function wrote faster than its log limit",
                         event.dropped_lines, event.dropped_bytes);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> FormatLogLine(const EnvironmentLabel& label, const PlatformEvent& event) {
  if (label.log_format == LogFormat::Text) return FormatTextLine(label, event);
  if (!IsLogged(label, event)) return std::nullopt;
  if (auto record = FormatLogRecord(label, event)) return record;
  return FormatTextLine(label, event);
}

}  // namespace mayfly::telemetry
