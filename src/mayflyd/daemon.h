// Daemon: everything that lives while the daemon serves, made and ended in order. On the strand of its loop.
#pragma once

#include <memory>
#include <string>

#include "base/event.h"
#include "base/real_loop.h"
#include "delivery/durable_lanes.h"
#include "mayflyd/foundation.h"
#include "mayflyd/front.h"
#include "mayflyd/ground.h"
#include "services/ports.h"
#include "services/service_list.h"
#include "uplink/function_network.h"

namespace mayfly::daemon {

class Daemon {
 public:
  // `options` outlives it.
  Daemon(RealLoop& loop, Options& options, Ground ground);

  // Serves when it succeeds. Errors: what cannot be opened, in a sentence for the operator.
  Task<Result<>> Start(Context& ctx);
  // Lets what runs come to an end as far as --drain allows, and writes what is to be kept.
  Task<> Stop();

  // Set when the daemon is to end: a signal came, or the jail, without which nothing runs, or the router has died.
  Event& end() { return end_; }
  bool jail_died() const { return jail_died_; }
  const std::string& origin() const { return front_.origin(); }

 private:
  Task<Result<>> Reset(Context& ctx);

  Options& options_;
  Ground ground_;
  Event end_;
  bool jail_died_ = false;
  Foundation foundation_;
  std::unique_ptr<uplink::FunctionNetwork> network_;
  services::Commons commons_{};
  services::Ports ports_;
  Front front_{foundation_, options_};
  services::ServiceList services_;
  std::unique_ptr<delivery::DurableLanes> lanes_;  // goes first: its workers are the services'
};

}  // namespace mayfly::daemon
