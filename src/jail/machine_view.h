// What a cage is told of the machine, by its function's size: memory and processors.
//
// Libraries size their pools and caches by /proc/meminfo, /proc/cpuinfo, /proc/stat and the processors that a process may run on. A cage has
// files of its own over the first three: made with the cage, written when the size is known. They are fixed: what is free in them is what
// an empty environment has. With as many processors as the machine has, /proc/cpuinfo and /proc/stat are the kernel's.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace mayfly::jail {

class MachineView {
 public:
  // Of this machine, in a namespace that has its /proc.
  explicit MachineView(int proc_folder);

  // In a cage's first process, with its /proc and /dev/shm mounted: the files, empty and owned by the user. 0 or errno.
  int MakeFiles(uint32_t owner) const;
  // In the cage's mount namespace, before anything runs in it: says what the function has. `processors`: 0 for the machine's. 0 or errno.
  int Show(uint64_t memory_bytes, uint32_t processors, uint32_t owner) const;
  // `pid` and what it forks run on no more processors than that; which ones goes by the slot. Without CAP_SYS_NICE nothing happens.
  void Confine(pid_t pid, uint32_t processors, uint32_t slot) const;

 private:
  bool HidesProcessors(uint32_t processors) const { return processors != 0 && processors < count_; }
  std::string Processors(uint32_t processors) const;  // as in /proc/cpuinfo
  std::string Statistics(uint32_t processors) const;  // as in /proc/stat

  uint32_t count_ = 1;
  std::vector<std::string> descriptions_;  // of each processor, as in /proc/cpuinfo
  std::string boot_time_;
};

}  // namespace mayfly::jail
