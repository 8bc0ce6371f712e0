// The strand's side of the log store: buffers, followers, bounds. Files belong to the writer thread (log_files.h); queries
// read them on another, as far as they had been written when the query began.
#include "store/log_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/blocking_pool.h"
#include "base/log.h"
#include "base/strand.h"
#include "store/listeners.h"
#include "store/log_block.h"
#include "store/log_files.h"
#include "store/log_query.h"
#include "store/log_segment.h"

namespace mayfly::store {
namespace {

using LineListeners = Listeners<const LogLine&>;

constexpr size_t kLineOverheadBytes = 64;
constexpr size_t kHandOverBytes = kBlockLinesTarget;
// Groups for which dropped lines are counted apart; those beyond show only in the daemon's log.
constexpr size_t kDropCountersMax = 10'000;

size_t Cost(const LogLine& line) { return line.text.size() + line.stream.size() + kLineOverheadBytes; }

void CutText(std::string& text, size_t bytes_max) {
  if (text.size() <= bytes_max) return;
  size_t end = bytes_max;
  for (int back = 0; back < 3 && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80; ++back) --end;
  text.resize(end);
}

struct Pending {
  std::vector<LogLine> lines;
  size_t bytes = 0;
};

struct Dropped {
  uint64_t count = 0;
  LogLine last;  // its stream and time; no text
};

// What lives on the strand, shared with answers that are on their way.
struct LogStoreState {
  std::map<std::string, Pending, std::less<>> pending;
  std::map<std::string, Dropped, std::less<>> dropped;
  size_t buffered_bytes = 0;  // in `pending` and on the way to the files
  LineListeners followers;
  bool open = true;

  void CountDropped(const std::string& group, uint64_t count, const LogLine& last) {
    if (!dropped.contains(group) && dropped.size() >= kDropCountersMax) {
      return log::Warning("logs: {} lines of group '{}' are dropped: the buffer is full", count, group);
    }
    MF_ASSERT(count > 0);
    Dropped& entry = dropped[group];
    entry.count += count;
    entry.last = {last.time, last.stream, {}};
  }
};

using Buffers = std::vector<std::pair<std::string, Pending>>;

class FileLogStore final : public LogStore {
 public:
  FileLogStore(Loop& loop, LogStoreOptions options, std::unique_ptr<LogFiles> files)
      : loop_(loop), options_(std::move(options)), files_(std::move(files)) {}
  ~FileLogStore() override {
    loop_.CancelTimer(timer_);
    HandOverAll();
    strand_->open = false;
  }

  void Append(std::string_view group_name, LogLine line) override {
    thread_.Check();
    const std::string_view group = group_name.substr(0, kGroupNameMax);
    CutText(line.text, kLineTextMax);
    CutText(line.stream, kStreamNameMax);
    Tell(group, line);
    SetTimer();
    if (strand_->buffered_bytes + Cost(line) > options_.buffered_bytes_max) {
      return strand_->CountDropped(std::string(group), 1, line);
    }
    if (!strand_->dropped.empty()) SayDropped(group);
    Buffer(group, std::move(line));
  }

  Task<Result<std::vector<LogLine>>> Query(Context& ctx, LogQuery query) override {
    LogPageQuery page_query{.group = std::move(query.group), .from = query.from, .until = query.until, .order = LogPageQuery::Order::NewestFirst,
                            .behind = {}, .stream_prefix = std::move(query.stream_prefix), .contains = std::move(query.contains), .wanted = {},
                            .limit = query.limit};
    MF_CO_TRY(LogPage page, co_await Page(ctx, std::move(page_query)));
    std::vector<LogLine> lines;
    lines.reserve(page.lines.size());
    for (PlacedLine& placed : page.lines) lines.push_back(std::move(placed.line));
    co_return lines;
  }

  Task<Result<LogPage>> Page(Context&, LogPageQuery query) override {
    query.group.resize(std::min(query.group.size(), kGroupNameMax));
    MF_CO_TRY(auto segments, co_await SegmentsOf(query.group));
    co_return co_await reader_.Run(loop_, [query = std::move(query), segments = std::move(segments)] { return ReadPage(query, segments); });
  }

