// MappingSettling: brings event source mappings from Creating, Updating … to Enabled or Disabled, and from Deleting to nowhere.
//
// One per daemon, on its strand. MappingsApi hands a change over once it is stored. Durable: what a crash interrupts is unsettled in the
// table, and Recover takes it up again. What comes between (a change of tags) goes first.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/strand.h"
#include "base/task_scope.h"
#include "services/lambda/forward.h"

namespace mayfly::lambda {

class MappingSettling {
 public:
  // Both outlive this. `delay`: how long a mapping stays on its way.
  MappingSettling(Loop& loop, catalog::Tables& tables, Duration delay) : loop_(loop), tables_(tables), delay_(delay), background_(loop) {}

  // After the tables have been opened: all that is unsettled.
  void Recover();
  // The mapping of that key (EventSourceMapping::Key) has been stored Creating, Updating, Deleting ….
  void Later(std::string key);
  // Ends what is on its way; the next start does it.
  Task<> Stop();

 private:
  Task<> Settle(std::string key);

  Strand strand_;
  Loop& loop_;
  catalog::Tables& tables_;
  Duration delay_;
  TaskScope background_;
};

}  // namespace mayfly::lambda
