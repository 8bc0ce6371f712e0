// Descriptors for what a cage's first process needs while it boots.
//
// The jail holds some eight descriptors for each cage. A fork would copy them all and the exec after it close them all: with
// hundreds of cages that takes longer than everything else in a start. So a cage's process begins with the jail's own table and
// then takes along only what lies below a line (close_range(2), CLOSE_RANGE_UNSHARE): what was open early, and its socket, which
// is moved down there into a place kept for that. A place is taken until the process is known to have a table of its own.
#pragma once

#include <vector>

#include "sandbox/packet.h"

namespace mayfly::jail {

class BootPlaces {
 public:
  // To be called when everything is open that all such processes need. On a kernel before 5.9 there are no places.
  void Reserve();
  // Moves `socket` into a place and gives its number; -1, and nothing moved, when none is free: then the process has to be forked
  // with a copy of all descriptors.
  int Take(UniqueFd& socket);
  // Ends what is in the place. -1 is none.
  void GiveBack(int place);
  // In the process, which shares the jail's table: gives it its own, without what lies above the line. 0 or errno; after an
  // error the table is still shared.
  int LeaveTheRest() const;

 private:
  UniqueFd filler_;  // keeps a place that is not in use
  std::vector<int> free_;
  int last_ = -1;
};

}  // namespace mayfly::jail
