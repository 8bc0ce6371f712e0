// The router: a network namespace of its own, with rules, between all cages and the machine's uplink.
//
// Open() makes it: the namespace, its rules, the uplink with its other end on the machine, the sockets of the name server and of the
// relay, which it hands to the daemon. Serve() answers the daemon and follows the machine's addresses until the daemon has gone.
// Nothing of it outlives the daemon, the jail and this process: the namespace ends with the last who holds it, and with it all links;
// the machine's rules belong to this process; what else it has set it resets (forwarding.h). One thread.
#pragma once

#include <memory>
#include <string>

#include "base/fd.h"
#include "router/machine_side.h"
#include "router/nftables.h"
#include "router/router_options.h"
#include "router/vpc_profiles.h"
#include "sandbox/router_protocol.h"

namespace mayfly::router {

class Router {
 public:
  explicit Router(const Options& options);
  // "" or why functions get no network.
  std::string Open();
  // Says Hello, and serves descriptor 3.
  void Serve();
  // Gives everything back.
  void Close();

 private:
  std::string EnterOwnNamespace();
  std::string MakeUplink();
  std::string RemoveOldLink();
  std::string OpenSockets();
  std::string FinishUplink();
  void FollowMachine();
  bool AnswerRequest();
  // 0 or an errno. `text`: of the answer.
  int Carry(const sandbox::RouterRequest& request, int descriptor, std::string& text);

  const Options& options_;
  Nftables machine_rules_;  // made in the machine's namespace, before ours is entered
  MachineSide machine_;
  MachineSide::Addresses known_;
  UniqueFd machine_namespace_;
  UniqueFd own_namespace_;
  std::unique_ptr<Nftables> rules_;
  std::unique_ptr<Profiles> profiles_;
  UniqueFd links_;  // rtnetlink in the own namespace
  UniqueFd name_server_;
  UniqueFd name_server_tcp_;
  UniqueFd relay_;
  bool has_ipv6_ = false;
};

}  // namespace mayfly::router
