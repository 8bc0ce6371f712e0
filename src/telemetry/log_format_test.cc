// If these fail, tools that read REPORT lines (SAM, Serverless, log parsers) misread what functions cost.
#include "telemetry/log_format.h"

#include <gtest/gtest.h>

#include "telemetry/function_log.h"

namespace mayfly::telemetry {
namespace {

using Type = PlatformEvent::Type;
using std::chrono::microseconds;

TEST(LogFormat, WritesLinesAsLambdaDoes) {
  EnvironmentLabel label;
  label.function_version = "$LATEST";
  label.runtime_version = "python:3.11.2";
  PlatformEvent event{.type = Type::Start};
  event.request_id = "r-1";
  EXPECT_EQ(FormatLogLine(label, event), "START RequestId: r-1 Version: $LATEST");
  event.type = Type::RuntimeDone;
  EXPECT_EQ(FormatLogLine(label, event), "END RequestId: r-1");
  event.type = Type::Report;
  event.duration = microseconds(3010);
  event.billed_ms = 114;
  event.init_duration = microseconds(110100);
  event.max_memory_mib = 36;
  EXPECT_EQ(FormatLogLine(label, event),
            "REPORT RequestId: r-1\tDuration: 3.01 ms\tBilled Duration: 114 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t"
            "Init Duration: 110.10 ms\t");
  event.init_duration = {};
  event.status = "timeout";
  EXPECT_TRUE(FormatLogLine(label, event)->ends_with("Max Memory Used: 36 MB\tStatus: timeout\t"));
  event.status = "error";
  event.error_type = "Runtime.ExitError";
  EXPECT_TRUE(FormatLogLine(label, event)->ends_with("Status: error\tError Type: Runtime.ExitError\t"));
  event.tracing = "Root=1-a-b;Parent=c;Sampled=0";
  EXPECT_TRUE(FormatLogLine(label, event)->ends_with("Error Type: Runtime.ExitError\t"));
  event.tracing = "Root=1-a-b;Parent=c;Sampled=1;Lineage=1:2:3";
  EXPECT_TRUE(FormatLogLine(label, event)->ends_with("Error Type: Runtime.ExitError\t\nXRAY TraceId: 1-a-b\tSegmentId: c\tSampled: true\t"));
  event = {.type = Type::InitStart};
  EXPECT_EQ(FormatLogLine(label, event), "INIT_START Runtime Version: python:3.11.2");
  event = {.type = Type::InitReport, .status = "success"};
  EXPECT_EQ(FormatLogLine(label, event), std::nullopt);
}

TEST(LogTail, KeepsTheLastFourKibibytes) {
  LogTail tail;
  tail.Add("first");
  EXPECT_EQ(tail.text(), "first\n");
  for (int i = 0; i < 10'000; ++i) tail.Add("0123456789");
  EXPECT_EQ(tail.text().size(), LogTail::kTailBytesMax);
  EXPECT_TRUE(tail.text().ends_with("0123456789\n"));
  tail.Add(std::string(100'000, 'x'));
  EXPECT_EQ(tail.text().size(), LogTail::kTailBytesMax);
}

}  // namespace
}  // namespace mayfly::telemetry
