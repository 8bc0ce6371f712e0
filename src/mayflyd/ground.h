// The ground: what happens before there is a loop: as root, in one thread. Afterwards the process is nobody in particular, and holds what
// only root could get: the port, the data directory, the jail.
#pragma once

#include <netinet/in.h>

#include <memory>

#include "mayflyd/daemon_options.h"
#include "mayflyd/listen_address.h"
#include "mayflyd/privileges.h"
#include "uplink/router_process.h"

namespace mayfly::keyring {
class SecretBytes;
}

namespace mayfly::daemon {

struct Ground {
  ListenAddress address;  // as it was asked for
  UniqueFd listener;
  DataDirectory data;
  std::shared_ptr<keyring::SecretBytes> passphrase;  // of the master key; null without --master-key-file
  uplink::NetworkPlan network_plan;
  uplink::RouterProcess router;  // ends, and cleans up, when our side of its socket has gone
  std::vector<sockaddr_storage> name_servers;  // as the operator named them
  pid_t jail = 0;  // ends when our side of its socket has gone, and cleans up before it does
};

// Also fills in what options.lambda has of root's. Errors: with a hint, where an operator can do something; the process may be anything
// then, and ends.
Result<Ground> PrepareGround(Options& options);

}  // namespace mayfly::daemon
