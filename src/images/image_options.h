// Options of where container images come from.
#pragma once

#include <string>
#include <vector>

#include "base/option.h"

namespace mayfly::images {

struct ImageOptions {
  std::string directory;                      // "": DATA/images
  std::vector<std::string> registry_mirrors;  // ParseRegistryMirror
  std::string registry_credentials;           // ParseRegistryCredentials of that file
};
OptionGroup OptionsOf(ImageOptions& images);

}  // namespace mayfly::images
