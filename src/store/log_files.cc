#include "store/log_files.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "base/encoding.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/log.h"
#include "store/folder_names.h"
#include "store/log_block.h"
#include "store/log_segment.h"

namespace mayfly::store {
namespace {

constexpr size_t kFolderNameMax = 200;  // file systems take 255 bytes
constexpr uint64_t kSegmentBytesMin = 64u << 10;
constexpr uint64_t kSegmentBytesMax = 8u << 20;
constexpr std::string_view kSuffix = ".seg";

std::string SegmentName(uint64_t sequence) { return fmt::format("{:016x}{}", sequence, kSuffix); }

// 0: not the name of a segment.
uint64_t SequenceOf(std::string_view name) {
  uint64_t sequence = 0;
  if (name.size() != 16 + kSuffix.size()) return 0;
  std::from_chars(name.data(), name.data() + 16, sequence, 16);
  return name == SegmentName(sequence) ? sequence : 0;
}

WallTime TimeOf(const timespec& time) { return WallTime(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec)); }

// nullopt: it cannot be read to its end.
std::optional<WallTime> LatestTimeOf(const SegmentView& view) {
  auto reader = SegmentReader::Open(view.path, view.bytes);
  if (!reader) return std::nullopt;
  WallTime latest{};
  for (;;) {
    const auto block = reader->Next();
    if (!block) return std::nullopt;
    if (!*block) break;
    latest = std::max(latest, (*block)->header.latest);
  }
  return reader->position() == view.bytes ? std::optional(latest) : std::nullopt;
}

}  // namespace

std::string LogFiles::FolderName(std::string_view group) {
  std::string name = "g" + PercentEncode(group);
  return name.size() <= kFolderNameMax ? name : "h" + Sha256Hex(group);
}

