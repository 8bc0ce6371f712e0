// LayerTree: the folder that several layers make together at /opt. A later layer covers the earlier ones, name by name:
// folders are joined, and anything else takes the place of what was there.
//
// Decided in memory, then written into a fresh folder as hard links to the layers' own files, so that it costs no disk.
// Links of a layer are copied as they are and never followed: what they mean is decided inside the sandbox.
// Private to this room; blocks; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "packages/package_tree.h"

namespace mayfly::packages {

class LayerTree {
 public:
  // Lays `root`, an unpacked package, over what is there. Errors: Fault (disk).
  Result<> Cover(const std::string& root);
  // Makes everything below `root`, an existing and empty folder, and syncs it. Errors: Fault (disk).
  Result<> Write(const std::string& root) const;

 private:
  struct Node {
    PackageTree::Kind kind;
    size_t layer;  // index of roots_
  };
  void Place(const std::string& path, Node node);

  std::vector<std::string> roots_;
  std::map<std::string, Node> nodes_;  // parents come before their children
};

// The sum of the sizes of the files below `root`. Errors: Fault (disk).
Result<uint64_t> FileBytesBelow(const std::string& root);

}  // namespace mayfly::packages
