// Function logs on disk: append-only segments of zstd-compressed blocks per log group, with a small index of times and
// streams, bounded in size, readable while they grow.
//
// Not on the durable path of an answer: appends are buffered and written to the files within `flush_after` (default 1 s);
// Flush() also syncs them. kill -9 may lose the last second of log text (never of accepted events), power loss what the
// kernel had not written yet. A torn last block is cut when its group is touched for the first time after opening.
// Any number of groups; no file stays open, memory is bounded. Methods on one loop's strand, which must be a real one; disk
// work on two own threads, one that writes and one that reads. Destroyed before its loop; that writes what is buffered.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "base/task.h"

namespace mayfly::store {

struct LogLine {
  WallTime time{};
  std::string stream;  // at most 1 KiB; longer ones are cut
  std::string text;    // without the line end; at most 1 MiB (longer ones are cut between two characters)
};

struct LogLineView {
  WallTime time{};
  std::string_view stream;
  std::string_view text;
};

// Where a line lies: unique in its group, and growing in the order in which lines were appended. Stays the same for good.
struct LogPlace {
  uint64_t sequence = 0;  // of the segment
  uint64_t offset = 0;    // of the block
  uint64_t index = 0;     // in the block
  auto operator<=>(const LogPlace&) const = default;
};

// A line in a group's order of time; lines of one time stand as they were appended.
struct LogPosition {
  WallTime time{};
  LogPlace place;
  auto operator<=>(const LogPosition&) const = default;
};

struct PlacedLine {
  LogLine line;
  LogPlace place;
  WallTime ingested{};  // about when it was appended: never before the line's own time
};

// Some lines of a group from one end of a time, or from behind a line, on.
struct LogPageQuery {
  enum class Order : unsigned char { OldestFirst, NewestFirst };

  std::string group;                 // exact
  WallTime from{};                   // inclusive
  WallTime until = WallTime::max();  // exclusive
  Order order = Order::OldestFirst;  // which lines are taken; they are given in the order of time in both cases
  std::optional<LogPosition> behind; // only lines that come after it in that order
  std::string stream_prefix;         // "" = all
  std::string contains;              // "" = all; plain substring
  // What else decides; called on another thread, for each line that the rest lets pass. May be empty.
  std::function<bool(const LogLineView&, const LogPlace&)> wanted;
  size_t limit = 10'000;
  size_t bytes_max = 64u << 20;      // about: of text, streams and 64 bytes for each line; one line is always taken
};

struct LogPage {
  std::vector<PlacedLine> lines;  // in the order of time
  bool has_more = false;          // the limits left lines out
};

struct LogQuery {
  std::string group;                 // exact
  std::string stream_prefix;         // "" = all
  WallTime from{};                   // inclusive
  WallTime until = WallTime::max();  // exclusive
  std::string contains;              // "" = all; plain substring
  size_t limit = 10'000;             // the newest `limit` lines that match (about 64 MiB of them), in time order
};

struct LogStoreOptions {
  std::string directory;
  uint64_t bytes_per_group_max = 64ull << 20;  // compressed; the oldest segments of the group go first
  uint64_t bytes_max = 4ull << 30;             // all groups; the segments that were written to longest ago go first
  size_t buffered_bytes_max = 32u << 20;       // beyond, lines are dropped and counted in one line that says so
  Duration flush_after = std::chrono::seconds(1);
};

class LogStore {
 public:
  virtual ~LogStore() = default;
  // Makes the directory when it is missing. What is in it and not ours stays, with a warning in the daemon's log.
  static Result<std::unique_ptr<LogStore>> Open(Loop& loop, LogStoreOptions options);

  // Group names are any bytes; those longer than 4,096 are cut.
  // Never blocks, never fails: see buffered_bytes_max.
  virtual void Append(std::string_view group, LogLine line) = 0;
  // Lines that were appended are found, flushed or not. Lines of one time keep the order in which they were appended.
  // Not an error: no such group (no lines). A block that the disk has damaged is skipped, with a warning.
  virtual Task<Result<std::vector<LogLine>>> Query(Context& ctx, LogQuery query) = 0;
  // As Query, a page at a time.
  virtual Task<Result<LogPage>> Page(Context& ctx, LogPageQuery query) = 0;
  // Shows all lines that were appended behind `after`, as they were appended, to `visit` on another thread. Gives the place of the
  // last one, `after` when there was none. Not an error: no such group.
  using Visit = std::function<void(const LogLineView&, const LogPlace&, WallTime ingested)>;
  virtual Task<Result<LogPlace>> Scan(Context& ctx, std::string group, LogPlace after, Visit visit) = 0;
  // Appends lines, all or nothing in memory, and answers when they are written: they survive the end of the process. Errors: code "Busy",
  // the buffer is full and nothing was taken; a Fault, the disk did not take all of them.
  virtual Task<Result<>> Put(Context& ctx, std::string group, std::vector<LogLine> lines) = 0;
  // Files of which every line is older than `time` go. Not an error: no such group.
  virtual Task<Result<>> DropBefore(Context& ctx, std::string group, WallTime time) = 0;
  // Compressed bytes on the disk; 0 of a group that is not there.
  virtual Task<Result<uint64_t>> BytesOf(Context& ctx, std::string group) = 0;
  // Those that have lines, in order.
  virtual Task<Result<std::vector<std::string>>> Groups(Context& ctx) = 0;
  // Calls `listener` for each line appended to `group` from now on, on the strand (posted, also lines that
  // the full buffer drops), until the result is destroyed.
  virtual std::shared_ptr<void> Follow(std::string_view group, std::function<void(const LogLine&)> listener) = 0;
  // Not an error: no such group.
  virtual Task<Result<>> DeleteGroup(Context& ctx, std::string_view group) = 0;
  // Everything appended so far is on the disk. Error: lines were lost since the last Flush (disk full).
  virtual Task<Result<>> Flush(Context& ctx) = 0;
  virtual Task<Result<>> Clear(Context& ctx) = 0;
};

}  // namespace mayfly::store
