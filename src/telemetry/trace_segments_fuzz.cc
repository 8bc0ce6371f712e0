// Hostile senders of trace segments: whatever is taken has the ids that it says, and can be shown as JSON.
#include <cstddef>
#include <cstdint>

#include "base/json.h"
#include "base/result.h"
#include "telemetry/trace_segments.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mayfly::telemetry;
  std::string input = "{\"format\":\"json\",\"version\":1}\n";
  if (size > 0 && data[0] == '{') input.clear();  // its own header
  input.append(reinterpret_cast<const char*>(data), size);
  TraceSegments segments;
  segments.Add({.account_id = "1", .function_arn = "arn"}, input, {});
  MF_ASSERT(segments.size() + segments.refused() == 1);
  MF_ASSERT(mayfly::json::IsValidJson(segments.WriteJson("1", "", 10)));
  const auto parsed = ParseSegmentDatagram(input);
  MF_ASSERT(parsed.has_value() == (segments.size() == 1));
  if (!parsed) return 0;
  MF_ASSERT(parsed->trace_id.size() == 35 && parsed->id.size() == 16 && (parsed->parent_id.empty() || parsed->parent_id.size() == 16));
  MF_ASSERT(input.ends_with(parsed->document));
  return 0;
}
