// Rows of options (base/option.h) as flags of a command, variables of the environment and lines of the configuration file.
#pragma once

#include "base/option.h"

namespace CLI {
class App;
}

namespace mayfly::daemon {

// The group and its variables outlive the parsing.
void AddOptions(CLI::App& app, const OptionGroup& group);

}  // namespace mayfly::daemon
