#include "store/log_query.h"

#include <algorithm>

#include "base/log.h"
#include "store/log_block.h"
#include "store/log_segment.h"

namespace mayfly::store {
namespace {

constexpr size_t kLineCostBytes = 64;

using Order = LogPageQuery::Order;

size_t CostOf(const LogLine& line) { return line.stream.size() + line.text.size() + kLineCostBytes; }

WallTime IngestedAt(const BlockHeader& header, WallTime time) { return std::max(header.made_at, time); }

// The first lines, in the order of a query, of those that are offered, within its limits.
class FirstLines {
 public:
  explicit FirstLines(const LogPageQuery& query) : query_(&query) { MF_ASSERT(query.limit > 0); }

  // Whether a line of a block with these times may be kept.
  bool WouldKeep(const BlockHeader& header) const {
    if (header.latest < query_->from || header.earliest >= query_->until) return false;
    const WallTime best = query_->order == Order::OldestFirst ? header.earliest : header.latest;
    const WallTime worst = query_->order == Order::OldestFirst ? header.latest : header.earliest;
    if (query_->behind && ComesBefore(worst, query_->behind->time)) return false;
    return !is_full_ || !ComesBefore(LastOf().time, best);
  }

  void Offer(LogPlace place, const LogLineView& view, WallTime ingested) {
    const LogPosition position{view.time, place};
    if (query_->behind && !IsBefore(*query_->behind, position)) return;
    if (is_full_ && !IsBefore(position, LastOf())) {
      has_more_ = true;
      return;
    }
    if (query_->wanted && !query_->wanted(view, place)) return;
    heap_.push_back({{view.time, std::string(view.stream), std::string(view.text)}, place, ingested});
    bytes_ += CostOf(heap_.back().line);
    std::push_heap(heap_.begin(), heap_.end(), Less{this});
    while (heap_.size() > query_->limit || (bytes_ > query_->bytes_max && heap_.size() > 1)) DropLast();
    is_full_ = is_full_ || heap_.size() == query_->limit;
    MF_ASSERT(!heap_.empty() && heap_.size() <= query_->limit);
  }

  LogPage Take() {
    std::ranges::sort(heap_, [](const PlacedLine& a, const PlacedLine& b) { return PositionOf(a) < PositionOf(b); });
    return {std::move(heap_), has_more_};
  }
  // A block was not read for being full: it may have lines of the answer's kind.
  void Leave() { has_more_ = has_more_ || is_full_; }

 private:
  struct Less {
    const FirstLines* lines;
    bool operator()(const PlacedLine& a, const PlacedLine& b) const { return lines->IsBefore(PositionOf(a), PositionOf(b)); }
  };
  static LogPosition PositionOf(const PlacedLine& found) { return {found.line.time, found.place}; }
  bool ComesBefore(WallTime a, WallTime b) const { return query_->order == Order::OldestFirst ? a < b : a > b; }
  bool IsBefore(const LogPosition& a, const LogPosition& b) const { return query_->order == Order::OldestFirst ? a < b : a > b; }
  LogPosition LastOf() const { return PositionOf(heap_.front()); }
  void DropLast() {
    std::pop_heap(heap_.begin(), heap_.end(), Less{this});
    bytes_ -= CostOf(heap_.back().line);
    heap_.pop_back();
    is_full_ = has_more_ = true;
  }

