// What trees of the code store that images have made say of themselves (image_store.h). All of it blocks, and may run on any thread.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "packages/code_package.h"

namespace mayfly::images {

struct TreeFacts {
  std::vector<std::string> layers;      // names in the code store
  std::vector<std::string> extensions;  // files of /opt/extensions
};
// Of a tree that is not there, or of no image: empty. Error: Fault.
Result<TreeFacts> FactsOfTree(const packages::CodeStore& code, const std::string& tree);

// The layers of all those that are trees of images.
Result<std::set<std::string>> LayersOfTrees(const packages::CodeStore& code, const std::vector<std::string>& trees);

// The external extensions that a tree, of layers or of an image, puts into /opt/extensions, sorted. Of one that is not there: none.
Result<std::vector<std::string>> ListTreeExtensions(const packages::CodeStore& code, const std::string& tree);

}  // namespace mayfly::images
