// The cgroups of all cages: one small interface over v2 and over v1 controllers.
//
// A tree `mayfly-<instance>.<pid>.<start time>` below our own cgroup in every hierarchy that is used, with one folder
// `cage-<id>` per cage. The owner in the name tells a later jail which trees nobody lives for. Freezing, killing and
// starting inside (CLONE_INTO_CGROUP) go through the cgroup2 core, which works without v2 controllers too; limits go
// through whichever hierarchy has the controller. All files are reached from folder descriptors opened at the start, so the
// jail's later mount namespace needs no cgroup file system. Single-threaded; forked processes share the descriptors.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "jail/kernel_files.h"

namespace mayfly::jail {

// What the jail keeps open of one cage.
struct CageGroup {
  UniqueFd core;  // cgroup2 folder; none when the machine has no cgroup2
  UniqueFd kill;  // cgroup.kill
  UniqueFd memory_limit;
  UniqueFd memory_usage;
  UniqueFd socket_limit;  // v1 counts buffers of sockets apart
  UniqueFd socket_usage;
  UniqueFd events;  // cgroup.events, which tells of freezing
};

// What a cage may use. The sum is memory and /tmp.
struct CageLimits {
  uint64_t memory_bytes;
  uint64_t sum_bytes;
  uint32_t processes_max;
};

// What all cages together may use: the machine and its other programs keep the rest.
struct TreeLimits {
  uint64_t memory_bytes = 0;  // 0: no bound
  uint64_t processes_max = 0;  // 0: no bound
};

// What the daemon gets of one cage (CageDescriptor); those that the kernel does not have stay empty.
struct CageGroupPorts {
  UniqueFd memory_peak, memory_usage, memory_stat, oom_counter, cpu_quota, cpu_usage, freeze;
};

class CgroupTree {
 public:
  // Finds the hierarchies and removes what dead jails of this instance left, then makes the tree. nullptr and `error` when
  // this machine lacks the memory or pids controller or does not let us. Call before the own mount namespace is made.
  static std::unique_ptr<CgroupTree> Open(const std::string& instance, const TreeLimits& limits, std::string& error);
  // The same for hierarchies that are known.
  static std::unique_ptr<CgroupTree> Open(const struct CgroupMounts& mounts, const std::string& instance, const TreeLimits& limits, std::string& error);
  virtual ~CgroupTree() = default;

  virtual bool limits_are_v2() const = 0;
  bool has_core() const { return core_ >= 0; }
  // The folder's, which is in the cgroup path of whatever runs in a cage.
  const std::string& name() const { return name_; }

  // Folders and constant settings of a cage. 0 or errno.
  int Create(uint32_t cage);
  virtual int OpenCage(uint32_t cage, CageGroup& group, CageGroupPorts& ports) = 0;
  virtual int SetLimits(uint32_t cage, const CageGroup& group, const CageLimits& limits) = 0;
  // Puts the calling process into the v1 hierarchies: takes 8-12 ms on an idle machine, so never on the path of a start.
  virtual int AttachSelf(uint32_t cage) = 0;
  virtual int AttachProcess(uint32_t cage, int pid) = 0;
  // Moves whatever sits in the cage's cgroup2 folder into the v1 hierarchies, until nothing is found that was not moved.
  virtual void AttachListed(uint32_t cage) = 0;
  // EBUSY while something still lives in it. Not an error: it is not there.
  int Remove(uint32_t cage);

  // Kills everything in the tree at once, as far as the cgroup2 core is there.
  void KillAll();
  // What a process needs that works on the tree and on nothing else.
  std::vector<int> descriptors() const;
  // Removes the tree; EBUSY while something lives in it.
  int RemoveTree();

 protected:
  struct Hierarchy {
    UniqueFd parent;  // our own cgroup
    UniqueFd tree;    // parent/<name_>
  };
  static std::string CageName(uint32_t cage) { return "cage-" + std::to_string(cage); }
  virtual int ConfigureCage(uint32_t cage) = 0;
  int tree(int hierarchy) const { return hierarchies_[static_cast<size_t>(hierarchy)].tree.get(); }
  // core_ is -1 without cgroup2.
  int core_ = -1;
  std::string name_;
  std::vector<Hierarchy> hierarchies_;

 private:
  void Sweep(const std::string& prefix, int proc_folder);
  int MakeTree(const TreeLimits& limits);
  // Called when the tree's folders exist.
  virtual int PrepareTree(const TreeLimits& limits) = 0;
};

// The two implementations; the parents are open, nothing is made yet. nullptr: not on this machine.
std::unique_ptr<CgroupTree> MakeV2Tree(const struct CgroupMounts& mounts, std::string& error);
std::unique_ptr<CgroupTree> MakeV1Tree(const struct CgroupMounts& mounts, std::string& error);

}  // namespace mayfly::jail
