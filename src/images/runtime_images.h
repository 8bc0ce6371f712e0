// Runtimes that are container images, as `mayfly runtime add --image` has brought them into DATA/runtimes: a code store beside the
// functions' own, whose trees the added runtimes (catalog/added_runtimes.h) name.
//
// The folder is locked while one is added and while trees are removed. All of it blocks.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/runtimes.h"

namespace mayfly::images {

std::string RuntimeImagesFolder(const std::string& data_dir);
// Where the tree of an image lies.
std::string RuntimeImageRoot(const std::string& data_dir, const catalog::RuntimeImage& image);
// Whether the tree at `root` has what AWS's platform starts: /var/runtime/bootstrap.
bool HasBootstrap(const std::string& root);

// The images among the added runtimes whose trees are there, numbered for the jail from `first_root_index` on. The others are
// passed over with a warning.
std::vector<catalog::RuntimeImage> FindRuntimeImages(const std::string& data_dir, int first_root_index);

// Removes what neither `used` nor the added runtimes name. Not an error: one is just being added; then nothing is done.
Result<> RemoveUnusedRuntimeImages(const std::string& data_dir, const std::set<std::string>& used);

}  // namespace mayfly::images
