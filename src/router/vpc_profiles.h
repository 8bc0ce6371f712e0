// Profiles: networks of functions in the router's table, and which cage goes by which.
//
// Made and asked by the router (function_router.h). What the kernel has is what stands here: a change that the kernel refuses changes
// nothing. Bounds: kRouterProfilesMax, and an element for each address of cages. One thread.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "router/nftables.h"
#include "router/vpc_rules.h"

namespace mayfly::router {

class Profiles {
 public:
  // Outlives it: that of the router's namespace.
  explicit Profiles(Nftables& rules) : rules_(&rules) {}

  // Each as RouterOperation says; 0 or an errno. EIO: the kernel refuses it.
  // `file`: read here and now, as it is.
  int Put(uint32_t number, int file);
  int Remove(uint32_t number);
  int Join(uint32_t address, uint32_t number);
  int Shut(uint32_t address) { return Move(address, kNothing); }
  int Leave(uint32_t address) { return Move(address, kEverybodys); }

 private:
  int Move(uint32_t address, uint32_t to);

  Nftables* rules_;
  std::unordered_map<uint32_t, uint32_t> members_of_;  // by profile: how many go by it
  std::unordered_map<uint32_t, uint32_t> goal_of_;     // by address: a profile or kNothing
};

}  // namespace mayfly::router
