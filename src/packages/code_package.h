// CodeStore: the code of every function version, unpacked once, ready to be mounted.
//
// Called by the catalog through a BlockingPool: every method blocks on the disk, and may run on any thread. One per
// data directory.
//
//   <folder>/<sha256 hex of the zip>/package.zip   the bytes as they were uploaded (for Code.Location)
//   <folder>/<sha256 hex of the zip>/root/         what is mounted at /var/task, read-only
//   <folder>/<sha256 hex of a list of layers>/root/  what several layers make together, mounted at /opt; no package.zip
//
// Promises: a package is there completely or not at all, also after a crash (written beside, synced, renamed); what a crash
// left is removed by Open. The same zip twice, also at once, is stored once. Nothing of a package is written outside of its
// folder. Directories are 0755 and files at least 0444, never writable for others, executable for all when the zip says so
// for anyone; entries without Unix permissions are 0755; setuid, setgid and sticky bits vanish.
//
// Limits: 52,428,800 bytes zipped and 262,144,000 unpacked; package_tree.h has those of names, entries and links.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "packages/package_tree.h"

namespace mayfly::packages {

inline constexpr uint64_t kZippedBytesMax = 52'428'800;
inline constexpr uint64_t kUnzippedBytesMax = 262'144'000;

struct CodePackage {
  std::string sha256_hex;     // the name of the package in the store
  std::string sha256_base64;  // CodeSha256
  uint64_t zipped_bytes = 0;  // CodeSize
  // While this lives, Delete leaves the package alone: keep it until the record that refers to the package is stored.
  std::shared_ptr<const void> pin;
};

// Checks a package without storing anything (UpdateFunctionCode with DryRun). Errors as CodeStore::Put. `pin` stays empty.
Result<CodePackage> CheckCodePackage(std::string_view zip);

class CodeStore {
 public:
  // Makes `folder` when it is not there; removes what an earlier daemon left half done. Errors: Fault (disk).
  static Result<std::unique_ptr<CodeStore>> Open(std::string folder);

  // Stores a package, durable on success. `zipped_bytes_max`: kZippedBytesMax is for what comes with a request. Service
  // errors, with AWS's texts: RequestEntityTooLargeException (413) past the zipped limit; InvalidParameterValueException (400) past the unzipped one, for an empty zip, and for everything that
  // cannot or must not be unpacked (the log tells why). Faults: the disk.
  Result<CodePackage> Put(std::string_view zip, uint64_t zipped_bytes_max = kZippedBytesMax);

  // What packages that are stored make at /opt together, later ones covering earlier ones (layer_tree.h); durable on success.
  // One package is its own tree. The tree lives as long as a package does: it has a name, is pinned, listed and deleted as
  // one, and goes on when its packages are deleted. Errors: Fault (disk, a package that is not there).
  struct Tree {
    std::string sha256_hex;
    std::shared_ptr<const void> pin;
  };
  Result<Tree> MergeLayers(const std::vector<std::string>& packages);
  // A folder of another kind that lives as packages do (images): it has a name, is pinned, listed and deleted as one. `fill`
  // gets an empty folder; what it wrote is on disk when it returns. Not called when there is such a folder already. Errors:
  // those of `fill`; Fault (disk). The result is the pin.
  using Filler = std::function<Result<>(const std::string& folder)>;
  Result<std::shared_ptr<const void>> PutFolder(const std::string& sha256_hex, const Filler& fill);
  // "" when there is none.
  std::string FolderOf(std::string_view sha256_hex) const;
  // The sum of the sizes of a package's files. Errors: Fault (disk, a package that is not there).
  Result<uint64_t> UnpackedBytesOf(std::string_view sha256_hex) const;

  // nullopt-like: "" when there is no such package. Paths are absolute when the folder's is.
  std::string DirectoryOf(std::string_view sha256_hex) const;
  std::string ZipPathOf(std::string_view sha256_hex) const;
  // Keeps a package that is already stored from being deleted; nullptr when it is not there.
  std::shared_ptr<const void> Pin(std::string_view sha256_hex);

  // The packages that are there, in no order: the catalog deletes those that no version refers to when it starts.
  Result<std::vector<std::string>> List() const;

  enum class Deletion : unsigned char { Done, Pinned, NotThere };
  // Environments that have the package mounted keep it. Errors: Fault (disk).
  Result<Deletion> Delete(std::string_view sha256_hex);
  // The first half of Delete, which waits for no disk, so that the caller knows that nothing has come to refer to the package
  // meanwhile: takes it out of the store. Destroying the result removes the files. nullptr: it is pinned, or not there.
  Result<std::shared_ptr<const void>> Bury(std::string_view sha256_hex);

 private:
  struct Pins;

  explicit CodeStore(std::string folder);
  std::string PathOf(std::string_view sha256_hex) const;
  Result<> Install(std::string_view zip, uint64_t zipped_bytes_max, const std::string& sha256_hex) const;
  Result<> InstallTree(const std::vector<std::string>& packages, const std::string& sha256_hex) const;

  const std::string folder_;
  const std::shared_ptr<Pins> pins_;
};

}  // namespace mayfly::packages
