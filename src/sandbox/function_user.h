// The last step into a cage: from a privileged process to the function's user, for good.
//
// Called by the jail's child before it becomes pid 1 and by a zygote's child before it returns to the interpreter; the
// caller is single-threaded and in the cage's user namespace already. No heap, no locks.
#pragma once

#include <linux/filter.h>

namespace mayfly::sandbox {

// Where BecomeFunctionUser stopped.
struct DropFailure {
  int error = 0;  // 0: all power is gone
  const char* step = "";
};

// Sets resource limits (NOFILE 1024, NPROC 1024, no core, MEMLOCK 64 KiB, STACK 8 MiB, no real-time), empties the bounding set, sets
// no_new_privs and a session of its own, installs `filter`, and becomes uid and gid 993 without supplementary groups or
// capabilities, in this order: no process has the function's user and any power. After a failure the caller must exit.
DropFailure BecomeFunctionUser(const sock_fprog& filter);

}  // namespace mayfly::sandbox
