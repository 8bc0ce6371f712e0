// The one stream of what happens in execution environments. Log lines, telemetry for extensions, metrics, traces and the live
// view are consumers of it; nobody counts anything twice. Names and fields follow the Telemetry API's platform events.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace mayfly::telemetry {

enum class LogFormat : unsigned char { Text, Json };
// Of log lines. Unset: the line says nothing about it (counts as Info).
enum class LogLevel : unsigned char { Unset, Trace, Debug, Info, Warn, Error, Fatal };

// What does not change during an environment's life.
struct EnvironmentLabel {
  std::string account_id;
  std::string function_arn;      // unqualified
  std::string function_name;
  std::string function_version;  // "$LATEST" or a number
  std::string log_group;         // what clients see: /aws/lambda/NAME
  std::string log_group_key;     // in the log store: with account and region
  std::string log_stream;
  std::string runtime_version;   // "python:3.11.2 (for python3.14)"; "" for provided.*
  std::string runtime_version_arn;
  std::string initialization_type = "on-demand";
  int memory_mib = 128;
  LogFormat log_format = LogFormat::Text;
  LogLevel application_log_level = LogLevel::Info;  // with LogFormat::Json: what is below is not logged
  LogLevel system_log_level = LogLevel::Info;       // likewise, for platform events
};

// A part of an invocation's time: "responseLatency", "responseDuration", "runtimeOverhead", "extensionOverhead".
struct EventSpan {
  std::string_view name;
  WallTime start{};
  Duration duration{};
};

struct PlatformEvent {
  enum class Type : unsigned char {
    InitStart,              // phase
    InitRuntimeDone,        // phase, status, error_type
    InitReport,             // phase, status, error_type, duration
    Start,                  // request_id, tracing
    RuntimeDone,            // request_id, status, error_type, duration, produced_bytes, spans, tracing
    Report,                 // request_id, status, error_type, duration, billed, init_duration, max_memory_mib, private_memory_mib, spans, tracing
    Extension,              // name, state, words (INVOKE, SHUTDOWN), error_type
    TelemetrySubscription,  // name, state, words (platform, function, extension)
    LogsSubscription,       // likewise, by the older Logs API
    Fault,                  // text: a line for the log that the platform, not the function, has to say
    LogLine,                // text: one line of the function's (or runtime's) output; level when its frame names one
    ExtensionLine,          // text: one line of an extension's output
    LogsDropped,            // dropped_lines, dropped_bytes
  };
  Type type;
  WallTime time{};
  std::string_view request_id;
  std::string_view phase;       // "init" | "invoke"
  std::string_view status;      // "success" | "error" | "failure" | "timeout"
  std::string_view error_type;
  std::string_view text;
  std::string_view tracing;     // as in X-Amzn-Trace-Id; may be empty
  std::string_view name;
  std::string_view state;
  std::span<const std::string_view> words;
  std::span<const EventSpan> spans;
  Duration duration{};
  Duration init_duration{};     // Report of the invocation that followed an Init; 0 otherwise
  int64_t billed_ms = 0;
  int64_t produced_bytes = -1;  // -1: nothing was answered
  int max_memory_mib = 0;
  int private_memory_mib = 0;   // Report: of that, what no other environment has too
  LogLevel level = LogLevel::Unset;
  uint64_t dropped_lines = 0;
  uint64_t dropped_bytes = 0;
};

// A consumer. Called on the environment's strand; must not block. The views in the event live for the call only.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void OnEvent(const EnvironmentLabel& label, const PlatformEvent& event) = 0;
};

// Hands each event to every consumer, in the order of their adding.
class EventStream final : public EventSink {
 public:
  void Add(EventSink* sink) { sinks_.push_back(sink); }
  void OnEvent(const EnvironmentLabel& label, const PlatformEvent& event) override {
    for (EventSink* sink : sinks_) sink->OnEvent(label, event);
  }

 private:
  std::vector<EventSink*> sinks_;
};

}  // namespace mayfly::telemetry
