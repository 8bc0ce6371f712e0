// Runtimes that the operator added with `mayfly runtime add`: DATA/runtimes.json, read at every start.
//
// What stands there is run as root to ask for its version and bound into cages, and the data directory belongs to the daemon's
// user: so the file counts only when it is root's own and nobody else may write it.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace mayfly::catalog {

struct AddedRuntime {
  std::string identifier;   // "python3.14"
  // A directory of the machine …
  std::string root;         // absolute; bound at /var/lang
  std::string interpreter;  // absolute, below root
  // … or an image (images/runtime_images.h).
  std::string image;                     // by digest; "" when it is a directory
  std::string tree;                      // its folder below DATA/runtimes
  std::vector<std::string> entry_point;  // as in RuntimeImage
  std::vector<std::string> environment;
};

json::Value DescribeAddedRuntime(const AddedRuntime& runtime);
// What is missing is empty.
AddedRuntime ReadAddedRuntime(const json::Value& value);

// Empty when nothing was added. Error: Fault with a hint (unreadable, or not root's own).
Result<std::vector<AddedRuntime>> LoadAddedRuntimes(const std::string& data_dir);
// As root. Replaces the whole list; makes the directory when there is none.
Result<> SaveAddedRuntimes(const std::string& data_dir, const std::vector<AddedRuntime>& runtimes);

// The same, with `runtime` in the place of what its identifier had.
Result<> SaveAddedRuntime(const std::string& data_dir, const AddedRuntime& runtime);

}  // namespace mayfly::catalog
