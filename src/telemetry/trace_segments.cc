#include "telemetry/trace_segments.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"
#include "telemetry/trace_header.h"

namespace mayfly::telemetry {
namespace {

constexpr size_t kNameBytesMax = 200;

Error NoSegment(std::string_view why) { return Error::Fault(fmt::format("no segment document: {}", why)); }

Result<> CheckHeader(std::string_view line) {
  const auto header = json::Parse(line);
  if (!header || header->StringOr("format", "") != "json" || header->IntOr("version", 0) != 1) return Fail(NoSegment("its first line is no header"));
  return {};
}

Result<> CheckMembers(const json::Value& document) {
  const std::string_view name = document.StringOr("name", "");
  if (name.empty() || name.size() > kNameBytesMax) return Fail(NoSegment("name"));
  const json::Value* start = document.Find("start_time");
  if (!start || !start->is_number()) return Fail(NoSegment("start_time"));
  const json::Value* end = document.Find("end_time");
  if (end ? !end->is_number() : !document.BoolOr("in_progress", false)) return Fail(NoSegment("end_time"));
  if (document.StringOr("type", "subsegment") != "subsegment") return Fail(NoSegment("type"));
  if (document.Find("type") && !document.Find("parent_id")) return Fail(NoSegment("a subsegment without parent_id"));
  return {};
}

}  // namespace

Result<TraceSegment> ParseSegmentDatagram(std::string_view datagram) {
  const size_t line_end = datagram.find('\n');
  if (line_end == std::string_view::npos) return Fail(NoSegment("one line"));
  MF_TRY_VOID(CheckHeader(datagram.substr(0, line_end)));
  const std::string_view text = datagram.substr(line_end + 1);
  MF_TRY(const json::Value document, json::Parse(text));
  MF_TRY_VOID(CheckMembers(document));
  TraceSegment segment;
  segment.trace_id = document.StringOr("trace_id", "");
  if (!IsTraceId(segment.trace_id)) return Fail(NoSegment("trace_id"));
  segment.id = document.StringOr("id", "");
  if (!IsHexId(segment.id, 16)) return Fail(NoSegment("id"));
  segment.parent_id = document.StringOr("parent_id", "");
  if (document.Find("parent_id") && !IsHexId(segment.parent_id, 16)) return Fail(NoSegment("parent_id"));
  segment.document = text;
  return segment;
}

void TraceSegments::Add(const EnvironmentLabel& label, std::string_view datagram, WallTime now) {
  strand_.Check();
  auto parsed = ParseSegmentDatagram(datagram);
  if (!parsed) {
    ++refused_;
    return;
  }
  parsed->account_id = label.account_id;
  parsed->function_arn = label.function_arn;
  parsed->received_at = now;
  const size_t bytes = BytesOf(*parsed);
  Kept& kept = functions_[label.function_arn];
  kept.segments.push_back({++received_, std::move(*parsed)});
  kept.bytes += bytes;
  bytes_ += bytes;
  ++count_;
  while (count_ > kSegmentsMax || bytes_ > kSegmentBytesMax) EvictOne();
}

void TraceSegments::EvictOne() {
  MF_ASSERT(count_ > 0 && !functions_.empty());
  const auto most = std::max_element(functions_.begin(), functions_.end(), [](const auto& a, const auto& b) { return a.second.bytes < b.second.bytes; });
  const size_t bytes = BytesOf(most->second.segments.front().segment);
  MF_ASSERT(most->second.bytes >= bytes && bytes_ >= most->second.bytes);
  most->second.segments.pop_front();
  most->second.bytes -= bytes;
  bytes_ -= bytes;
  --count_;
  ++evicted_;
  if (most->second.segments.empty()) functions_.erase(most);
  MF_ASSERT((count_ == 0) == functions_.empty());
}

std::string TraceSegments::WriteJson(std::string_view account_id, std::string_view trace_id, size_t limit) const {
  strand_.Check();
  std::vector<const Numbered*> chosen;
  for (const auto& [arn, kept] : functions_) {
    for (const Numbered& one : kept.segments) {
      if (one.segment.account_id == account_id && (trace_id.empty() || one.segment.trace_id == trace_id)) chosen.push_back(&one);
    }
  }
  std::sort(chosen.begin(), chosen.end(), [](const Numbered* a, const Numbered* b) { return a->number < b->number; });
  if (chosen.size() > limit) chosen.erase(chosen.begin(), chosen.end() - static_cast<std::ptrdiff_t>(limit));
  std::string out = "{\"segments\":[";
  for (const Numbered* one : chosen) {
    if (one != chosen.front()) out += ',';
    out += fmt::format("{{\"function\":{},\"received\":{},\"document\":{}}}", json::Quote(one->segment.function_arn),
                       json::Quote(FormatIso8601(one->segment.received_at)), one->segment.document);
  }
  out += fmt::format("],\"kept\":{},\"evicted\":{},\"refused\":{}}}\n", count_, evicted_, refused_);
  return out;
}

void TraceSegments::Clear() {
  strand_.Check();
  functions_.clear();
  count_ = bytes_ = 0;
}

}  // namespace mayfly::telemetry
