// The one stream of what happens in execution environments. Log lines, metrics, traces and the live view are consumers of
// it; nobody counts anything twice. Names and fields follow the Telemetry API's platform events (schema 2022-12-13).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace mayfly::telemetry {

// What does not change during an environment's life.
struct EnvironmentLabel {
  std::string function_arn;      // unqualified
  std::string function_name;
  std::string function_version;  // "$LATEST" or a number
  std::string log_group;         // what clients see: /aws/lambda/NAME
  std::string log_group_key;     // in the log store: with account and region
  std::string log_stream;
  std::string runtime_version;   // "python:3.11.2 (for python3.14)"; "" for provided.*
  std::string runtime_version_arn;
  int memory_mib = 128;
};

struct PlatformEvent {
  enum class Type : unsigned char {
    InitStart,        // phase
    InitReport,       // phase, status, error_type, duration
    Start,            // request_id
    RuntimeDone,      // request_id, status, error_type, duration
    Report,           // request_id, status, error_type, duration, billed, init_duration, max_memory_mib
    Fault,            // text: a line for the log that the platform, not the function, has to say
    LogLine,          // text: one line of the function's (or runtime's) output
    LogsDropped,      // dropped_lines, dropped_bytes
  };
  Type type;
  WallTime time{};
  std::string_view request_id;
  std::string_view phase;       // "init" | "invoke"
  std::string_view status;      // "success" | "error" | "failure" | "timeout"
  std::string_view error_type;
  std::string_view text;
  Duration duration{};
  Duration init_duration{};     // Report of the invocation that followed an Init; 0 otherwise
  int64_t billed_ms = 0;
  int max_memory_mib = 0;
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
