// Options of which runtimes there are, and which file systems functions may mount.
#pragma once

#include <string>
#include <vector>

#include "base/option.h"
#include "catalog/runtimes.h"

namespace mayfly::catalog {

struct CatalogOptions {
  RuntimeTable::Mode runtime_match = RuntimeTable::Mode::Nearest;
  RuntimeTable::Deprecation runtime_deprecation = RuntimeTable::Deprecation::Enforce;
  std::vector<std::string> interpreters;  // python3.13=/opt/python3.13/bin/python3.13
  std::vector<std::string> file_systems;  // ParseFileSystem
};
OptionGroup OptionsOf(CatalogOptions& catalog);

}  // namespace mayfly::catalog
