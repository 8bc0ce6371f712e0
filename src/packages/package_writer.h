// Writes one checked package into a fresh folder. Private to this room; blocks; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "packages/package_tree.h"
#include "packages/zip_reader.h"

namespace mayfly::packages {

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
// Makes what one package wrote durable, all at once: the first fsync waits for what the disk does for all of them.
// Directories need none of their own: they are in the journal before the rename that gives the package its name, whose sync is
// the last step (CodeStore).
class PackageSync {
 public:
  // `file` has been written. The disk begins at once.
  void Add(UniqueFd file);
  // All files that were added.
  Result<> Finish();

 private:
  std::vector<UniqueFd> files_;
  bool many_ = false;  // too many to keep them open: one sync of the whole file system
};

// Writes everything below `root`, an existing and empty folder.
std::expected<void, UnpackError> UnpackPackage(const ZipReader& zip, const PackagePlan& plan, const std::string& root, PackageSync& sync);

// It must not be there.
Result<> WriteNewFile(const std::string& path, std::string_view bytes, unsigned mode, PackageSync& sync);

}  // namespace mayfly::packages
