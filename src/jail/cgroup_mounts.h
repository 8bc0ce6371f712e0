// Where this process sits in the machine's cgroup hierarchies.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace mayfly::jail {

// Absolute paths of our own cgroup's folders, as /proc/self/cgroup and /proc/self/mountinfo tell them.
struct CgroupMounts {
  std::map<std::string, std::string> v1;  // controller name -> folder
  std::string unified;                    // cgroup2; empty when it is not mounted
};

// `cgroup` and `mountinfo` are the texts of those files. A cgroup that cannot be seen through its mount (a foreign cgroup
// namespace) is taken as the mount's root.
CgroupMounts FindCgroups(std::string_view cgroup, std::string_view mountinfo);

}  // namespace mayfly::jail
