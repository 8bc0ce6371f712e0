// The options (daemon_options.h) as flags of a command, variables of the environment and lines of the configuration file.
#pragma once

#include <string_view>

#include "mayflyd/daemon_options.h"

namespace CLI {
class App;
}

namespace mayfly::daemon {

// All of them, and --config. `options` outlives the parsing.
void AddOptions(CLI::App& app, const Options& options);
// One of them.
void AddOption(CLI::App& app, const Options& options, std::string_view name);

}  // namespace mayfly::daemon
