// Runtimes that are container images: `mayfly runtime add --image` fetches one into DATA/runtimes, a code store beside the
// functions' own, and writes it down among the added runtimes; from its next start on the daemon has it for functions.
//
// Whoever adds one is root, but what strangers have written is fetched and unpacked by a child that has become the daemon's user.
// The folder is locked while one is added and while trees are removed.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/runtimes.h"
#include "mayflyd/added_runtimes.h"
#include "mayflyd/options.h"
#include "mayflyd/privileges.h"

namespace mayfly::daemon {

// An image that is there, and the lock on its folder: nobody takes it away before it is written down.
struct FetchedRuntime {
  AddedRuntime runtime;
  DataDirectory data;
};
// As root, in one thread; blocks; tells on stderr how far it has come. `image` as functions' ImageUri, but of any registry and any path. Errors: as
// images::ImageStore; Fault with a hint (not root, another adding at work, an image that has nothing to start).
Result<FetchedRuntime> FetchRuntimeImage(const Options& options, const catalog::RuntimeIdentifier& identifier, const std::string& image);

// The images among the added runtimes whose trees are there, numbered for the jail from `first_root_index` on. The others are
// passed over with a warning.
std::vector<catalog::RuntimeImage> FindRuntimeImages(const std::string& data_dir, int first_root_index);
// Where the tree of an image lies.
std::string RuntimeImageRoot(const std::string& data_dir, const catalog::RuntimeImage& image);

// Removes what neither `used` nor the added runtimes name. Blocks. Not an error: one is just being added; then nothing is done.
Result<> RemoveUnusedRuntimeImages(const std::string& data_dir, const std::set<std::string>& used);

}  // namespace mayfly::daemon
