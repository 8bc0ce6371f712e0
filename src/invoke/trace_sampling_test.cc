// If these fail, traces break at functions, or everything or nothing is recorded.
#include "invoke/trace_sampling.h"

#include <gtest/gtest.h>

#include "base/sim_loop.h"
#include "telemetry/trace_header.h"

namespace mayfly::invoke {
namespace {

using telemetry::TraceField;

constexpr const char* kTraceRoot = "1-5759e988-bd862e3fe1be46a994272793";

struct Traces {
  SimLoop loop;
  SeededRandom random{1};
  TraceSampler sampler{loop, random};

  std::string Complete(std::string header) {
    Context ctx(loop);
    ctx.trace_header = std::move(header);
    return CompleteTraceHeader(ctx, random);
  }
};

TEST(TraceHeader, CallersKeepTheirRoot) {
  Traces traces;
  const std::string given = std::string("Root=") + kTraceRoot + ";Parent=53995c3f42cd8ad8;Lineage=1:a5:0";
  EXPECT_EQ(traces.Complete(given), given);
  EXPECT_EQ(traces.Complete("Root=1-2-3;Parent=4"), "Root=1-2-3;Parent=4") << "callers' own forms pass through";
  EXPECT_EQ(TraceField(traces.Complete(std::string("Root=") + kTraceRoot), "Parent").size(), 16u);
  for (const char* bad : {"", "Root=", "Root= ;Sampled=1", "Parent=53995c3f42cd8ad8", "nonsense;;=;"}) {
    const std::string made = traces.Complete(bad);
    EXPECT_TRUE(telemetry::IsTraceId(TraceField(made, "Root"))) << made;
    EXPECT_TRUE(telemetry::IsHexId(TraceField(made, "Parent"), 16)) << made;
  }
}

TEST(TraceHeader, FieldsAreFoundAsTheyStand) {
  EXPECT_EQ(TraceField(" Root = 1-2 ;Sampled=1", "Root"), "1-2");
  EXPECT_EQ(TraceField("XRoot=1;Root=2;Root=3", "Root"), "2");
  EXPECT_EQ(TraceField("Root", "Root"), "");
  EXPECT_TRUE(telemetry::IsSampled("Root=1;Sampled=1"));
  EXPECT_FALSE(telemetry::IsSampled("Root=1;Sampled=?"));
}

TEST(TraceSampler, TheCallersDecisionStands) {
  Traces traces;
  const std::string yes = std::string("Root=") + kTraceRoot + ";Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a5:0";
  const std::string no = std::string("Root=") + kTraceRoot + ";Parent=53995c3f42cd8ad8;Sampled=0";
  for (const char* mode : {"Active", "PassThrough"}) {
    EXPECT_EQ(traces.sampler.Decide(no, mode, "arn"), no);
    const std::string decided = traces.sampler.Decide(yes, mode, "arn");
    EXPECT_EQ(TraceField(decided, "Root"), kTraceRoot);
    EXPECT_EQ(TraceField(decided, "Lineage"), "1:a5:0");
    EXPECT_TRUE(telemetry::IsSampled(decided));
    EXPECT_NE(TraceField(decided, "Parent"), "53995c3f42cd8ad8") << "the invocation is a segment of its own";
  }
}

TEST(TraceSampler, ActiveFunctionsRecordOneASecondAndAFewMore) {
  Traces traces;
  const std::string open = std::string("Root=") + kTraceRoot + ";Parent=53995c3f42cd8ad8";
  EXPECT_EQ(traces.sampler.Decide(open, "PassThrough", "arn"), open + ";Sampled=0");
  for (int second = 0; second < 20; ++second) {
    EXPECT_TRUE(telemetry::IsSampled(traces.sampler.Decide(open, "Active", "arn"))) << second;
    EXPECT_TRUE(telemetry::IsSampled(traces.sampler.Decide(open, "Active", "another"))) << second;
    traces.loop.RunFor(std::chrono::seconds(1));
  }
  int sampled = 0;
  for (int i = 0; i < 10'000; ++i) sampled += telemetry::IsSampled(traces.sampler.Decide(open, "Active", "arn")) ? 1 : 0;
  EXPECT_GT(sampled, 400);
  EXPECT_LT(sampled, 600);
}

}  // namespace
}  // namespace mayfly::invoke
