// Writes one checked package into a fresh folder. Private to this room; blocks; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/package_tree.h"
#include "catalog/zip_reader.h"

namespace mayfly::catalog {

// A zip whose names have been checked: what each entry becomes.
struct PackagePlan {
  struct File {
    std::string path;
    const ZipEntry* entry;
  };
  PackageTree tree;
  std::vector<File> files;
};

// Errors: Faults that say what is wrong with the zip. Reads link targets and checks them.
Result<PackagePlan> PlanPackage(const ZipReader& zip, const PackageLimits& limits = {});

// Permissions of a file: see code_package.h.
unsigned FilePermissions(const ZipEntry& entry);

// Whose fault a failure is: `zip` when the zip's data is bad, otherwise the disk's.
struct UnpackError {
  enum class Blame : unsigned char { Zip, Disk } blame;
  Error error;
};
// Writes everything below `root`, an existing and empty folder, and syncs it.
std::expected<void, UnpackError> UnpackPackage(const ZipReader& zip, const PackagePlan& plan, const std::string& root);

// Writes a file and syncs it; it must not be there.
Result<> WriteNewFile(const std::string& path, std::string_view bytes, unsigned mode);

}  // namespace mayfly::catalog