  Task<Result<LogPlace>> Scan(Context&, std::string group, LogPlace after, Visit visit) override {
    group.resize(std::min(group.size(), kGroupNameMax));
    MF_CO_TRY(auto segments, co_await SegmentsOf(group));
    co_return co_await reader_.Run(loop_, [segments = std::move(segments), after, visit = std::move(visit)] { return ScanSegments(segments, after, visit); });
  }

  Task<Result<>> Put(Context&, std::string group, std::vector<LogLine> lines) override {
    thread_.Check();
    group.resize(std::min(group.size(), kGroupNameMax));
    size_t cost = 0;
    for (LogLine& line : lines) {
      CutText(line.text, kLineTextMax);
      CutText(line.stream, kStreamNameMax);
      cost += Cost(line);
    }
    const auto strand = strand_;
    if (strand->buffered_bytes + cost > options_.buffered_bytes_max) co_return Fail(Error::Service("Busy", "the log buffer is full"));
    HandOver(group);  // what came before stands before it
    strand->buffered_bytes += cost;
    for (const LogLine& line : lines) Tell(group, line);
    const size_t lost = co_await OnWriter([group, lines = std::move(lines)](LogFiles& files) { return files.Append(group, lines); });
    strand->buffered_bytes -= cost;
    if (lost > 0) co_return Fail(Error::Fault(fmt::format("{} lines of log group '{}' could not be written", lost, group)));
    co_return Result<>();
  }

  Task<Result<>> DropBefore(Context&, std::string group, WallTime time) override {
    group.resize(std::min(group.size(), kGroupNameMax));
    HandOver(group);
    co_return co_await OnWriter([group = std::move(group), time](LogFiles& files) { return files.DropBefore(group, time); });
  }

  Task<Result<uint64_t>> BytesOf(Context&, std::string group) override {
    group.resize(std::min(group.size(), kGroupNameMax));
    co_return co_await OnWriter([group = std::move(group)](LogFiles& files) { return Result<uint64_t>(files.BytesOf(group)); });
  }

  Task<Result<std::vector<std::string>>> Groups(Context&) override {
    HandOverAll();
    co_return co_await OnWriter([](LogFiles& files) { return files.Groups(); });
  }

  std::shared_ptr<void> Follow(std::string_view group, std::function<void(const LogLine&)> listener) override {
    return strand_->followers.Add(group.substr(0, kGroupNameMax), std::move(listener));
  }

  Task<Result<>> DeleteGroup(Context&, std::string_view group_name) override {
    const std::string group(group_name.substr(0, kGroupNameMax));
    return Delete(group);
  }

  Task<Result<>> Flush(Context&) override {
    thread_.Check();
    HandOverAll();
    co_return co_await OnWriter([](LogFiles& files) { return files.Sync(); });
  }

  Task<Result<>> Clear(Context&) override {
    for (const auto& [group, pending] : strand_->pending) strand_->buffered_bytes -= pending.bytes;
    strand_->pending.clear();
    strand_->dropped.clear();
    co_return co_await OnWriter([](LogFiles& files) { return files.Clear(); });
  }

 private:
  template <typename Function, typename Value = std::invoke_result_t<Function, LogFiles&>>
  Task<Value> OnWriter(Function function) {
    return writer_.Run(loop_, [files = files_, function = std::move(function)] { return function(*files); });
  }

  // Those that hold all that was appended to the group. Error: the store has been closed meanwhile.
  Task<Result<std::vector<SegmentView>>> SegmentsOf(std::string group) {
    thread_.Check();
    const auto strand = strand_;
    HandOver(group);
    auto segments = co_await OnWriter([group = std::move(group)](LogFiles& files) { return files.Segments(group); });
    if (!strand->open) co_return Fail(Error::Fault("the log store has been closed"));
    co_return segments;
  }

  Task<Result<>> Delete(std::string group) {
    strand_->dropped.erase(group);
    if (auto pending = strand_->pending.extract(group)) strand_->buffered_bytes -= pending.mapped().bytes;
    co_return co_await OnWriter([group](LogFiles& files) { return files.DeleteGroup(group); });
  }

