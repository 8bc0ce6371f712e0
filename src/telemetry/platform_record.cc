#include "telemetry/platform_record.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/json.h"

namespace mayfly::telemetry {
namespace {

using Type = PlatformEvent::Type;

// Members of one JSON object, written as they come.
class ObjectWriter {
 public:
  ObjectWriter& Text(std::string_view name, std::string_view value) { return Raw(name, json::Quote(value)); }
  ObjectWriter& TextIfAny(std::string_view name, std::string_view value) { return value.empty() ? *this : Text(name, value); }
  ObjectWriter& Integer(std::string_view name, int64_t value) { return Raw(name, std::to_string(value)); }
  // Milliseconds, rounded to a thousandth.
  ObjectWriter& Millis(std::string_view name, Duration duration) {
    return Raw(name, fmt::format("{}", std::round(ToMillis(duration) * 1000) / 1000));
  }
  ObjectWriter& Raw(std::string_view name, std::string_view value) {
    MF_ASSERT(!name.empty() && !value.empty());
    text_ += text_.size() > 1 ? ",\"" : "\"";
    text_ += name;
    text_ += "\":";
    text_ += value;
    return *this;
  }
  std::string End() { return std::move(text_) + '}'; }

 private:
  std::string text_ = "{";
};

std::string_view StatusOf(const PlatformEvent& event) {
  if (event.status != "failure") return event.status;
  return event.error_type.starts_with("Sandbox.") ? "failure" : "error";
}

void AddTracing(ObjectWriter& record, const PlatformEvent& event) {
  if (event.tracing.empty()) return;
  record.Raw("tracing", ObjectWriter().Text("type", "X-Amzn-Trace-Id").Text("value", event.tracing).End());
}

void AddSpans(ObjectWriter& record, const PlatformEvent& event) {
  if (event.spans.empty()) return;
  std::string list = "[";
  for (const EventSpan& span : event.spans) {
    if (list.size() > 1) list += ',';
    list += ObjectWriter().Text("name", span.name).Text("start", FormatIso8601(span.start)).Millis("durationMs", span.duration).End();
  }
  record.Raw("spans", list + ']');
}

std::string WordList(std::span<const std::string_view> words) {
  std::string list = "[";
  for (const std::string_view word : words) {
    if (list.size() > 1) list += ',';
    json::WriteString(word, list);
  }
  return list + ']';
}

std::string InitStartRecord(const EnvironmentLabel& label, const PlatformEvent& event) {
  const size_t instance = label.log_stream.rfind(']');
  ObjectWriter record;
  record.Text("initializationType", label.initialization_type).Text("phase", event.phase);
  record.TextIfAny("runtimeVersion", label.runtime_version).TextIfAny("runtimeVersionArn", label.runtime_version_arn);
  record.Text("functionName", label.function_name).Text("functionVersion", label.function_version);
  if (instance != std::string::npos) record.Text("instanceId", label.log_stream.substr(instance + 1));
  return record.Integer("instanceMaxMemory", label.memory_mib).End();
}

std::string InitRecord(const EnvironmentLabel& label, const PlatformEvent& event) {
  ObjectWriter record;
  record.Text("initializationType", label.initialization_type).Text("phase", event.phase).Text("status", StatusOf(event));
  record.TextIfAny("errorType", event.error_type);
  if (event.type == Type::InitReport) record.Raw("metrics", ObjectWriter().Millis("durationMs", event.duration).End());
  return record.End();
}

std::string StartRecord(const EnvironmentLabel& label, const PlatformEvent& event) {
  ObjectWriter record;
  record.Text("requestId", event.request_id).Text("version", label.function_version);
  AddTracing(record, event);
  return record.End();
}

std::string RuntimeDoneRecord(const PlatformEvent& event) {
  ObjectWriter record;
  record.Text("requestId", event.request_id).Text("status", StatusOf(event)).TextIfAny("errorType", event.error_type);
  AddTracing(record, event);
  AddSpans(record, event);
  ObjectWriter metrics;
  metrics.Millis("durationMs", event.duration);
  if (event.produced_bytes >= 0) metrics.Integer("producedBytes", event.produced_bytes);
  return record.Raw("metrics", metrics.End()).End();
}

std::string ReportMetrics(const EnvironmentLabel& label, const PlatformEvent& event) {
  ObjectWriter metrics;
  metrics.Millis("durationMs", event.duration).Integer("billedDurationMs", event.billed_ms).Integer("memorySizeMB", label.memory_mib);
  metrics.Integer("maxMemoryUsedMB", event.max_memory_mib).Integer("privateMemoryUsedMB", event.private_memory_mib);
  if (event.init_duration.count() > 0) metrics.Millis("initDurationMs", event.init_duration);
  return metrics.End();
}

std::string ReportRecord(const EnvironmentLabel& label, const PlatformEvent& event) {
  ObjectWriter record;
  record.Text("requestId", event.request_id).Raw("metrics", ReportMetrics(label, event)).Text("status", StatusOf(event));
  if (event.status != "success") record.TextIfAny("errorType", event.error_type);
  AddTracing(record, event);
  AddSpans(record, event);
  return record.End();
}

std::string NamedRecord(const PlatformEvent& event, std::string_view words) {
  ObjectWriter record;
  record.Text("name", event.name).Text("state", event.state).Raw(words, WordList(event.words)).TextIfAny("errorType", event.error_type);
  return record.End();
}

std::string DroppedRecord(const PlatformEvent& event) {
  ObjectWriter record;
  record.Text("reason", event.text.empty() ? std::string_view("The function wrote faster than its log limit.") : event.text);
  record.Integer("droppedRecords", static_cast<int64_t>(event.dropped_lines));
  return record.Integer("droppedBytes", static_cast<int64_t>(event.dropped_bytes)).End();
}

// Why an invocation failed, in the form of the lines of runtime clients.
std::string FaultLine(const PlatformEvent& event) {
  std::string_view text = event.text;
  while (text.ends_with('\n')) text.remove_suffix(1);
  return ObjectWriter().Text("timestamp", FormatIso8601(event.time)).Text("level", "WARN").Text("message", text).TextIfAny("requestId", event.request_id).End();
}

std::string LineRecord(const EnvironmentLabel& label, const PlatformEvent& event, RecordSchema schema) {
  const bool object = schema >= RecordSchema::Telemetry20221213 && label.log_format == LogFormat::Json && event.type == Type::LogLine &&
                      event.text.starts_with('{') && json::IsValidJson(event.text);
  if (object) return std::string(event.text);
  std::string line(event.text);
  std::replace(line.begin(), line.end(), '\r', '\n');
  return json::Quote(line);
}

std::string Envelope(const PlatformEvent& event, std::string_view type, std::string_view record) {
  return ObjectWriter().Text("time", FormatIso8601(event.time)).Text("type", type).Raw("record", record).End();
}

// The Logs API: fewer events, fewer members.
void AppendLogsRecords(const EnvironmentLabel& label, const PlatformEvent& event, RecordSchema schema, std::vector<std::string>& records) {
  const std::string request = ObjectWriter().Text("requestId", event.request_id).End();
  switch (event.type) {
    case Type::Start: {
      const std::string record = ObjectWriter().Text("requestId", event.request_id).Text("version", label.function_version).End();
      return records.push_back(Envelope(event, "platform.start", record));
    }
    case Type::RuntimeDone:
      if (schema < RecordSchema::Logs20210318) return;
      return records.push_back(Envelope(event, "platform.runtimeDone",
                                        ObjectWriter().Text("requestId", event.request_id).Text("status", event.status == "error" ? "failure" : event.status).End()));
    case Type::Report: {
      records.push_back(Envelope(event, "platform.end", request));
      const std::string record = ObjectWriter().Text("requestId", event.request_id).Raw("metrics", ReportMetrics(label, event)).End();
      return records.push_back(Envelope(event, "platform.report", record));
    }
    case Type::Fault: return records.push_back(Envelope(event, "platform.fault", json::Quote(event.text)));
    case Type::Extension: return records.push_back(Envelope(event, "platform.extension", NamedRecord(event, "events")));
    case Type::LogsSubscription: return records.push_back(Envelope(event, "platform.logsSubscription", NamedRecord(event, "types")));
    case Type::LogsDropped: return records.push_back(Envelope(event, "platform.logsDropped", DroppedRecord(event)));
    case Type::LogLine: return records.push_back(Envelope(event, "function", LineRecord(label, event, schema)));
    case Type::ExtensionLine: return records.push_back(Envelope(event, "extension", LineRecord(label, event, schema)));
    default: return;
  }
}

}  // namespace

RecordCategory CategoryOf(PlatformEvent::Type type) {
  if (type == Type::LogLine) return RecordCategory::Function;
  return type == Type::ExtensionLine ? RecordCategory::Extension : RecordCategory::Platform;
}

std::optional<std::string> FormatLogRecord(const EnvironmentLabel& label, const PlatformEvent& event) {
  switch (event.type) {
    case Type::InitStart: return Envelope(event, "platform.initStart", InitStartRecord(label, event));
    case Type::InitRuntimeDone: return Envelope(event, "platform.initRuntimeDone", InitRecord(label, event));
    case Type::InitReport: return Envelope(event, "platform.initReport", InitRecord(label, event));
    case Type::Start: return Envelope(event, "platform.start", StartRecord(label, event));
    case Type::RuntimeDone: return Envelope(event, "platform.runtimeDone", RuntimeDoneRecord(event));
    case Type::Report: return Envelope(event, "platform.report", ReportRecord(label, event));
    case Type::Extension: return Envelope(event, "platform.extension", NamedRecord(event, "events"));
    case Type::TelemetrySubscription: return Envelope(event, "platform.telemetrySubscription", NamedRecord(event, "types"));
    case Type::LogsSubscription: return Envelope(event, "platform.logsSubscription", NamedRecord(event, "types"));
    case Type::LogsDropped: return Envelope(event, "platform.logsDropped", DroppedRecord(event));
    case Type::Fault: return FaultLine(event);
    case Type::LogLine:
    case Type::ExtensionLine: break;
  }
  return std::nullopt;
}

void AppendRecords(const EnvironmentLabel& label, const PlatformEvent& event, RecordSchema schema, std::vector<std::string>& records) {
  if (schema < RecordSchema::Telemetry20220701) return AppendLogsRecords(label, event, schema, records);
  if (event.type == Type::LogLine || event.type == Type::ExtensionLine) {
    const std::string_view type = event.type == Type::LogLine ? "function" : "extension";
    return records.push_back(Envelope(event, type, LineRecord(label, event, schema)));
  }
  if (event.type == Type::Fault || event.type == Type::LogsSubscription) return;
  if (auto record = FormatLogRecord(label, event)) records.push_back(std::move(*record));
}

}  // namespace mayfly::telemetry
