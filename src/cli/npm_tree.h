// An npm package as a tree of files, in two steps: unpacked by whoever is not root, made root's own by root.
#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace mayfly::cli {

struct PackageTreeLimits {
  uint64_t bytes_max;
  size_t entries_max;
};

// Unpacks the package (a tar file, which may be compressed) at `package` into the folder: files named by numbers, and a list of what they are
// (images/image_layer.h). Everything in it must lie below one folder "package", as npm packs it. Errors: Fault: a link, a path that leads out,
// more than the limits, no archive.
Result<> UnpackNpmPackage(UniqueFd package, const std::string& folder, const PackageTreeLimits& limits);

// Makes a tree at `tree`, which must not be there, of what UnpackNpmPackage has left in `folder`, without headers (include/). Folders and
// files belong to whoever calls; permissions are 0755 or 0644. The files are moved. Errors: Fault; what is there then is for the caller to remove.
Result<> LayPackageTree(const std::string& folder, const std::string& tree);

}  // namespace mayfly::cli
