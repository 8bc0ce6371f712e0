// Limits through v1 controllers (memory, pids, cpu, cpuacct), each possibly a hierarchy of its own; freezing and killing
// through cgroup2 where it is mounted.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <set>

#include "jail/cgroup_mounts.h"
#include "jail/cgroups.h"

namespace mayfly::jail {
namespace {

constexpr const char* kSocketLimit = "/memory.kmem.tcp.limit_in_bytes";  // the name is old: UDP's are in it too

class V1Tree final : public CgroupTree {
 public:
  bool limits_are_v2() const override { return false; }

  // -1: the machine does not have it.
  int memory_ = -1, pids_ = -1, cpu_ = -1, cpuacct_ = -1;

  // Index of the hierarchy at `path`; controllers that are mounted together share one.
  int Add(const std::string& path) {
    UniqueFd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat wanted{};
    if (!folder || fstat(folder.get(), &wanted) != 0) return -1;
    for (size_t i = 0; i < hierarchies_.size(); ++i) {
      struct stat present{};
      if (fstat(hierarchies_[i].parent.get(), &present) == 0 && present.st_dev == wanted.st_dev && present.st_ino == wanted.st_ino) {
        return static_cast<int>(i);
      }
    }
    hierarchies_.push_back({std::move(folder), UniqueFd()});
    return static_cast<int>(hierarchies_.size()) - 1;
  }
  void AddCore(const std::string& path) {
    if (!path.empty()) core_ = Add(path);
  }

  int OpenCage(uint32_t cage, CageGroup& group, CageGroupPorts& ports) override {
    const std::string name = CageName(cage);
    group.memory_limit = OpenAt(tree(memory_), name + "/memory.limit_in_bytes", O_WRONLY);
    group.memory_usage = OpenAt(tree(memory_), name + "/memory.usage_in_bytes", O_RDONLY);
    if (!group.memory_limit || !group.memory_usage) return errno;
    group.socket_limit = OpenAt(tree(memory_), name + kSocketLimit, O_WRONLY);
    group.socket_usage = OpenAt(tree(memory_), name + "/memory.kmem.tcp.usage_in_bytes", O_RDONLY);
    ports.memory_peak = OpenAt(tree(memory_), name + "/memory.max_usage_in_bytes", O_RDONLY);
    ports.memory_usage = OpenAt(tree(memory_), name + "/memory.usage_in_bytes", O_RDONLY);
    ports.memory_stat = OpenAt(tree(memory_), name + "/memory.stat", O_RDONLY);
    ports.oom_counter = OpenAt(tree(memory_), name + "/memory.oom_control", O_RDONLY);
    if (cpu_ >= 0) ports.cpu_quota = OpenAt(tree(cpu_), name + "/cpu.cfs_quota_us", O_WRONLY);
    if (cpuacct_ >= 0) ports.cpu_usage = OpenAt(tree(cpuacct_), name + "/cpuacct.usage", O_RDONLY);
    if (core_ < 0) return 0;
    group.core = OpenAt(tree(core_), name, O_RDONLY | O_DIRECTORY);
    group.kill = OpenAt(tree(core_), name + "/cgroup.kill", O_WRONLY);
    group.events = OpenAt(tree(core_), name + "/cgroup.events", O_RDONLY);
    ports.freeze = OpenAt(tree(core_), name + "/cgroup.freeze", O_WRONLY);
    return group.core ? 0 : errno;
  }

  int SetLimits(uint32_t cage, const CageGroup& group, const CageLimits& limits) override {
    if (const int error = WriteTo(group.memory_limit.get(), std::to_string(limits.sum_bytes))) return error;
    // Memory and swap together no more than memory; absent when swap is not accounted.
    const int swap = WriteAt(tree(memory_), CageName(cage) + "/memory.memsw.limit_in_bytes", std::to_string(limits.sum_bytes));
    if (swap != 0 && swap != ENOENT && swap != EOPNOTSUPP) return swap;
    if (group.socket_limit) WriteTo(group.socket_limit.get(), std::to_string(limits.memory_bytes));
    return WriteAt(tree(pids_), CageName(cage) + "/pids.max", std::to_string(limits.processes_max));
  }

  int AttachSelf(uint32_t cage) override { return AttachProcess(cage, 0); }

  int AttachProcess(uint32_t cage, int pid) override {
    const std::string text = std::to_string(pid);
    for (size_t i = 0; i < hierarchies_.size(); ++i) {
      if (static_cast<int>(i) == core_) continue;
      if (const int error = WriteAt(hierarchies_[i].tree.get(), CageName(cage) + "/cgroup.procs", text)) return error;
    }
    return 0;
  }

  void AttachListed(uint32_t cage) override {
    if (core_ < 0) return;
    std::set<int> moved;
    // A process can only appear here by a fork of one that was not moved yet; the passes are bounded all the same.
    for (int pass = 0; pass < 100; ++pass) {
      bool found = false;
      const std::string listed = ReadAt(tree(core_), CageName(cage) + "/cgroup.procs");
      for (const char* line = listed.c_str(); *line != 0;) {
        const int pid = atoi(line);
        if (pid > 0 && moved.insert(pid).second) {
          AttachProcess(cage, pid);
          found = true;
        }
        line = strchrnul(line, '\n');
        if (*line != 0) ++line;
      }
      if (!found) return;
    }
  }

 private:
  int ConfigureCage(uint32_t cage) override {
    WriteAt(tree(memory_), CageName(cage) + "/memory.swappiness", "0");
    // From the first limit on, and only for sockets that are made afterwards, the kernel charges buffers of TCP and UDP: to a
    // counter of its own. A kernel without it (CONFIG_INET off, or built without v1's counter) has none.
    constexpr uint64_t kUntilAssigned = 16 << 20;
    const int error = WriteAt(tree(memory_), CageName(cage) + kSocketLimit, std::to_string(kUntilAssigned));
    return error == ENOENT ? 0 : error;
  }
  int PrepareTree(const TreeLimits& limits) override {
    int error = 0;
    if (limits.memory_bytes != 0) error = WriteAt(tree(memory_), "memory.limit_in_bytes", std::to_string(limits.memory_bytes));
    if (error == 0 && limits.processes_max != 0) error = WriteAt(tree(pids_), "pids.max", std::to_string(limits.processes_max));
    return error;
  }
};

}  // namespace

std::unique_ptr<CgroupTree> MakeV1Tree(const CgroupMounts& mounts, std::string& error) {
  auto tree = std::make_unique<V1Tree>();
  auto add = [&](const char* controller) {
    const auto found = mounts.v1.find(controller);
    return found == mounts.v1.end() ? -1 : tree->Add(found->second);
  };
  tree->memory_ = add("memory");
  tree->pids_ = add("pids");
  tree->cpu_ = add("cpu");
  tree->cpuacct_ = add("cpuacct");
  tree->AddCore(mounts.unified);
  if (tree->memory_ < 0 || tree->pids_ < 0) {
    error = "no memory and pids controllers: mount cgroup2 with these controllers, or cgroup v1";
    return nullptr;
  }
  return tree;
}

}  // namespace mayfly::jail
