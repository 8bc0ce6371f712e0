// Counts the locks of ranges of files (fcntl) that each cage holds: the kernel charges them to nobody, and bounds them nowhere.
//
// The warden's, on its one thread. /proc/locks costs what there is in it and makes every lock of the machine wait a little, so it is read only
// when the kernel's memory has grown by what many locks would take, and now and then. What is read is bounded too: who holds more than the bound
// shows in any part of the list that is long enough, whatever the order.
//
// A lock is known by the process that made it, and a process by its cgroup. That is why the cages' filter of system calls refuses what would
// hide a lock's owner: locks of open files (F_OFD_SETLK), which name none, and processes that share descriptors without being threads of
// one process (CLONE_FILES), where the one that made a lock may end and the lock stays.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::jail {

inline constexpr uint32_t kLocksMax = 4096;              // of one cage: SQLite takes five per connection
inline constexpr uint32_t kLocksReadMax = 4 * kLocksMax;  // lines of /proc/locks at most in one look

// The process of one line of /proc/locks that holds a lock of a range; 0: a lock of another kind, one that waits, or no line.
int HolderOfRange(std::string_view line);
// The number in ".../TREE/cage-N" of a process' /proc/PID/cgroup; 0: it is in no cage of ours.
uint32_t CageOfGroups(std::string_view groups, std::string_view tree);

// Processes of one cage that hold too many locks together.
struct LockHolders {
  uint32_t cage = 0;
  uint32_t locks = 0;  // that were seen: there may be more
  std::vector<int> pids;
};

class LockWatch {
 public:
  // `proc` is the machine's /proc, which stays open; `tree` the name of the folder that holds the cages' cgroups.
  LockWatch(int proc, std::string tree) : proc_(proc), tree_(std::move(tree)) {}

  // Cages beyond kLocksMax; mostly without reading any list. Call as often as you like: it looks every kPause at most.
  std::vector<LockHolders> Look(std::chrono::steady_clock::time_point now);
  // Asked again of a process that is about to be killed: its number may be somebody else's by now.
  bool IsIn(uint32_t cage, int pid) const;

  static constexpr std::chrono::milliseconds kPause{200};
  static constexpr std::chrono::seconds kPauseMax{10};                 // between two readings of the list
  static constexpr uint64_t kGrowthBytes = uint64_t{kLocksMax} * 1024;  // of the kernel's memory, before the list is read: 21,000 locks

 private:
  uint64_t KernelBytes() const;
  std::map<int, uint32_t> CountByProcess() const;
  uint32_t CageOf(int pid) const;

  int proc_;
  std::string tree_;
  uint64_t least_kernel_bytes_ = 0;  // since the list was read
  std::chrono::steady_clock::time_point next_look_{};
  std::chrono::steady_clock::time_point next_reading_{};
};

}  // namespace mayfly::jail
