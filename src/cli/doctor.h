// `mayfly doctor`: can this machine run functions, and if not, what mends it?
#pragma once

#include "mayflyd/daemon_options.h"

namespace mayfly::cli {

// Prints a line per check (ok, note, FAIL with how to mend it). Exit code 1 when a check failed.
int RunDoctor(const daemon::Options& options);

}  // namespace mayfly::cli
