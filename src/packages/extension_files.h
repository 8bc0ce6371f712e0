// The external extensions that a tree of layers brings: AWS starts every file of /opt/extensions.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace mayfly::packages {

// More names than this are not told: an environment refuses to start with more than ten anyway.
inline constexpr size_t kExtensionFilesMax = 64;

// Names of what is no folder in `opt`/extensions, sorted. Nothing when there is no such folder, or when the tree holds the file
// by which AWS switches extensions off. Blocking. Error: Fault.
Result<std::vector<std::string>> ListExtensionFiles(const std::string& opt);

}  // namespace mayfly::packages
