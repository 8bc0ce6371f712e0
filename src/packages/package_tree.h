// What a code package would look like on disk, decided before anything is written: every name checked, every conflict and
// every symbolic link that leaves the package refused. Pure; one thread per tree.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace mayfly::packages {

struct PackageLimits {
  size_t entries_max = 131'072;       // files, links and directories, implied ones too
  size_t symlinks_max = 10'000;
  size_t path_bytes_max = 1024;       // of a whole path, and of a link's target
  size_t name_bytes_max = 255;        // of one component
  size_t resolve_steps_max = 200'000;  // for all links together
};

// Names become "a/b/c": "./", double and trailing slashes vanish. Errors (Fault, for the log): absolute, "..", not UTF-8,
// control characters, too long, nothing left.
Result<std::string> NormalizePackagePath(std::string_view name, const PackageLimits& limits);

class PackageTree {
 public:
  enum class Kind : unsigned char { Directory, File, Symlink };

  explicit PackageTree(PackageLimits limits = {}) : limits_(limits) {}

  // `path` is normalized. Parents that are not there become directories. Not an error: a directory that is already there.
  // Errors (Fault): the same path twice, a parent that is a file or link, or more than the limits allow.
  Result<> AddDirectory(const std::string& path);
  Result<> AddFile(const std::string& path);
  Result<> AddSymlink(const std::string& path, const std::string& target);

  // Whether every link, followed as the kernel would, stays inside. A target that does not exist is no error. Errors (Fault):
  // absolute targets, targets (also by way of other links) above the root, loops, too much work.
  Result<> CheckSymlinks() const;

  // Parents come before their children.
  const std::map<std::string, Kind>& nodes() const { return nodes_; }
  const std::unordered_map<std::string, std::string>& symlinks() const { return symlinks_; }

 private:
  Result<> AddParents(const std::string& path);
  Result<> AddNode(const std::string& path, Kind kind);
  Result<> Follow(std::string_view link, size_t& steps) const;

  PackageLimits limits_;
  std::map<std::string, Kind> nodes_;
  std::unordered_map<std::string, std::string> symlinks_;  // path → target
};

}  // namespace mayfly::packages
