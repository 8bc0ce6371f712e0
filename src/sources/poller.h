// Poller: reads the source of one event source mapping and invokes its function with batches. The port of every kind of source:
// queues have QueuePoller; streams and Kafka come in the same way (README.md says how).
//
// MappingManager makes one for each mapping that becomes Enabled, by the factory of the source's kind, and uses it until the
// mapping is gone and everything has ended. One strand.
// Promises: a record that was taken is given to the function or comes again, also after a crash and after Stop; at no time other
// than between Start and Pause does a poller take any.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/task.h"
#include "catalog/event_source_mapping.h"
#include "sources/poller_parts.h"

namespace mayfly::sources {

using MappingPointer = std::shared_ptr<const catalog::EventSourceMapping>;

// What one mapping has done since the daemon started, in records. The same goes to the mapping's metrics if it asks for them.
struct PollerCounts {
  uint64_t polled = 0;
  uint64_t filtered_out = 0;
  uint64_t invoked = 0;        // given to the function; each attempt counts
  uint64_t failed_invoke = 0;  // of these, not processed
  uint64_t deleted = 0;
};

class Poller {
 public:
  virtual ~Poller() = default;

  // Polls as `mapping` says, from now on; it names the source that the poller was made for. Batches that were filled before end
  // as they began.
  virtual void Start(MappingPointer mapping) = 0;
  // Takes no more records. Those that were taken are processed.
  virtual void Pause() = 0;
  // After Pause: waits until everything that was taken has ended, and its source knows it.
  virtual Task<> Drain() = 0;
  // Pauses, waits for what runs, at most until `until`; records that have not been given to the function are handed back.
  virtual Task<> Stop(TimePoint until) = 0;

  // LastProcessingResult; "" before there was anything.
  virtual const std::string& result() const = 0;
  virtual const PollerCounts& counts() const = 0;
};

// Makes the poller of a mapping of one kind of source. `parts` are those of all pollers; what its source needs besides, the
// factory has.
using PollerFactory = std::function<std::unique_ptr<Poller>(const PollerParts& parts, const catalog::EventSourceMapping& mapping)>;

}  // namespace mayfly::sources