  const LogPageQuery* query_;
  size_t bytes_ = 0;
  bool is_full_ = false;
  bool has_more_ = false;
  std::vector<PlacedLine> heap_;  // the last of the order first
};

bool Matches(const LogPageQuery& query, const LogLineView& line) {
  return line.time >= query.from && line.time < query.until && line.stream.starts_with(query.stream_prefix) &&
         (query.contains.empty() || line.text.find(query.contains) != std::string_view::npos);
}

void ReadBlock(const LogPageQuery& query, uint64_t sequence, const SegmentReader& reader, const SegmentReader::Block& block, FirstLines& first) {
  const auto payload = reader.ReadPayload(block);
  const auto lines = payload ? BlockLines::Decode(block.header, *payload, {query.stream_prefix, query.contains}) : std::nullopt;
  if (!lines) return log::Warning("logs: a damaged block of group '{}' is skipped", query.group);
  const size_t count = lines->lines().size();
  for (size_t step = 0; step < count; ++step) {
    const size_t index = query.order == Order::OldestFirst ? step : count - 1 - step;
    const LogLineView& line = lines->lines()[index];
    if (Matches(query, line)) first.Offer({sequence, block.offset, index}, line, IngestedAt(block.header, line.time));
  }
}

// Error: code "ENOENT" when the segment has been removed, "EBADMSG" when it has no valid header.
Result<std::vector<SegmentReader::Block>> BlocksOf(SegmentReader& reader, const SegmentView& segment) {
  std::vector<SegmentReader::Block> blocks;
  for (;;) {
    MF_TRY(const auto block, reader.Next());
    if (!block) break;
    blocks.push_back(*block);
  }
  if (reader.position() < segment.bytes) log::Warning("logs: {} is damaged behind byte {}", segment.path, reader.position());
  return blocks;
}

Result<> ReadSegment(const LogPageQuery& query, const SegmentView& segment, FirstLines& first) {
  MF_TRY(SegmentReader reader, SegmentReader::Open(segment.path, segment.bytes));
  MF_TRY(auto blocks, BlocksOf(reader, segment));
  if (query.order == Order::NewestFirst) std::ranges::reverse(blocks);
  for (const auto& block : blocks) {
    if (first.WouldKeep(block.header)) {
      ReadBlock(query, segment.sequence, reader, block, first);
    } else if (block.header.latest >= query.from && block.header.earliest < query.until) {
      first.Leave();
    }
  }
  return {};
}

// A segment that is gone or damaged is no fault of the query.
Result<> Tolerate(const SegmentView& segment, Result<> read) {
  if (read || read.error().code == "ENOENT") return {};
  if (read.error().code != "EBADMSG") return read;
  log::Warning("logs: {} is skipped: {}", segment.path, read.error().message);
  return {};
}

Result<> ScanSegment(const SegmentView& segment, LogPlace& after, const LogStore::Visit& visit) {
  MF_TRY(SegmentReader reader, SegmentReader::Open(segment.path, segment.bytes));
  MF_TRY(const auto blocks, BlocksOf(reader, segment));
  for (const auto& block : blocks) {
    const LogPlace last{segment.sequence, block.offset, std::max<uint64_t>(block.header.line_count, 1) - 1};
    if (last <= after) continue;
    const auto payload = reader.ReadPayload(block);
    const auto lines = payload ? BlockLines::Decode(block.header, *payload) : std::nullopt;
    if (!lines) continue;
    for (size_t index = 0; index < lines->lines().size(); ++index) {
      const LogPlace place{segment.sequence, block.offset, index};
      const LogLineView& line = lines->lines()[index];
      if (place > after) visit(line, place, IngestedAt(block.header, line.time));
    }
    after = last;
  }
  return {};
}

}  // namespace

Result<LogPage> ReadPage(const LogPageQuery& query, const std::vector<SegmentView>& segments) {
  if (query.limit == 0) return LogPage();
  FirstLines first(query);
  for (size_t step = 0; step < segments.size(); ++step) {
    const SegmentView& segment = query.order == Order::OldestFirst ? segments[step] : segments[segments.size() - 1 - step];
    MF_TRY_VOID(Tolerate(segment, ReadSegment(query, segment, first)));
  }
  return first.Take();
}

Result<LogPlace> ScanSegments(const std::vector<SegmentView>& segments, LogPlace after, const LogStore::Visit& visit) {
  for (const SegmentView& segment : segments) {
    if (segment.sequence >= after.sequence) MF_TRY_VOID(Tolerate(segment, ScanSegment(segment, after, visit)));
  }
  return after;
}

}  // namespace mayfly::store
