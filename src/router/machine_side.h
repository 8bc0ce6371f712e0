// The machine's side of the way out: the other end of the router's uplink, the rules there, and what changes on the machine.
//
// Made in the machine's network namespace, where the process stays. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.h"
#include "router/forwarding.h"
#include "router/nftables.h"
#include "router/router_options.h"

namespace mayfly::router {

class MachineSide {
 public:
  // `rules`: opened in the machine's namespace.
  MachineSide(const Options& options, Nftables& rules);

  const std::string& link() const { return link_; }
  // The link is there: gives it a route to an address that no other router of the machine has, and the rules. "" or what went wrong.
  std::string Open(bool has_ipv6);
  // Of the router, on this side; after Open.
  uint32_t router_address() const { return router_address_; }
  bool is_filtered_by_others() { return filtered_by_others_; }

  // Descriptor on which changes of the machine's addresses and settings are told.
  int changes() const { return changes_.get(); }
  // Takes what was told, and looks again. Gives the machine's addresses of a family as they are now.
  struct Addresses {
    std::vector<std::string> v4;
    std::vector<std::string> v6;
    bool operator==(const Addresses&) const = default;
  };
  Addresses Look();
  void Close();

 private:
  std::string ClaimAddress(int index, int socket, bool has_ipv6);
  void AllowForwarding(const std::vector<std::string>& interfaces);

  const Options& options_;
  Nftables& rules_;
  std::string link_;
  uint32_t router_address_ = 0;
  bool filtered_by_others_ = false;
  UniqueFd changes_;
  Forwarding forwarding_;
  std::vector<std::string> opened_;
};

}  // namespace mayfly::router
