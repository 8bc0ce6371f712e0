// The jail's helper process that holds a function to its memory, whatever it consists of.
//
// A function's /tmp is memory to the kernel (tmpfs), but not to Lambda: 128 MiB of memory and 512 MiB in /tmp are 640 MiB to
// the cgroup. So the cgroup's limit is the sum, and the warden watches what a cage uses besides its /tmp: pages, buffers of
// sockets (which v1 counts apart), pipes, page tables and whatever else the kernel charges. What the cage's processes have resident of
// others' pages (a zygote's, libraries that were loaded before) is taken off its memory, as if it were its own. When the rest is
// passed, the warden lowers the limit to what /tmp and the memory take together: the kernel then reclaims, or
// kills and counts an out-of-memory as ever. It acts within milliseconds, so a function can pass its memory by what it touches
// in that time (a few per cent at 128 MiB); it cannot pass the sum at all.
//
// Usage is read in intervals that follow the distance to the limit; of a frozen cage not at all. The kernel has an alarm on v1, but
// it does not ring for memory that the kernel itself takes for a function.
//
// Locks of ranges of files are memory that the kernel charges to nobody. Of a cage that holds more than kLocksMax the processes that hold them
// are killed (lock_watch.h). Dies with the jail; one that has died is replaced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace mayfly::jail {

struct WardenJob {
  uint32_t cage;
  uint32_t flags;
  uint64_t memory_bytes;  // 0: forget the cage, no descriptors
  uint64_t tmp_bytes;
};
// Descriptors of a job, in this order: /tmp (O_PATH), the cgroup's usage (read), its limit (write); and by flags the usage by
// sockets (read), where that is counted apart, and cgroup.events (read), which tells of freezing. Or with kWardProcess one alone:
// /proc/PID/status of a process that was started in the cage.
inline constexpr uint32_t kWardSockets = 1;
inline constexpr uint32_t kWardFreezing = 2;
inline constexpr uint32_t kWardTakenOver = 4;  // from a warden that has died: the limit may be lowered
inline constexpr uint32_t kWardProcess = 8;
inline constexpr int kWardenDescriptorsMax = 5;
inline constexpr size_t kProcessesWatchedMax = 16;  // of one cage: the runtime and its extensions; beyond, the oldest is forgotten

// What tells cages apart in what the kernel says of processes: lock_watch.h.
struct WardenView {
  int proc = -1;     // the machine's /proc
  std::string tree;  // the folder of the cages' cgroups
};

// Serves `socket` (SOCK_SEQPACKET) until it ends.
[[noreturn]] void RunWarden(int socket, WardenView view);

}  // namespace mayfly::jail
