// Limits through cgroup2 controllers.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <array>

#include "jail/cgroup_mounts.h"
#include "jail/cgroups.h"

namespace mayfly::jail {
namespace {

constexpr const char* kSupervisorGroup = "mayfly-supervisor";
constexpr std::array<std::string_view, 3> kControllers = {"memory", "pids", "cpu"};

bool HasWord(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const bool starts = at == 0 || text[at - 1] == ' ';
    const size_t end = at + word.size();
    if (starts && (end == text.size() || text[end] == ' ' || text[end] == '\n')) return true;
  }
  return false;
}

// Hands the controllers down to the children of `folder`; cpu is welcome but not needed. 0 or errno.
int EnableControllers(int folder) {
  const std::string enabled = ReadAt(folder, "cgroup.subtree_control");
  for (const std::string_view controller : kControllers) {
    if (HasWord(enabled, controller)) continue;
    const int error = WriteAt(folder, "cgroup.subtree_control", "+" + std::string(controller));
    if (error != 0 && controller != "cpu") return error;
  }
  return 0;
}

// A group with controllers for its children holds no processes itself: the daemon, the jail and who else is there move
// one level down. Only at the start.
int MoveProcessesDown(int folder) {
  if (mkdirat(folder, kSupervisorGroup, 0755) != 0 && errno != EEXIST) return errno;
  const std::string listed = ReadAt(folder, "cgroup.procs");
  for (const char* line = listed.c_str(); *line != 0;) {
    const std::string pid(line, static_cast<size_t>(strchrnul(line, '\n') - line));
    WriteAt(folder, std::string(kSupervisorGroup) + "/cgroup.procs", pid);  // one that has ended meanwhile is no error
    line += pid.size();
    if (*line != 0) ++line;
  }
  return 0;
}

class V2Tree final : public CgroupTree {
 public:
  bool limits_are_v2() const override { return true; }

  explicit V2Tree(UniqueFd own) {
    hierarchies_.push_back({std::move(own), UniqueFd()});
    core_ = 0;
  }

  int OpenCage(uint32_t cage, CageGroup& group, CageGroupPorts& ports) override {
    const std::string name = CageName(cage);
    group.core = OpenAt(tree(0), name, O_RDONLY | O_DIRECTORY);
    if (!group.core) return errno;
    group.kill = OpenAt(group.core.get(), "cgroup.kill", O_WRONLY);
    group.events = OpenAt(group.core.get(), "cgroup.events", O_RDONLY);
    group.memory_limit = OpenAt(group.core.get(), "memory.max", O_WRONLY);
    group.memory_usage = OpenAt(group.core.get(), "memory.current", O_RDONLY);
    if (!group.memory_limit || !group.memory_usage) return errno;
    ports.memory_peak = OpenAt(group.core.get(), "memory.peak", O_RDONLY);
    // Before Linux 5.19 nobody keeps the peak: what is in use when somebody asks is the best there is.
    if (!ports.memory_peak) ports.memory_peak = OpenAt(group.core.get(), "memory.current", O_RDONLY);
    ports.memory_usage = OpenAt(group.core.get(), "memory.current", O_RDONLY);
    ports.memory_stat = OpenAt(group.core.get(), "memory.stat", O_RDONLY);
    ports.oom_counter = OpenAt(group.core.get(), "memory.events", O_RDONLY);
    ports.cpu_quota = OpenAt(group.core.get(), "cpu.max", O_WRONLY);
    ports.cpu_usage = OpenAt(group.core.get(), "cpu.stat", O_RDONLY);
    ports.freeze = OpenAt(group.core.get(), "cgroup.freeze", O_WRONLY);
    return 0;
  }

  int SetLimits(uint32_t, const CageGroup& group, const CageLimits& limits) override {
    if (const int error = WriteTo(group.memory_limit.get(), std::to_string(limits.sum_bytes))) return error;
    return WriteAt(group.core.get(), "pids.max", std::to_string(limits.processes_max));
  }

  int AttachSelf(uint32_t) override { return 0; }  // started inside
  int AttachProcess(uint32_t, int) override { return 0; }
  void AttachListed(uint32_t) override {}

 private:
  int ConfigureCage(uint32_t cage) override {
    const int error = WriteAt(tree(0), CageName(cage) + "/memory.swap.max", "0");
    return error == ENOENT ? 0 : error;  // no swap accounting
  }
  int PrepareTree(const TreeLimits& limits) override {
    int error = EnableControllers(tree(0));
    if (error == 0 && limits.memory_bytes != 0) error = WriteAt(tree(0), "memory.max", std::to_string(limits.memory_bytes));
    if (error == 0 && limits.processes_max != 0) error = WriteAt(tree(0), "pids.max", std::to_string(limits.processes_max));
    return error;
  }
};

}  // namespace

std::unique_ptr<CgroupTree> MakeV2Tree(const CgroupMounts& mounts, std::string& error) {
  if (mounts.unified.empty()) return nullptr;
  UniqueFd own(open(mounts.unified.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // After a restart inside the supervisor's group the tree belongs beside it, not below it.
  if (own && mounts.unified.ends_with(std::string("/") + kSupervisorGroup)) own = OpenAt(own.get(), "..", O_RDONLY | O_DIRECTORY);
  if (!own) return nullptr;
  const std::string available = ReadAt(own.get(), "cgroup.controllers");
  if (!HasWord(available, "memory") || !HasWord(available, "pids")) {
    error = "cgroup2 has no memory and pids controllers here";
    return nullptr;
  }
  int failure = EnableControllers(own.get());
  if (failure == EBUSY) {
    MoveProcessesDown(own.get());
    failure = EnableControllers(own.get());
  }
  if (failure != 0) {
    error = std::string("cannot hand cgroup2 controllers to cages: ") + strerror(failure) + " (systemd: set Delegate=yes)";
    return nullptr;
  }
  return std::make_unique<V2Tree>(std::move(own));
}

}  // namespace mayfly::jail
