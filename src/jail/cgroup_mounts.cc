#include "jail/cgroup_mounts.h"

#include <vector>

namespace mayfly::jail {
namespace {

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

// Controller name ("" for cgroup2) -> our path in that hierarchy.
std::map<std::string, std::string> OwnPaths(std::string_view cgroup) {
  std::map<std::string, std::string> paths;
  for (const std::string_view line : Split(cgroup, '\n')) {
    const size_t first = line.find(':');
    const size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string path(line.substr(second + 1));
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    if (controllers.empty()) paths[""] = path;
    for (const std::string_view controller : Split(controllers, ',')) paths[std::string(controller)] = path;
  }
  return paths;
}

// `path` seen through a mount of `root` at `mount_point`.
std::string ThroughMount(const std::string& path, std::string_view root, std::string_view mount_point) {
  std::string_view below = path;
  if (root != "/") {
    if (!below.starts_with(root) || (below.size() > root.size() && below[root.size()] != '/')) return std::string(mount_point);
    below.remove_prefix(root.size());
  }
  if (below.empty() || below == "/" || below.find("/..") != std::string_view::npos) return std::string(mount_point);
  return std::string(mount_point) + std::string(below);
}

}  // namespace

CgroupMounts FindCgroups(std::string_view cgroup, std::string_view mountinfo) {
  CgroupMounts found;
  const std::map<std::string, std::string> own = OwnPaths(cgroup);
  for (const std::string_view line : Split(mountinfo, '\n')) {
    const size_t separator = line.find(" - ");
    if (separator == std::string_view::npos) continue;
    const std::vector<std::string_view> before = Split(line.substr(0, separator), ' ');
    const std::vector<std::string_view> after = Split(line.substr(separator + 3), ' ');
    if (before.size() < 5 || after.size() < 3) continue;
    if (after[0] == "cgroup2") {
      const auto path = own.find("");
      if (path != own.end()) found.unified = ThroughMount(path->second, before[3], before[4]);
    } else if (after[0] == "cgroup") {
      for (const std::string_view option : Split(after[2], ',')) {
        const auto path = own.find(std::string(option));
        if (path != own.end() && !option.empty()) found.v1[std::string(option)] = ThroughMount(path->second, before[3], before[4]);
      }
    }
  }
  return found;
}

}  // namespace mayfly::jail
