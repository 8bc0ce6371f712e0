// What a cage's first process does between clone3 and becoming mayfly-init.
#pragma once

#include <linux/filter.h>

#include "jail/cage_network.h"
#include "jail/cgroups.h"
#include "jail/house.h"
#include "jail/machine_view.h"

namespace mayfly::jail {

// All borrowed; the process is a fork of the jail.
struct CagePlan {
  uint32_t cage = 0;
  uint32_t slot = 0;
  uint32_t first_user_id = 0;
  bool want_endpoint = false;
  CageLink link;
  int socket = -1;  // to the jail (sandbox/init_protocol.h)
  const House* house = nullptr;
  const MachineView* machine = nullptr;
  CgroupTree* cgroups = nullptr;
  const sock_fprog* filter = nullptr;
};

// In a new pid namespace, a copy of its slot's mount namespace (sites.h) and its cgroup2 folder already. Makes the other namespaces, the network's listeners and the
// mounts, enters the user namespace once the jail has written its maps, drops all power and executes mayfly-init. Tells the
// jail about a failure (InitReportKind::Failed) and exits.
[[noreturn]] void RunCageProcess(const CagePlan& plan);

// The name of a step, for the log; "?" for a number that is none.
const char* CageStepName(uint32_t step);

}  // namespace mayfly::jail
