#include "store/log_query.h"

#include <algorithm>
#include <ranges>
#include <tuple>

#include "base/log.h"
#include "store/log_block.h"
#include "store/log_segment.h"

namespace mayfly::store {
namespace {

constexpr size_t kLineCostBytes = 64;

// Where a line was appended; orders lines of one time.
struct Place {
  uint64_t sequence = 0;
  uint64_t offset = 0;
  size_t index = 0;
  auto operator<=>(const Place&) const = default;
};

struct Found {
  Place place;
  LogLine line;
};

bool IsNewer(const Found& a, const Found& b) { return std::tie(a.line.time, a.place) > std::tie(b.line.time, b.place); }

// The newest lines of those that are offered, within the limits of a query.
class Newest {
 public:
  explicit Newest(size_t limit) : limit_(limit) { MF_ASSERT(limit > 0); }

  // Whether a line of `time` that was appended before all lines so far would be kept.
  bool WouldKeep(WallTime time) const { return !full_ || time > heap_.front().line.time; }

  void Offer(Place place, const LogLineView& view) {
    const bool keep = !full_ || std::tie(view.time, place) > std::tie(heap_.front().line.time, heap_.front().place);
    if (!keep) return;
    bytes_ += view.stream.size() + view.text.size() + kLineCostBytes;
    heap_.push_back({place, {view.time, std::string(view.stream), std::string(view.text)}});
    std::ranges::push_heap(heap_, IsNewer);
    while (heap_.size() > limit_ || (bytes_ > kQueryBytesMax && heap_.size() > 1)) {
      std::ranges::pop_heap(heap_, IsNewer);
      bytes_ -= heap_.back().line.stream.size() + heap_.back().line.text.size() + kLineCostBytes;
      heap_.pop_back();
      full_ = true;
    }
    MF_ASSERT(!heap_.empty() && heap_.size() <= limit_);
    full_ = full_ || heap_.size() == limit_;
  }

  std::vector<LogLine> Take() {
    std::ranges::sort(heap_, [](const Found& a, const Found& b) { return IsNewer(b, a); });
    std::vector<LogLine> lines;
    lines.reserve(heap_.size());
    for (Found& found : heap_) lines.push_back(std::move(found.line));
    return lines;
  }

 private:
  size_t limit_;
  size_t bytes_ = 0;
  bool full_ = false;
  std::vector<Found> heap_;  // the oldest first
};

bool Matches(const LogQuery& query, const LogLineView& line) {
  return line.time >= query.from && line.time < query.until && line.stream.starts_with(query.stream_prefix) &&
         (query.contains.empty() || line.text.find(query.contains) != std::string_view::npos);
}

void ReadBlock(const LogQuery& query, uint64_t sequence, const SegmentReader& reader, const SegmentReader::Block& block, Newest& newest) {
  const auto payload = reader.ReadPayload(block);
  const auto lines = payload ? BlockLines::Decode(block.header, *payload, {query.stream_prefix, query.contains}) : std::nullopt;
  if (!lines) return log::Warning("logs: a damaged block of group '{}' is skipped", query.group);
  for (size_t index = lines->lines().size(); index-- > 0;) {
    const LogLineView& line = lines->lines()[index];
    if (Matches(query, line)) newest.Offer({sequence, block.offset, index}, line);
  }
}

Result<> ReadSegment(const LogQuery& query, const SegmentView& segment, Newest& newest) {
  MF_TRY(SegmentReader reader, SegmentReader::Open(segment.path, segment.bytes));
  std::vector<SegmentReader::Block> blocks;
  for (;;) {
    MF_TRY(const auto block, reader.Next());
    if (!block) break;
    if (block->header.latest >= query.from && block->header.earliest < query.until) blocks.push_back(*block);
  }
  if (reader.position() < segment.bytes) log::Warning("logs: {} is damaged behind byte {}", segment.path, reader.position());
  for (const auto& block : std::views::reverse(blocks)) {
    if (newest.WouldKeep(block.header.latest)) ReadBlock(query, segment.sequence, reader, block, newest);
  }
  return {};
}

}  // namespace

Result<std::vector<LogLine>> QuerySegments(const LogQuery& query, const std::vector<SegmentView>& segments) {
  if (query.limit == 0) return std::vector<LogLine>();
  Newest newest(query.limit);
  for (const SegmentView& segment : std::views::reverse(segments)) {
    auto read = ReadSegment(query, segment, newest);
    if (read || read.error().code == "ENOENT") continue;
    if (read.error().code != "EBADMSG") return Fail(std::move(read).error());
    log::Warning("logs: {} is skipped: {}", segment.path, read.error().message);
  }
  return newest.Take();
}

}  // namespace mayfly::store
