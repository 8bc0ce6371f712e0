// The jail's helper process for slow work on cgroups: making and removing folders, and moving a zygote's children.
//
// A fork of the jail, so that a write that waits for the kernel (8-12 ms on an idle machine) never delays a start. Jobs are
// done in order, but a folder that cannot be removed yet waits aside. When the jail has been killed it removes the whole tree and
// ends; one that has died itself is replaced. At most one job of each kind
// per cage is under way, so the sockets bound the queue; a full socket blocks the jail until the janitor has caught up.
#pragma once

#include <cstdint>

#include "jail/cgroups.h"

namespace mayfly::jail {

enum class JanitorJobKind : uint32_t { Create = 1, Attach = 2, Remove = 3 };

struct JanitorJob {
  JanitorJobKind kind;
  uint32_t cage;
};

// Attach is not answered.
struct JanitorDone {
  JanitorJobKind kind;
  uint32_t cage;
  int32_t error;
};

// Serves `socket` (SOCK_SEQPACKET) until it ends.
[[noreturn]] void RunJanitor(CgroupTree& cgroups, int socket);

}  // namespace mayfly::jail
