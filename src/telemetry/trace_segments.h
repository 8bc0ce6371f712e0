// TraceSegments: what functions tell the X-Ray daemon, until something is made of it.
//
// X-Ray's SDKs send one segment document per UDP datagram to AWS_XRAY_DAEMON_ADDRESS: a line {"format":"json","version":1},
// then the document. One TraceSegments per daemon, on its strand; runtime::TraceReceiver feeds it, edge::Admin shows it.
// Nothing of it survives a restart, as nothing of it is owed: X-Ray itself may drop segments.
// Bounds: kSegmentsMax documents and kSegmentBytesMax bytes in all: beyond, the oldest of the function that has the most bytes goes, so
// that a function which floods pushes out its own and leaves those of others. Bytes are hostile: what is no segment is counted and
// dropped.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/strand.h"
#include "telemetry/platform_event.h"

namespace mayfly::telemetry {

inline constexpr size_t kSegmentsMax = 10'000;
inline constexpr size_t kSegmentBytesMax = 16u << 20;

// One segment or subsegment.
struct TraceSegment {
  std::string trace_id;   // "1-" 8 hex digits "-" 24 hex digits
  std::string id;         // 16 hex digits
  std::string parent_id;  // of a subsegment that comes alone; may be empty
  std::string document;   // JSON as it came
  std::string account_id;
  std::string function_arn;
  WallTime received_at{};
};

// One datagram. Error: a Fault that says what is missing. Fills the ids and the document.
// Source: AWS "X-Ray segment documents": required members and their forms.
Result<TraceSegment> ParseSegmentDatagram(std::string_view datagram);

class TraceSegments {
 public:
  // `now`: when it came.
  void Add(const EnvironmentLabel& label, std::string_view datagram, WallTime now);
  // Those of one account, of one trace when `trace_id` is not empty, the newest `limit` of them, oldest first:
  // {"segments":[{"function":ARN,"received":TIME,"document":{…}}…],"kept":N,"evicted":N,"refused":N}
  std::string WriteJson(std::string_view account_id, std::string_view trace_id, size_t limit) const;
  void Clear();
  size_t size() const { return count_; }
  uint64_t refused() const { return refused_; }

 private:
  static size_t BytesOf(const TraceSegment& segment) { return segment.document.size() + segment.function_arn.size() + 128; }

  struct Numbered {
    uint64_t number;  // in the order in which they came
    TraceSegment segment;
  };
  struct Kept {
    std::deque<Numbered> segments;  // oldest first
    size_t bytes = 0;
  };
  void EvictOne();

  std::map<std::string, Kept, std::less<>> functions_;  // by ARN; none is empty
  Strand strand_;
  size_t count_ = 0;
  size_t bytes_ = 0;
  uint64_t received_ = 0;
  uint64_t evicted_ = 0;
  uint64_t refused_ = 0;
};

}  // namespace mayfly::telemetry
