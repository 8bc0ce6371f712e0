// The warden's helper process on v1: asks the kernel for alarms at a usage of memory.
//
// Each request waits for the kernel's grace period (10 ms on an idle machine, a hundred in a second): in the warden itself it would
// stop the watch over all other cages, and in a burst the jail, whose socket to the warden fills up. Dies with the warden.
#pragma once

#include <cstdint>

namespace mayfly::jail {

// Descriptors, in this order: an eventfd, the cgroup's usage (read), cgroup.event_control (write).
struct AlarmJob {
  uint32_t cage;
  uint32_t reserved;
  uint64_t memory_bytes;
};
inline constexpr int kAlarmDescriptors = 3;

// error: 0 or errno.
struct AlarmDone {
  uint32_t cage;
  int32_t error;
};

// Answers job after job of `socket` (SOCK_SEQPACKET) until it ends.
[[noreturn]] void RunAlarmSetter(int socket);

}  // namespace mayfly::jail
