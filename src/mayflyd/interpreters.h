// Which interpreters this host has. Runs at start, before privileges are dropped.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/catalog_options.h"
#include "catalog/runtimes.h"

namespace mayfly::daemon {

// What functions see as /var/runtime, beside the running program.
std::string RuntimeDirectory();
// The folder of the running program, as it was when this was asked first: before the daemon has mounts of its own, in which a
// chroot's programs have other paths. What belongs to the daemon lies beside it.
const std::string& ProgramDirectory();

// Looks in /usr/bin, /usr/local, /opt/*, the pyenv and nvm folders of the calling user, at
// --interpreter ("python3.13=PATH") and what was added.
// Each candidate is asked for its version; only files that nobody but root can change are run when we are root.
// One interpreter per family and version: those in /usr first. No Java where its client has not been fetched (tools/sdk). Error: an --interpreter that cannot be used.
// An added runtime (catalog/added_runtimes.h, in `data_dir`) that cannot be used any more is passed over with a warning.
Result<std::vector<catalog::Interpreter>> FindInterpreters(const catalog::CatalogOptions& options, const std::string& data_dir);

// The first number behind those of the interpreters' directories.
int FreeRootIndex(const std::vector<catalog::Interpreter>& interpreters);

// All that serves functions here, with the settings of --runtime-match and --runtime-deprecation.
catalog::RuntimeTable MakeRuntimeTable(const catalog::CatalogOptions& options, std::vector<catalog::Interpreter> interpreters,
                                       std::vector<catalog::RuntimeImage> images);

// What the program at `path` is. `root`: the directory that cages see at /var/lang; "" for the one that its bin folder is in (of .NET, whose
// host lies at the top: its own). `version`: of those that the program can be, for a .NET host may have several runtimes, the one that is
// wanted; 0: the newest.
Result<catalog::Interpreter> ExamineInterpreter(catalog::RuntimeFamily family, const std::string& path, const std::string& root, int version = 0);

}  // namespace mayfly::daemon
