// Small helpers over files of the kernel (proc, cgroups). Nothing here allocates more than the text it returns. Errors are
// errno values: 0 is success.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace mayfly::jail {

using mayfly::UniqueFd;

// One write of `text` to `path` below `folder`.
int WriteAt(int folder, const std::string& path, std::string_view text);
// One write to an open file.
int WriteTo(int fd, std::string_view text);
// At most 1 MiB; empty when it cannot be read.
std::string ReadAt(int folder, const std::string& path);
UniqueFd OpenAt(int folder, const std::string& path, int flags);
// Start time of a process in clock ticks since boot: with the pid it names a process for good. 0 when there is none, or it
// has ended and waits to be reaped.
uint64_t ProcessStartTime(int proc_folder, int pid);
// No signal is blocked, ignored or handled in this process, however the daemon was started: nohup and shells in the background have
// theirs ignored, which programs would take over.
void ResetSignals();

// This process goes neither first nor last when memory runs out; what it forks may go to the front of the line (1000) and then never leaves
// it. Without CAP_SYS_RESOURCE a process may take back what it has raised.
void OfferChildrenToOutOfMemoryKiller(int proc_folder);

}  // namespace mayfly::jail
