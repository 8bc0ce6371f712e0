// What a zygote's process does before it becomes the interpreter.
#pragma once

#include "jail/jail_options.h"

namespace mayfly::jail {

// A fork of the jail. Makes a mount namespace whose paths are a cage's, an empty network, keeps the power to enter cages, and
// executes `<interpreter> -I -S /var/runtime/python/zygote.py 3` with `socket` (sandbox/zygote_protocol.h) as descriptor 3.
// A failure goes to standard error, and the process exits.
[[noreturn]] void RunZygoteProcess(const ZygoteOptions& options, int socket);

}  // namespace mayfly::jail
