// What the cages of a slot start from: a mount namespace of the slot's own, with the root that its cages see.
//
// A site has what is the same for all cages that are in a slot one after the other: the template with owners translated to the slot's ids and
// with inodes of its own (own_files.h). It is made when the slot is first used, and kept as long as the jail lives: a cage copies its few
// mounts and adds what is its own (/proc, /tmp, /dev/shm). Two cages are never in one slot at the same time, and locks and watches end with
// the processes that hold them, so no cage learns of another through it. At most Options::cages_max sites, one descriptor each; slots that were
// freed last are used first.
#pragma once

#include <cstdint>
#include <map>

#include "base/fd.h"
#include "jail/house.h"
#include "jail/owners.h"

namespace mayfly::jail {

// From whatever mount namespace it is in, the jail goes back into the house's. A failure ends the jail: going on would act inside a cage.
void ReturnToHouse(const House& house);

class Sites {
 public:
  // The jail enters the slot's mount namespace; ReturnToHouse() must follow, here or (after a clone) in the parent. 0 or errno, and then it has
  // stayed in the house.
  int Enter(const House& house, uint32_t slot, const Owners::Maps* owners);

 private:
  std::map<uint32_t, UniqueFd> sites_;
};

}  // namespace mayfly::jail
