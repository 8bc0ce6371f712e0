// The jail's helper process that keeps /tmp out of the memory limit.
//
// A function's /tmp is memory to the kernel (tmpfs), but not to Lambda: 128 MiB of memory and 512 MiB in /tmp are 640 MiB to
// the cgroup. So the cgroup's limit is the sum, and the warden watches what a cage uses besides its /tmp. When that passes the
// function's memory, it lowers the limit to what /tmp and the memory take together: the kernel then reclaims, or
// kills and counts an out-of-memory as ever. It acts within milliseconds, so a function can pass its memory by what it touches
// in that time (a few per cent at 128 MiB); it cannot pass the sum at all.
//
// Usage is read in intervals that follow the distance to the limit. On v1 the kernel tells when usage passes the function's
// memory, and nothing is read any more once that alarm is set (alarm_setter.h). Dies with the jail.
#pragma once

#include <cstdint>

namespace mayfly::jail {

struct WardenJob {
  uint32_t cage;
  uint32_t reserved;
  uint64_t memory_bytes;  // 0: forget the cage, no descriptors
  uint64_t tmp_bytes;
};
// Descriptors of a job, in this order: /tmp (O_PATH), the cgroup's usage (read), its limit (write), and on v1 cgroup.event_control
// (write).
inline constexpr int kWardenDescriptorsMax = 4;

// Serves `socket` (SOCK_SEQPACKET) until it ends.
[[noreturn]] void RunWarden(int socket);

}  // namespace mayfly::jail