Result<std::unique_ptr<LogFiles>> LogFiles::Open(LogStoreOptions options) {
  if (::mkdir(options.directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return Fail(Error::FromErrno("mkdir " + options.directory, errno));
  }
  std::unique_ptr<LogFiles> files(new LogFiles(std::move(options)));
  files->segment_bytes_max_ = std::clamp(files->options_.bytes_per_group_max / 8, kSegmentBytesMin, kSegmentBytesMax);
  MF_TRY_VOID(files->List());
  return files;
}

Result<> LogFiles::List() {
  MF_TRY(const auto names, NamesIn(options_.directory));
  for (const std::string& name : names) {
    if (auto listed = ListGroup(name); !listed) {
      log::Warning("logs: left alone {}/{}: {}", options_.directory, name, listed.error().message);
    }
  }
  return {};
}

Result<> LogFiles::ListGroup(const std::string& folder_name) {
  Group group;
  group.folder = options_.directory + "/" + folder_name;
  MF_TRY(const auto names, NamesIn(group.folder));
  std::map<uint64_t, Segment> segments;
  for (const std::string& name : names) {
    const uint64_t sequence = SequenceOf(name);
    struct stat status{};
    if (sequence == 0 || ::lstat((group.folder + "/" + name).c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    segments[sequence] = {static_cast<uint64_t>(status.st_size), TimeOf(status.st_mtim)};
    last_sequence_ = std::max(last_sequence_, sequence);
  }
  group.segments = segments;
  const std::string name = NameOfFolder(folder_name, group);
  if (FolderName(name) != folder_name) return Fail(Error::Fault("not the folder of a log group"));
  group.segments.clear();
  if (segments.empty()) {
    ::rmdir(group.folder.c_str());
    return {};
  }
  Group& listed = groups_[name] = std::move(group);
  for (const auto& [sequence, segment] : segments) SetSegment(name, listed, sequence, segment);
  // Only the newest was being written; the others were finished before it was begun.
  for (auto entry = listed.segments.begin(); std::next(entry) != listed.segments.end(); ++entry) entry->second.tail_checked = true;
  return {};
}

std::string LogFiles::NameOfFolder(const std::string& folder_name, const Group& group) const {
  if (folder_name.starts_with("g")) return PercentDecode(folder_name.substr(1)).value_or("");
  for (const auto& [sequence, segment] : group.segments) {
    if (auto reader = SegmentReader::Open(PathOf(group, sequence), segment.bytes)) return reader->group();
  }
  return "";
}

std::string LogFiles::PathOf(const Group& group, uint64_t sequence) { return group.folder + "/" + SegmentName(sequence); }

Result<LogFiles::Group*> LogFiles::GroupFor(const std::string& name) {
  const auto found = groups_.find(name);
  if (found != groups_.end()) return &found->second;
  Group group;
  group.folder = options_.directory + "/" + FolderName(name);
  if (::mkdir(group.folder.c_str(), 0700) != 0 && errno != EEXIST) return Fail(Error::FromErrno("mkdir " + group.folder, errno));
  return &(groups_[name] = std::move(group));
}

void LogFiles::SetSegment(const std::string& name, Group& group, uint64_t sequence, Segment segment) {
  MF_ASSERT(sequence > 0 && sequence <= last_sequence_);
  Segment& stored = group.segments[sequence];
  group.bytes += segment.bytes - stored.bytes;
  bytes_ += segment.bytes - stored.bytes;
  ages_.erase({stored.written_at, sequence, name});
  ages_.insert({segment.written_at, sequence, name});
  stored = segment;
  if (!segment.synced) unsynced_.insert({name, sequence});
}

Result<> LogFiles::RemoveSegment(const std::string& name, Group& group, uint64_t sequence) {
  const std::string path = PathOf(group, sequence);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return Fail(Error::FromErrno("remove " + path, errno));
  const auto segment = group.segments.find(sequence);
  MF_ASSERT(segment != group.segments.end() && group.bytes >= segment->second.bytes && bytes_ >= group.bytes);
  group.bytes -= segment->second.bytes;
  bytes_ -= segment->second.bytes;
  ages_.erase({segment->second.written_at, sequence, name});
  unsynced_.erase({name, sequence});
  group.segments.erase(segment);
  return {};
}

Result<> LogFiles::RemoveGroup(Groups_::iterator group) {
  MF_ASSERT(group != groups_.end());
  while (!group->second.segments.empty()) {
    MF_TRY_VOID(RemoveSegment(group->first, group->second, group->second.segments.begin()->first));
  }
  ::rmdir(group->second.folder.c_str());  // fails only when something else is in it; that stays
  MF_ASSERT(group->second.bytes == 0);
  groups_.erase(group);
  return {};
}

// Cuts what a crash has left half-written at the end of the group's newest segment.
void LogFiles::CheckTail(const std::string& name, Group& group) {
  if (group.segments.empty()) return;
  const uint64_t sequence = group.segments.rbegin()->first;
  Segment segment = group.segments.rbegin()->second;
  if (segment.tail_checked) return;
  segment.tail_checked = true;
  const std::string path = PathOf(group, sequence);
  const auto whole = WholeBytesOf(path);
  if (!whole) {
    log::Warning("logs: {}", whole.error().ToString());
    return;
  }
  if (*whole == segment.bytes) return SetSegment(name, group, sequence, segment);
  log::Warning("logs: {} bytes of a torn block are cut off {}", segment.bytes - *whole, path);
  const auto cut = *whole == 0 ? RemoveSegment(name, group, sequence) : CutSegment(path, *whole);
  if (!cut) log::Warning("logs: {}", cut.error().ToString());
  if (*whole == 0) return;
  segment.bytes = *whole;
  SetSegment(name, group, sequence, segment);
}

// Removes old segments until `bytes` more fit, first of the group, then of all. A group whose last segment goes away for
// another group's sake goes with it.
void LogFiles::MakeRoom(const std::string& name, uint64_t bytes) {
  Group& group = groups_.at(name);
  while (!group.segments.empty() && group.bytes + bytes > options_.bytes_per_group_max) {
    if (auto removed = RemoveSegment(name, group, group.segments.begin()->first); !removed) {
      return log::Warning("logs: {}", removed.error().ToString());
    }
  }
  while (!ages_.empty() && bytes_ + bytes > options_.bytes_max) {
    const auto [written_at, sequence, oldest] = *ages_.begin();
    const auto found = groups_.find(oldest);
    MF_ASSERT(found != groups_.end());
    auto removed = RemoveSegment(oldest, found->second, sequence);
    if (removed && found->second.segments.empty() && oldest != name) removed = RemoveGroup(found);
    if (!removed) return log::Warning("logs: {}", removed.error().ToString());
  }
}

Result<> LogFiles::AppendBlock(const std::string& name, std::string_view block) {
  auto written = TryAppendBlock(name, block);
  if (written || written.error().code != "ENOENT") return written;
  // Somebody has removed the folder or the segment: begin anew with what is left.
  MF_TRY_VOID(DeleteGroup(name));
  return TryAppendBlock(name, block);
}

Result<> LogFiles::TryAppendBlock(const std::string& name, std::string_view block) {
  MF_TRY(Group* const group, GroupFor(name));
  CheckTail(name, *group);
  MakeRoom(name, block.size());
  const bool fits = !group->segments.empty() && group->segments.rbegin()->second.bytes + block.size() <= segment_bytes_max_;
  const uint64_t sequence = fits ? group->segments.rbegin()->first : ++last_sequence_;
  Segment segment = fits ? group->segments.rbegin()->second : Segment{.tail_checked = true};
  const std::string bytes = fits ? std::string(block) : SegmentHeader(name) + std::string(block);
  MF_TRY_VOID(WriteToSegment(PathOf(*group, sequence), segment.bytes, bytes));
  segment.bytes += bytes.size();
  segment.written_at = SystemClock().WallNow();
  segment.synced = false;
  SetSegment(name, *group, sequence, segment);
  return {};
}

size_t LogFiles::Append(const std::string& group, const std::vector<LogLine>& lines) {
  thread_.Check();
  MF_ASSERT(group.size() <= kGroupNameMax);
  size_t lost = 0;
  BlockBuilder builder;
  const auto write = [&] {
    const size_t count = builder.line_count();
    auto written = AppendBlock(group, builder.Finish(SystemClock().WallNow()));
    if (written) return;
    lost += count;
    if (lost_) log::Error("logs: lines of group '{}' are lost: {}", group, written.error().ToString());
    if (lost_) lost_ = std::move(written);
  };
  for (const LogLine& line : lines) {
    if (!builder.HasRoomFor(line)) write();
    builder.Add(line);
  }
  if (!builder.empty()) write();
  return lost;
}

std::vector<SegmentView> LogFiles::Segments(const std::string& name) {
  thread_.Check();
  std::vector<SegmentView> views;
  const auto group = groups_.find(name);
  if (group == groups_.end()) return views;
  CheckTail(name, group->second);
  for (const auto& [sequence, segment] : group->second.segments) {
    views.push_back({PathOf(group->second, sequence), sequence, segment.bytes});
  }
  return views;
}

Result<> LogFiles::DropBefore(const std::string& name, WallTime time) {
  const auto group = groups_.find(name);
  if (group == groups_.end()) return {};
  for (const SegmentView& view : Segments(name)) {
    const auto latest = LatestTimeOf(view);
    if (!latest || *latest >= time) continue;
    MF_TRY_VOID(RemoveSegment(name, group->second, view.sequence));
  }
  return {};
}

uint64_t LogFiles::BytesOf(const std::string& name) const {
  thread_.Check();
  const auto group = groups_.find(name);
  return group == groups_.end() ? 0 : group->second.bytes;
}

std::vector<std::string> LogFiles::Groups() const {
  thread_.Check();
  std::vector<std::string> names;
  for (const auto& [name, group] : groups_) {
    if (!group.segments.empty()) names.push_back(name);
  }
  return names;
}

Result<> LogFiles::DeleteGroup(const std::string& name) {
  const auto group = groups_.find(name);
  if (group == groups_.end()) return {};
  return RemoveGroup(group);
}

Result<> LogFiles::Clear() {
  thread_.Check();
  while (!groups_.empty()) MF_TRY_VOID(RemoveGroup(groups_.begin()));
  MF_ASSERT(bytes_ == 0 && ages_.empty() && unsynced_.empty());
  return {};
}

Result<> LogFiles::Sync() {
  thread_.Check();
  Result<> outcome = std::exchange(lost_, {});
  while (!unsynced_.empty()) {
    const auto [name, sequence] = *unsynced_.begin();
    unsynced_.erase(unsynced_.begin());
    const Group& group = groups_.at(name);
    auto synced = SyncSegment(PathOf(group, sequence));
    if (synced) synced = SyncDirectory(group.folder);
    if (!synced && outcome) outcome = std::move(synced);
  }
  if (outcome) outcome = SyncDirectory(options_.directory);
  return outcome;
}

}  // namespace mayfly::store
