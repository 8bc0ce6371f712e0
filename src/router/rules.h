// The rules, as nftables reads them: what passes in the router's network namespace, and the little that the machine's own one needs.
// Pure. docs/network.md is the table that they follow.
#pragma once

#include <string>
#include <vector>

#include "router/router_options.h"

namespace mayfly::router {

inline constexpr const char* kUplinkName = "up";  // in the router's namespace
inline constexpr const char* kUplinkPrefix = "mf-";  // on the machine's side, before the instance

// The table `mayfly` of the router's namespace.
std::string RouterRules(const Options& options);

// The table of this instance in the machine's namespace: it hides the router behind the machine's address, and lets nothing else by.
// `uplink`: the link's name there. Owned: it goes with its maker.
std::string MachineRules(const std::string& instance, const std::string& uplink);

// Commands that make a set's elements these.
std::string ReplaceElements(const std::string& table, const std::string& set, const std::vector<std::string>& elements);

// Lines "ADDRESS COUNT" of what `list set` says of a set of addresses with counters.
std::string CountersOf(const std::string& listing);

// Whether what `list chains` says has a chain of somebody else's that drops what the machine forwards.
bool IsForwardingDropped(const std::string& chains);

}  // namespace mayfly::router
