// If these fail, extensions and tools that parse telemetry records or JSON logs misread what happened.
#include "telemetry/platform_record.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "telemetry/log_format.h"
#include "telemetry/log_level.h"

namespace mayfly::telemetry {
namespace {

using EventType = PlatformEvent::Type;
using std::chrono::microseconds;

EnvironmentLabel Label() {
  EnvironmentLabel label;
  label.function_name = "f";
  label.function_version = "$LATEST";
  label.runtime_version = "python:3.11.2";
  label.log_stream = "2026/01/01/[$LATEST]abcdef";
  return label;
}

PlatformEvent Event(EventType type) {
  PlatformEvent event{.type = type};
  event.time = WallTime(std::chrono::seconds(1767225600));
  return event;
}

std::string One(const EnvironmentLabel& label, const PlatformEvent& event, RecordSchema schema) {
  std::vector<std::string> records;
  AppendRecords(label, event, schema, records);
  for (const std::string& record : records) EXPECT_TRUE(json::IsValidJson(record)) << record;
  return records.size() == 1 ? records[0] : "records: " + std::to_string(records.size());
}

TEST(PlatformRecord, FollowsTheTelemetrySchema) {
  constexpr auto kSchema = RecordSchema::Telemetry20221213;
  PlatformEvent event = Event(EventType::InitStart);
  event.phase = "init";
  EXPECT_EQ(One(Label(), event, kSchema),
            R"({"time":"2026-01-01T00:00:00.000Z","type":"platform.initStart","record":{"initializationType":"on-demand","phase":"init",)"
            R"("runtimeVersion":"python:3.11.2","functionName":"f","functionVersion":"$LATEST","instanceId":"abcdef","instanceMaxMemory":128}})");
  event = Event(EventType::InitReport);
  event.phase = "init";
  event.status = "success";
  event.duration = microseconds(125330);
  EXPECT_EQ(One(Label(), event, kSchema),
            R"({"time":"2026-01-01T00:00:00.000Z","type":"platform.initReport","record":{"initializationType":"on-demand","phase":"init",)"
            R"("status":"success","metrics":{"durationMs":125.33}}})");
  event = Event(EventType::RuntimeDone);
  event.request_id = "r-1";
  event.status = "failure";
  event.error_type = "Runtime.ExitError";
  event.duration = microseconds(1534);
  const EventSpan spans[] = {{"responseLatency", event.time, microseconds(500)}};
  event.spans = spans;
  event.produced_bytes = 16;
  event.tracing = "Root=1-2-3";
  EXPECT_EQ(One(Label(), event, kSchema),
            R"({"time":"2026-01-01T00:00:00.000Z","type":"platform.runtimeDone","record":{"requestId":"r-1","status":"error",)"
            R"("errorType":"Runtime.ExitError","tracing":{"type":"X-Amzn-Trace-Id","value":"Root=1-2-3"},"spans":[{"name":"responseLatency",)"
            R"("start":"2026-01-01T00:00:00.000Z","durationMs":0.5}],"metrics":{"durationMs":1.534,"producedBytes":16}}})");
  event = Event(EventType::Report);
  event.request_id = "r-1";
  event.status = "success";
  event.duration = microseconds(693920);
  event.billed_ms = 694;
  event.init_duration = microseconds(397680);
  event.max_memory_mib = 84;
  event.private_memory_mib = 21;
  EXPECT_EQ(One(Label(), event, kSchema),
            R"({"time":"2026-01-01T00:00:00.000Z","type":"platform.report","record":{"requestId":"r-1","metrics":{"durationMs":693.92,)"
            R"("billedDurationMs":694,"memorySizeMB":128,"maxMemoryUsedMB":84,"privateMemoryUsedMB":21,"initDurationMs":397.68},"status":"success"}})");
  event = Event(EventType::Extension);
  event.name = "tail";
  event.state = "Ready";
  const std::string_view words[] = {"INVOKE", "SHUTDOWN"};
  event.words = words;
  EXPECT_EQ(One(Label(), event, kSchema),
            R"({"time":"2026-01-01T00:00:00.000Z","type":"platform.extension","record":{"name":"tail","state":"Ready","events":["INVOKE","SHUTDOWN"]}})");
}

TEST(PlatformRecord, TheLogsApiTellsLess) {
  PlatformEvent event = Event(EventType::Report);
  event.request_id = "r-1";
  EXPECT_EQ(One(Label(), event, RecordSchema::Logs20200815), "records: 2");
  event = Event(EventType::RuntimeDone);
  event.request_id = "r-1";
  event.status = "success";
  EXPECT_EQ(One(Label(), event, RecordSchema::Logs20200815), "records: 0");
  EXPECT_EQ(One(Label(), event, RecordSchema::Logs20210318),
            R"({"time":"2026-01-01T00:00:00.000Z","type":"platform.runtimeDone","record":{"requestId":"r-1","status":"success"}})");
  EXPECT_EQ(One(Label(), Event(EventType::InitStart), RecordSchema::Logs20210318), "records: 0");
}

TEST(PlatformRecord, JsonLinesAreObjectsForThoseWhoKnowThem) {
  EnvironmentLabel label = Label();
  PlatformEvent event = Event(EventType::LogLine);
  event.text = R"({"level":"INFO"})";
  const std::string as_text = R"({"time":"2026-01-01T00:00:00.000Z","type":"function","record":"{\"level\":\"INFO\"}"})";
  EXPECT_EQ(One(label, event, RecordSchema::Telemetry20221213), as_text);
  label.log_format = LogFormat::Json;
  EXPECT_EQ(One(label, event, RecordSchema::Telemetry20220701), as_text);
  EXPECT_EQ(One(label, event, RecordSchema::Telemetry20221213),
            R"({"time":"2026-01-01T00:00:00.000Z","type":"function","record":{"level":"INFO"}})");
  event.text = "{not json";
  EXPECT_EQ(One(label, event, RecordSchema::Telemetry20221213), R"({"time":"2026-01-01T00:00:00.000Z","type":"function","record":"{not json"})");
}

TEST(JsonLog, KeepsWhatTheLevelsAllow) {
  EnvironmentLabel label = Label();
  label.log_format = LogFormat::Json;
  PlatformEvent event = Event(EventType::RuntimeDone);
  event.status = "success";
  EXPECT_EQ(FormatLogLine(label, event), std::nullopt) << "DEBUG, and the level is INFO";
  event.status = "timeout";
  EXPECT_TRUE(FormatLogLine(label, event));
  label.system_log_level = LogLevel::Debug;
  event.status = "success";
  EXPECT_TRUE(FormatLogLine(label, event));
  label.system_log_level = LogLevel::Warn;
  EXPECT_EQ(FormatLogLine(label, Event(EventType::Start)), std::nullopt);
  label.application_log_level = LogLevel::Warn;
  auto line = [&](std::string_view text, LogLevel level = LogLevel::Unset) {
    PlatformEvent event = Event(EventType::LogLine);
    event.text = text;
    event.level = level;
    return FormatLogLine(label, event).has_value();
  };
  EXPECT_FALSE(line("plain"));
  EXPECT_FALSE(line(R"({"level":"INFO","timestamp":"2026-01-01T00:00:00Z"})"));
  EXPECT_TRUE(line(R"({"level":"error","timestamp":"2026-01-01T00:00:00Z"})"));
  EXPECT_FALSE(line(R"({"level":"ERROR"})")) << "without a timestamp it counts as INFO";
  EXPECT_TRUE(line("framed", LogLevel::Fatal));
  label.application_log_level = LogLevel::Debug;
  EXPECT_TRUE(line("plain"));
  EXPECT_FALSE(line(R"({"level":"TRACE","timestamp":"2026-01-01T00:00:00Z"})"));
}

TEST(TextLog, NamesExtensionsAndSubscriptions) {
  PlatformEvent event = Event(EventType::Extension);
  event.name = "tail";
  event.state = "LaunchError";
  event.error_type = "PermissionDenied";
  EXPECT_EQ(FormatLogLine(Label(), event), "EXTENSION\tName: tail\tState: LaunchError\tEvents: []\tError Type: PermissionDenied");
  event = Event(EventType::TelemetrySubscription);
  event.name = "tail";
  event.state = "Subscribed";
  const std::string_view words[] = {"platform", "function"};
  event.words = words;
  EXPECT_EQ(FormatLogLine(Label(), event), "TELEMETRY\tName: tail\tState: Subscribed\tTypes: [Platform, Function]");
}

TEST(PlatformRecord, WhyAnInvocationFailedIsJsonInAJsonLog) {
  EnvironmentLabel label;
  label.log_format = LogFormat::Json;
  const PlatformEvent fault{.type = PlatformEvent::Type::Fault, .request_id = "id", .text = "id Task \"timed\" out\n"};
  EXPECT_EQ(FormatLogLine(label, fault), R"({"timestamp":"1970-01-01T00:00:00.000Z","level":"WARN","message":"id Task \"timed\" out","requestId":"id"})");
  label.log_format = LogFormat::Text;
  EXPECT_EQ(FormatLogLine(label, fault), "id Task \"timed\" out\n");
  std::vector<std::string> records;
  AppendRecords(label, fault, RecordSchema::Telemetry20221213, records);
  EXPECT_TRUE(records.empty()) << "the Telemetry API tells it by the status of its records";
}

}  // namespace
}  // namespace mayfly::telemetry
