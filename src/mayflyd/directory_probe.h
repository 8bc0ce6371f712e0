// Looks at a directory that may lie on a server which does not answer: a hard NFS mount keeps whoever looks at it waiting for ever.
#pragma once

#include <string>

#include "base/clock.h"

namespace mayfly::daemon {

// 0: it is a directory. Else an errno: ENOTDIR, what stat said, or ETIMEDOUT when nothing was heard within `patience`. Looks in a child, which
// is killed then, and ends once the kernel lets it go. In one thread; blocks.
int ProbeDirectory(const std::string& path, Duration patience);

}  // namespace mayfly::daemon
