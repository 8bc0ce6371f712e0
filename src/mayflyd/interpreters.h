// Which interpreters this host has. Runs at start, before privileges are dropped.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/runtimes.h"

namespace mayfly::daemon {

// What functions see as /var/runtime, beside the running program.
std::string RuntimeDirectory();

// Looks in /usr/bin, /usr/local, /opt/*, the pyenv and nvm folders of the calling user, and at `extra` ("python3.13=PATH").
// Each candidate is asked for its version; only files that nobody but root can change are run when we are root.
// One interpreter per family and version: those in /usr first. No Java where its client has not been fetched (tools/sdk). Error: an `extra` that cannot be used.
Result<std::vector<catalog::Interpreter>> FindInterpreters(const std::vector<std::string>& extra);

}  // namespace mayfly::daemon
