// Interpreters that `mayfly runtime install` has unpacked: DATA/interpreters, root's own, one folder for each version. The added runtimes
// (catalog/added_runtimes.h) name those that are used.
//
// The data directory is the daemon's user's, who could put something else in the place of the folder: whoever works in it, as root, opens it
// by OpenInstalledInterpreters.
#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace mayfly::daemon {

std::string InstalledInterpretersFolder(const std::string& data_dir);
// Error: it is not there, or not a folder that only root may change.
Result<UniqueFd> OpenInstalledInterpreters(const std::string& data_dir);
// Makes it first.
Result<UniqueFd> MakeInstalledInterpreters(const std::string& data_dir);

// As root, before anything runs: takes away the folders that no added runtime names, and what an installation that was cut off has left. Not an
// error: one is just at work.
void RemoveUnusedInterpreters(const std::string& data_dir);

}  // namespace mayfly::daemon
