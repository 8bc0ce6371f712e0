// If these fail, what functions send to the X-Ray daemon is lost, or takes the daemon's memory.
#include "telemetry/trace_segments.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "base/json.h"

namespace mayfly::telemetry {
namespace {

constexpr std::string_view kHeader = "{\"format\": \"json\", \"version\": 1}\n";
constexpr std::string_view kTrace = "1-5759e988-bd862e3fe1be46a994272793";

std::string Datagram(std::string_view members, std::string_view trace = kTrace) {
  return fmt::format("{}{{\"name\":\"work\",\"id\":\"53995c3f42cd8ad8\",\"trace_id\":\"{}\",\"start_time\":1.5{}}}", kHeader, trace, members);
}

TEST(TraceSegments, AreTakenAsTheSdksSendThem) {
  auto segment = ParseSegmentDatagram(Datagram(R"(,"end_time":2,"type":"subsegment","parent_id":"6b55dcc497934f1a")"));
  ASSERT_TRUE(segment) << segment.error().ToString();
  EXPECT_EQ(segment->trace_id, kTrace);
  EXPECT_EQ(segment->id, "53995c3f42cd8ad8");
  EXPECT_EQ(segment->parent_id, "6b55dcc497934f1a");
  EXPECT_TRUE(segment->document.starts_with("{\"name\":"));
  EXPECT_TRUE(ParseSegmentDatagram(Datagram(R"(,"in_progress":true)")));
}

TEST(TraceSegments, WhatIsNoneIsRefused) {
  const std::string good = Datagram(R"(,"end_time":2)");
  ASSERT_TRUE(ParseSegmentDatagram(good));
  for (const std::string& bad : {std::string(), std::string("{}"), std::string(kHeader), good.substr(kHeader.size()), good + "x",
                                 std::string(kHeader) + "[]", std::string("{\"format\":\"xml\",\"version\":1}\n{}"), Datagram(""),
                                 Datagram(R"(,"end_time":"2")"), Datagram(R"(,"end_time":2,"type":"other")"),
                                 Datagram(R"(,"end_time":2,"type":"subsegment")"), Datagram(R"(,"end_time":2,"parent_id":"no")"),
                                 Datagram(R"(,"end_time":2)", "1-5759E988-bd862e3fe1be46a994272793"), Datagram(R"(,"end_time":2)", "1-5759e988"),
                                 Datagram(R"(,"end_time":2,"id":"zz")"), Datagram(R"(,"end_time":2,"name":"")")}) {
    EXPECT_FALSE(ParseSegmentDatagram(bad)) << bad;
  }
}

TEST(TraceSegments, AreShownToTheirAccountAndBounded) {
  TraceSegments segments;
  const EnvironmentLabel mine{.account_id = "111111111111", .function_arn = "arn:mine"};
  const EnvironmentLabel other{.account_id = "222222222222", .function_arn = "arn:other"};
  segments.Add(mine, Datagram(R"(,"end_time":2)"), WallTime());
  segments.Add(other, Datagram(R"(,"end_time":3)"), WallTime());
  segments.Add(mine, "nonsense", WallTime());
  auto shown = json::Parse(segments.WriteJson("111111111111", kTrace, 10));
  ASSERT_TRUE(shown);
  ASSERT_EQ(shown->Find("segments")->array().size(), 1u);
  EXPECT_EQ(shown->Find("segments")->array()[0].StringOr("function", ""), "arn:mine");
  EXPECT_EQ(shown->IntOr("refused", 0), 1);
  EXPECT_EQ(json::Parse(segments.WriteJson("111111111111", "1-other", 10))->Find("segments")->array().size(), 0u);

  for (size_t i = 0; i < kSegmentsMax + 5; ++i) segments.Add(mine, Datagram(R"(,"end_time":2)"), WallTime());
  EXPECT_EQ(segments.size(), kSegmentsMax);
  const std::string large = Datagram(fmt::format(",\"end_time\":2,\"annotations\":{{\"a\":\"{}\"}}", std::string(60'000, 'x')));
  for (size_t i = 0; i < 1000; ++i) segments.Add(mine, large, WallTime());
  EXPECT_LE(segments.size() * 60'000, kSegmentBytesMax);
  shown = json::Parse(segments.WriteJson("222222222222", "", 10));
  EXPECT_EQ(shown->Find("segments")->array().size(), 1u) << "a flood of one function leaves what others have sent";
  EXPECT_GT(shown->IntOr("evicted", 0), 900);
  EXPECT_EQ(json::Parse(segments.WriteJson("111111111111", "", 3))->Find("segments")->array().size(), 3u);
}

}  // namespace
}  // namespace mayfly::telemetry
