#include "catalog/catalog_options.h"

namespace mayfly::catalog {

OptionGroup OptionsOf(CatalogOptions& catalog) {
  using Table = RuntimeTable;
  OptionGroup group("Runtimes and file systems");
  group.Choice("runtime-match", catalog.runtime_match, {{"nearest", Table::Mode::Nearest}, {"strict", Table::Mode::Strict}},
               "nearest: python3.14 runs on the nearest installed Python; strict: refuse without an exact one");
  group.Choice("runtime-deprecation", catalog.runtime_deprecation, {{"enforce", Table::Deprecation::Enforce}, {"ignore", Table::Deprecation::Ignore}},
               "enforce: refuse runtimes for new or changed functions from the day that AWS does; ignore: accept old ones");
  group.Texts("interpreter", catalog.interpreters, "a further interpreter as identifier=path, e.g. python3.13=/opt/python3.13/bin/python3.13");
  group.Texts("file-system", catalog.file_systems, "a directory that functions may mount: ACCESS-POINT-ARN=/directory[,uid=N][,gid=N][,ro]");
  return group;
}

}  // namespace mayfly::catalog
