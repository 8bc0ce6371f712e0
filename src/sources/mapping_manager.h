// MappingManager: has a poller for every event source mapping that is Enabled.
//
// Follows Tables::event_source_mappings: a mapping that becomes Enabled is polled as it then is; one that leaves that state
// (Disabling, Updating, Deleting …) or goes takes no further record, and what was taken is processed to its end. One per daemon,
// on its strand. It knows nothing of sources: each kind's pollers come from the factory that was added for it. Mappings of kinds
// without one (no service of this daemon holds such sources) are not polled.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "catalog/tables.h"
#include "sources/poller.h"
#include "sources/table.h"

namespace mayfly::sources {

class MappingManager {
 public:
  MappingManager(Loop& loop, catalog::Tables& tables, MappedFunctions& functions, Random& random, telemetry::Metrics& metrics,
                 PollerOptions options);
  // Before Open; once per kind.
  void Add(SourceKind kind, PollerFactory factory);

  // After the tables have been opened and everything that invocations need is there. Called once.
  void Open();
  // Takes no more records. Called when the daemon is asked to end; what runs goes on.
  void Pause();
  // Waits for what runs, at most until `until`, and hands back what no function has seen.
  Task<> Stop(TimePoint until);

  // LastProcessingResult of a mapping, by its key; "" before there was anything.
  std::string_view ResultOf(const std::string& key) const;
  // nullptr: it is not polled and has not been since the start.
  const PollerCounts* CountsOf(const std::string& key) const;

 private:
  using PollerPointer = std::shared_ptr<Poller>;
  void Follow(const std::string& key, const MappingPointer& mapping);
  // nullptr: nobody polls sources of its kind.
  const PollerFactory* FactoryOf(const catalog::EventSourceMapping& mapping) const;
  Task<> Retire(PollerPointer poller);
  Task<> StopOne(PollerPointer poller, TimePoint until);

  catalog::Tables* tables_;
  ByteBudget budget_;
  PollerParts parts_;
  std::map<SourceKind, PollerFactory> factories_;
  bool open_ = false;
  std::unordered_map<std::string, PollerPointer> pollers_;  // by EventSourceMapping::Key()
  std::unordered_set<PollerPointer> retired_;               // of mappings that are gone, while something of theirs runs
  TaskScope tasks_;
};

}  // namespace mayfly::sources
