// The daemon, from its start to its end.
#pragma once

#include "mayflyd/daemon_options.h"

namespace mayfly::daemon {

// Runs until SIGTERM or SIGINT, then drains. Prints `ready http://HOST:PORT` on standard output when it serves. Exit code.
int Serve(Options& options);

}  // namespace mayfly::daemon
