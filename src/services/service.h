// Service: one of AWS's services as the daemon has it; Declaration: how the daemon comes to have it.
//
// A service is a folder services/<api>, whose service.h has one function `services::Declaration Declare()`, and a row in
// mayflyd/services.cc. Services never include each other: they meet through ports (ports.h).
//
// The life of all services together, each step in an order in which what one needs comes before it, and back:
//   open    made of what it kept, its ports offered, its endpoint ready; begins nothing yet
//   Start   all are open, and what they call can be reached: what it does by itself begins (pollers, schedules, what is owed)
//   serve   requests reach the endpoint
//   Pause   the daemon ends: takes on nothing more by itself, and lets go who only waits; requests are still answered
//   Drain   no request comes any more: what runs ends, or is left behind at `until`, by Commons::calendar
//   Stop    nothing runs for anybody any more: background work ends, what is held is given back. Then it is destroyed.
// A daemon that is killed goes through none of the last three: open recovers. All on the daemon's strand.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/option.h"
#include "base/result.h"
#include "base/task.h"
#include "services/commons.h"
#include "services/ports.h"
#include "wire/endpoint.h"

namespace mayfly::services {

class Service {
 public:
  virtual ~Service() = default;
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  virtual wire::Endpoint& endpoint() = 0;
  virtual void Start() {}
  virtual void Pause() {}
  virtual Task<> Drain(TimePoint until) { co_return; }
  virtual Task<> Stop() { co_return; }
  // Forgets everything (`POST /_mayfly/reset`). Commons::store has been emptied already, and its tables with it: only what is kept
  // elsewhere is left. Error: a fault of a store of its own.
  virtual Task<Result<>> Reset(Context& ctx) { co_return Result<>(); }

 protected:
  Service() = default;
};

struct Declaration {
  std::string name;  // that of its folder
  std::vector<PortId> offers;
  std::vector<PortId> needs;  // what it takes from Ports while it opens
  std::vector<OptionGroup> options;
  // Called once. `commons` outlives the service. Error: the daemon cannot start.
  std::function<Task<Result<std::unique_ptr<Service>>>(Context& ctx, const Commons& commons, Ports& ports)> open;
};

// In which order the services are opened and started: each behind those that offer what it needs, otherwise as they stand.
// Error: Fault; nobody offers what one needs, two offer the same, or some need each other in a circle.
Result<std::vector<size_t>> Order(const std::vector<Declaration>& declarations);

}  // namespace mayfly::services
