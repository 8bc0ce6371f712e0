// Waits for a child that may never end.
#pragma once

#include <sys/types.h>

#include "base/clock.h"

namespace mayfly::daemon {

// The child's wait status; -1 when it had not ended within `patience`: it is killed then, and ends once the kernel lets it go. Blocks.
int AwaitChild(pid_t child, Duration patience);

}  // namespace mayfly::daemon
