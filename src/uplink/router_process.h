// The router as the daemon starts it: before it gives up its privileges, and before the jail, which makes cages' links into it.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "uplink/network_options.h"

namespace mayfly::uplink {

struct RouterProcess {
  pid_t pid = 0;     // 0: there is none
  std::string why;   // then: why functions have no network
  UniqueFd control;
  UniqueFd network_namespace;  // the jail's to work in; may be closed when it has it
  UniqueFd name_server;        // UDP
  UniqueFd name_server_tcp;    // listening
  UniqueFd relay;              // listening
  bool has_ipv6 = false;
  bool is_filtered_by_others = false;
};

// Waits until it serves, a few seconds at most. A machine that forbids it has a router that is none: functions run without a network,
// and RouterProcess::why says what an operator can do.
RouterProcess SpawnRouter(const std::string& path, const std::string& instance, const NetworkPlan& plan, const NetworkOptions& options);

}  // namespace mayfly::uplink
