#include "jail/cgroups.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jail/cgroup_mounts.h"

namespace mayfly::jail {
namespace {

std::vector<std::string> FoldersIn(int folder) {
  std::vector<std::string> names;
  const int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* listing = copy < 0 ? nullptr : fdopendir(copy);
  if (listing == nullptr) {
    if (copy >= 0) close(copy);
    return names;
  }
  while (const dirent* entry = readdir(listing)) {
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  closedir(listing);
  return names;
}

// Removes a cgroup and those below it. Retries for a second: killed processes need a moment to leave.
bool RemoveGroup(int parent, const std::string& name) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    const UniqueFd folder = OpenAt(parent, name, O_RDONLY | O_DIRECTORY);
    if (!folder) return true;
    for (const std::string& child : FoldersIn(folder.get())) unlinkat(folder.get(), child.c_str(), AT_REMOVEDIR);
    if (unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0) return true;
    usleep(10'000);
  }
  return false;
}

// Kills what a dead jail's tree still holds: by cgroup.kill where it is there, else process by process.
void KillGroup(int parent, const std::string& name) {
  if (WriteAt(parent, name + "/cgroup.kill", "1") == 0) return;
  const UniqueFd folder = OpenAt(parent, name, O_RDONLY | O_DIRECTORY);
  if (!folder) return;
  for (const std::string& child : FoldersIn(folder.get())) {
    const std::string processes = ReadAt(folder.get(), child + "/cgroup.procs");
    for (const char* line = processes.c_str(); *line != 0;) {
      const int pid = atoi(line);
      if (pid > 1) kill(pid, SIGKILL);
      line = strchrnul(line, '\n');
      if (*line != 0) ++line;
    }
  }
}

// Our own cgroup and its siblings: a service manager or a login may have put a predecessor beside us.
std::vector<UniqueFd> SweepPlaces(int own) {
  std::vector<UniqueFd> places;
  places.push_back(OpenAt(own, ".", O_RDONLY | O_DIRECTORY));
  const UniqueFd above = OpenAt(own, "..", O_RDONLY | O_DIRECTORY);
  struct stat here{};
  struct stat there{};
  // At the root of the file system `..` leads out of it.
  if (!above || fstat(own, &here) != 0 || fstat(above.get(), &there) != 0 || here.st_dev != there.st_dev) return places;
  for (const std::string& name : FoldersIn(above.get())) {
    UniqueFd sibling = OpenAt(above.get(), name, O_RDONLY | O_DIRECTORY);
    struct stat status{};
    if (sibling && fstat(sibling.get(), &status) == 0 && status.st_ino != here.st_ino) places.push_back(std::move(sibling));
  }
  return places;
}

}  // namespace

std::unique_ptr<CgroupTree> CgroupTree::Open(const std::string& instance, const TreeLimits& limits, std::string& error) {
  return Open(FindCgroups(ReadAt(AT_FDCWD, "/proc/self/cgroup"), ReadAt(AT_FDCWD, "/proc/self/mountinfo")), instance, limits, error);
}

std::unique_ptr<CgroupTree> CgroupTree::Open(const CgroupMounts& mounts, const std::string& instance, const TreeLimits& limits, std::string& error) {
  const UniqueFd proc(open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::unique_ptr<CgroupTree> tree = MakeV2Tree(mounts, error);
  if (!tree) tree = MakeV1Tree(mounts, error);
  if (!tree) return nullptr;
  const std::string prefix = "mayfly-" + instance + ".";
  tree->Sweep(prefix, proc.get());
  tree->name_ = prefix + std::to_string(getpid()) + "." + std::to_string(ProcessStartTime(proc.get(), getpid()));
  if (const int failure = tree->MakeTree(limits)) {
    error = std::string("cannot make cgroups: ") + strerror(failure);
    return nullptr;
  }
  return tree;
}

void CgroupTree::Sweep(const std::string& prefix, int proc_folder) {
  auto for_each_stale = [&](auto action) {
    for (const Hierarchy& hierarchy : hierarchies_) {
      for (const UniqueFd& place : SweepPlaces(hierarchy.parent.get())) {
        for (const std::string& name : FoldersIn(place.get())) {
          int pid = 0;
          unsigned long long started = 0;
          if (!name.starts_with(prefix) || sscanf(name.c_str() + prefix.size(), "%d.%llu", &pid, &started) != 2) continue;
          if (started == 0 || ProcessStartTime(proc_folder, pid) != started) action(place.get(), name);
        }
      }
    }
  };
  for_each_stale(KillGroup);
  for_each_stale([](int parent, const std::string& name) {
    if (!RemoveGroup(parent, name)) fprintf(stderr, "mayfly-jail: cannot remove the stale cgroup %s\n", name.c_str());
  });
}

int CgroupTree::MakeTree(const TreeLimits& limits) {
  for (Hierarchy& hierarchy : hierarchies_) {
    if (mkdirat(hierarchy.parent.get(), name_.c_str(), 0755) != 0 && errno != EEXIST) return errno;
    hierarchy.tree = OpenAt(hierarchy.parent.get(), name_, O_RDONLY | O_DIRECTORY);
    if (!hierarchy.tree) return errno;
  }
  return PrepareTree(limits);
}

int CgroupTree::Create(uint32_t cage) {
  const std::string name = CageName(cage);
  for (const Hierarchy& hierarchy : hierarchies_) {
    if (mkdirat(hierarchy.tree.get(), name.c_str(), 0755) == 0 || errno == EEXIST) continue;
    const int error = errno;
    Remove(cage);
    return error;
  }
  return ConfigureCage(cage);
}

int CgroupTree::Remove(uint32_t cage) {
  int error = 0;
  const std::string name = CageName(cage);
  for (const Hierarchy& hierarchy : hierarchies_) {
    if (unlinkat(hierarchy.tree.get(), name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) error = errno;
  }
  return error;
}

void CgroupTree::KillAll() {
  if (core_ >= 0) WriteAt(tree(core_), "cgroup.kill", "1");
}

std::vector<int> CgroupTree::descriptors() const {
  std::vector<int> all;
  for (const Hierarchy& hierarchy : hierarchies_) all.insert(all.end(), {hierarchy.parent.get(), hierarchy.tree.get()});
  return all;
}

int CgroupTree::RemoveTree() {
  int error = 0;
  for (const Hierarchy& hierarchy : hierarchies_) {
    if (!RemoveGroup(hierarchy.parent.get(), name_)) error = EBUSY;
  }
  return error;
}

}  // namespace mayfly::jail
