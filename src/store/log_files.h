// The directory of a log store: one folder per group, in it numbered segments; keeps the size bounds.
//
// Used by the log store's writer thread only; blocking. Folder names: "g" + the percent-encoded group name, or "h" + its
// SHA-256 where that would be too long (the name is in every segment's header). Segment names: a number that grows over all
// groups, 16 hex digits, ".seg".
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/strand.h"
#include "store/log_store.h"

namespace mayfly::store {

// What a reader may look at: the first `bytes` bytes of a file.
struct SegmentView {
  std::string path;
  uint64_t sequence = 0;
  uint64_t bytes = 0;
};

class LogFiles {
 public:
  // Makes the directory when it is missing, and lists what is there; contents are looked at when a group is touched.
  static Result<std::unique_ptr<LogFiles>> Open(LogStoreOptions options);

  // Appends lines to the group, as whole blocks. How many lines were lost is 0 or what the disk did not take.
  size_t Append(const std::string& group, const std::vector<LogLine>& lines);
  // Oldest first. Nothing for a group that is not there.
  std::vector<SegmentView> Segments(const std::string& group);
  std::vector<std::string> Groups() const;
  // Removes segments whose lines are all older than `time`.
  Result<> DropBefore(const std::string& group, WallTime time);
  uint64_t BytesOf(const std::string& group) const;
  Result<> DeleteGroup(const std::string& group);
  Result<> Clear();
  // Makes everything that was written durable. Error: also when lines were lost since the last Sync.
  Result<> Sync();
  uint64_t bytes() const { return bytes_; }

  static std::string FolderName(std::string_view group);

 private:
  struct Segment {
    uint64_t bytes = 0;
    WallTime written_at{};
    bool tail_checked = false;  // false: the file may have a torn tail
    bool synced = true;
  };
  struct Group {
    std::string folder;  // path
    std::map<uint64_t, Segment> segments;
    uint64_t bytes = 0;
  };
  using Groups_ = std::map<std::string, Group>;
  // Age order over all groups.
  using Age = std::tuple<WallTime, uint64_t, std::string>;

  explicit LogFiles(LogStoreOptions options) : options_(std::move(options)) {}
  Result<> List();
  Result<> ListGroup(const std::string& folder_name);
  std::string NameOfFolder(const std::string& folder_name, const Group& group) const;
  static std::string PathOf(const Group& group, uint64_t sequence);
  Result<Group*> GroupFor(const std::string& name);
  void CheckTail(const std::string& name, Group& group);
  Result<> AppendBlock(const std::string& name, std::string_view block);
  Result<> TryAppendBlock(const std::string& name, std::string_view block);
  void SetSegment(const std::string& name, Group& group, uint64_t sequence, Segment segment);
  Result<> RemoveSegment(const std::string& name, Group& group, uint64_t sequence);
  Result<> RemoveGroup(Groups_::iterator group);
  void MakeRoom(const std::string& name, uint64_t bytes);

  Strand thread_;  // the writer's
  LogStoreOptions options_;
  uint64_t segment_bytes_max_ = 0;
  Groups_ groups_;
  std::set<Age> ages_;
  std::set<std::pair<std::string, uint64_t>> unsynced_;
  uint64_t bytes_ = 0;
  uint64_t last_sequence_ = 0;
  Result<> lost_;  // the first fault since the last Sync
};

}  // namespace mayfly::store
