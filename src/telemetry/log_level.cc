#include "telemetry/log_level.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/json.h"
#include "base/text.h"

namespace mayfly::telemetry {
namespace {

using Type = PlatformEvent::Type;

struct NamedLevel {
  std::string_view name;
  LogLevel level;
};
constexpr std::array kLevels = {
    NamedLevel{"TRACE", LogLevel::Trace},   NamedLevel{"DEBUG", LogLevel::Debug}, NamedLevel{"INFO", LogLevel::Info},
    NamedLevel{"INFORMATION", LogLevel::Info}, NamedLevel{"WARN", LogLevel::Warn},   NamedLevel{"WARNING", LogLevel::Warn},
    NamedLevel{"ERROR", LogLevel::Error},   NamedLevel{"FATAL", LogLevel::Fatal}, NamedLevel{"CRITICAL", LogLevel::Fatal},
};

// "2026-01-31T12:00:00": what comes after it (fraction, zone) is not looked at.
bool BeginsAsTimestamp(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00";
  if (text.size() < kShape.size() + 1) return false;
  for (size_t i = 0; i < kShape.size(); ++i) {
    const bool digit = IsDigit(text[i]);
    const bool separator = text[i] == kShape[i] || (kShape[i] == 'T' && (text[i] == 't' || text[i] == ' '));
    if (kShape[i] == '0' ? !digit : !separator) return false;
  }
  return true;
}

}  // namespace

LogLevel ParseLogLevel(std::string_view name) {
  for (const NamedLevel& known : kLevels) {
    if (EqualIgnoringCase(known.name, name)) return known.level;
  }
  return LogLevel::Unset;
}

LogLevel LevelOf(const EnvironmentLabel& label, const PlatformEvent& event) {
  const bool failed = !event.error_type.empty() || (!event.status.empty() && event.status != "success");
  switch (event.type) {
    case Type::InitStart: return label.runtime_version.empty() ? LogLevel::Debug : LogLevel::Info;
    case Type::InitReport:
      if (!failed && label.initialization_type != "on-demand") return LogLevel::Info;
      [[fallthrough]];
    case Type::InitRuntimeDone:
    case Type::RuntimeDone: return failed ? LogLevel::Warn : LogLevel::Debug;
    case Type::Start:
    case Type::TelemetrySubscription:
    case Type::LogsSubscription: return LogLevel::Info;
    case Type::Report:
    case Type::Extension: return failed ? LogLevel::Warn : LogLevel::Info;
    case Type::Fault:
    case Type::LogsDropped: return LogLevel::Warn;
    case Type::LogLine:
    case Type::ExtensionLine: break;
  }
  return LogLevel::Unset;
}

LogLevel LevelOfJsonLine(std::string_view line) {
  if (!line.starts_with('{')) return LogLevel::Unset;
  const auto document = json::Parse(line);
  if (!document || !BeginsAsTimestamp(document->StringOr("timestamp", ""))) return LogLevel::Unset;
  return ParseLogLevel(document->StringOr("level", ""));
}

bool IsLogged(const EnvironmentLabel& label, const PlatformEvent& event) {
  if (label.log_format == LogFormat::Text) return true;
  if (event.type != Type::LogLine && event.type != Type::ExtensionLine) return LevelOf(label, event) >= label.system_log_level;
  if (label.application_log_level <= LogLevel::Trace) return true;
  LogLevel level = event.level == LogLevel::Unset ? LevelOfJsonLine(event.text) : event.level;
  if (level == LogLevel::Unset) level = LogLevel::Info;
  return level >= label.application_log_level;
}

}  // namespace mayfly::telemetry