  void Tell(std::string_view group, const LogLine& line) {
    if (strand_->followers.empty()) return;
    auto listeners = strand_->followers.Of(group);
    if (listeners.empty()) return;
    loop_.Post([listeners = std::move(listeners), line] { LineListeners::Call(listeners, line); });
  }

  void Buffer(std::string_view group, LogLine line) {
    MF_ASSERT(line.text.size() <= kLineTextMax && line.stream.size() <= kStreamNameMax);
    auto entry = strand_->pending.find(group);
    if (entry == strand_->pending.end()) entry = strand_->pending.emplace(group, Pending()).first;
    const size_t cost = Cost(line);
    entry->second.bytes += cost;
    entry->second.lines.push_back(std::move(line));
    strand_->buffered_bytes += cost;
    if (entry->second.bytes >= kHandOverBytes) HandOver(group);
  }

  // Puts the line that tells how many are missing where they are missing, now that there is room.
  void SayDropped(std::string_view group) {
    auto node = strand_->dropped.extract(std::string(group));
    if (!node) return;
    LogLine line = std::move(node.mapped().last);
    line.text = fmt::format("[mayfly] {} log lines are missing here: they came faster than they could be written", node.mapped().count);
    Buffer(group, std::move(line));
  }

  void SetTimer() {
    if (timer_ != 0) return;
    timer_ = loop_.CallAfter(options_.flush_after, [this] {
      timer_ = 0;
      if (strand_->buffered_bytes < options_.buffered_bytes_max / 2) SayAllDropped();
      HandOverAll();
      if (!strand_->dropped.empty()) SetTimer();
    });
  }
  void SayAllDropped() {
    std::vector<std::string> groups;
    for (const auto& [group, dropped] : strand_->dropped) groups.push_back(group);
    for (const std::string& group : groups) SayDropped(group);
  }

  void HandOver(std::string_view group) {
    const auto entry = strand_->pending.find(group);
    if (entry == strand_->pending.end()) return;
    auto node = strand_->pending.extract(entry);
    Buffers buffers;
    buffers.emplace_back(std::move(node.key()), std::move(node.mapped()));
    Submit(std::move(buffers));
  }
  void HandOverAll() {
    if (strand_->pending.empty()) return;
    Buffers buffers(std::make_move_iterator(strand_->pending.begin()), std::make_move_iterator(strand_->pending.end()));
    strand_->pending.clear();
    Submit(std::move(buffers));
  }
  void Submit(Buffers buffers) {
    writer_.Submit([&loop = loop_, files = files_, strand = strand_, buffers = std::move(buffers)]() mutable {
      for (auto& [group, pending] : buffers) {
        MF_ASSERT(!pending.lines.empty());
        const size_t lost = files->Append(group, pending.lines);
        LogLine last{pending.lines.back().time, pending.lines.back().stream, {}};
        loop.PostFromAnyThread([strand, group, lost, last = std::move(last), bytes = pending.bytes] {
          MF_ASSERT(strand->buffered_bytes >= bytes);
          strand->buffered_bytes -= bytes;
          if (lost > 0) strand->CountDropped(group, lost, last);
        });
      }
    });
  }

  Strand thread_;
  Loop& loop_;
  LogStoreOptions options_;
  std::shared_ptr<LogFiles> files_;
  std::shared_ptr<LogStoreState> strand_ = std::make_shared<LogStoreState>();
  Loop::TimerId timer_ = 0;
  BlockingPool reader_{"log-reader", 1};
  BlockingPool writer_{"log-writer", 1};
};

}  // namespace

Result<std::unique_ptr<LogStore>> LogStore::Open(Loop& loop, LogStoreOptions options) {
  auto files = LogFiles::Open(options);
  if (!files) return Fail(std::move(files).error().Wrap("open the logs"));
  return std::make_unique<FileLogStore>(loop, std::move(options), std::move(*files));
}

}  // namespace mayfly::store
