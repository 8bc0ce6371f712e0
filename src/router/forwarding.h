// Forwarding on the machine's side: the one setting of the operator's that functions' way out needs.
//
// What comes back to a function arrives at an interface of the machine, which has to forward. Where the machine forwards anyway
// (net.ipv4.ip_forward) nothing is done. Else it is switched on for the single interfaces that have an address, and the rules let
// these forward to functions only (the set `opened`), so that the machine becomes nobody's router. Nothing is known to have been
// switched on by anybody else is ever switched off: if ip_forward is set later, by Docker say, it is all theirs from then on.
//
// Which interfaces these are is kept in /run/mayfly-network, a file per network namespace, that all daemons in it share: the last one to end
// switches them off, or, when all were killed, the last one of those that start later. IPv6 likewise, where the kernel has
// force_forwarding (6.17). One thread.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/fd.h"

namespace mayfly::router {

class Forwarding {
 public:
  // Joins those who share the file. `has_ipv6`: forward that too.
  void Open(bool has_ipv6);
  // Switches it on for these, and gives all for which it is on by our doing.
  std::vector<std::string> Allow(const std::vector<std::string>& interfaces);
  // Leaves; the last one switches off.
  void Close();

 private:
  bool IsMachineForwarding() const;
  void SwitchOn(const std::string& interface);
  void Remember(const std::string& interface);
  std::set<std::string> Remembered() const;

  bool has_ipv6_ = false;
  std::string path_;
  UniqueFd file_;
  std::set<std::string> opened_;
};

// Whether functions can have IPv6 through this machine: it has a way out by IPv6, and forwards or can be made to for single interfaces.
bool CanForwardIpv6();

}  // namespace mayfly::router
