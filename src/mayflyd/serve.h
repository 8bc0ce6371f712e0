// The daemon: everything wired together in plain sight.
#pragma once

#include "mayflyd/options.h"

namespace mayfly::daemon {

inline constexpr const char* kVersion = "0.1.0";

// Runs until SIGTERM or SIGINT, then drains. Prints `ready http://HOST:PORT` on standard output when it serves. Exit code.
int Serve(const Options& options);

}  // namespace mayfly::daemon
