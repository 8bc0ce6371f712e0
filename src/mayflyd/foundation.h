// The foundation: what the daemon has whatever its services are: the loop, the stores, figures and logs, and who may call.
//
// One per daemon, made after the ground (ground.h) and before the services, which get it as services::Commons.
#pragma once

#include <memory>
#include <string>

#include "base/blocking_pool.h"
#include "base/calendar_loop.h"
#include "base/random.h"
#include "base/real_loop.h"
#include "delivery/delivery_worker.h"
#include "delivery/durable_lanes.h"
#include "delivery/target_router.h"
#include "identity/authenticator.h"
#include "identity/calls.h"
#include "identity/decision_log.h"
#include "identity/enforcement.h"
#include "mayflyd/daemon_options.h"
#include "services/call_desk.h"
#include "services/commons.h"
#include "services/decisions_page.h"
#include "services/ports.h"
#include "store/log_store.h"
#include "store/store.h"
#include "telemetry/metrics.h"
#include "telemetry/trace_segments.h"
#include "telemetry/trail.h"
#include "wire/directory.h"

namespace mayfly::keyring {
class Keyring;
class SecretBytes;
}  // namespace mayfly::keyring

namespace mayfly::daemon {

struct Foundation {
  explicit Foundation(RealLoop& loop) : loop(loop) {}
  // Opens what lies in `data_path`. Error: with a hint, where an operator can do something.
  Result<> Open(const Options& options, const std::string& data_path);
  // The keyring that belongs to the store. `passphrase`: null for none. Error: with a hint; the master key has gone, or cannot be read.
  Task<Result<>> OpenKeyring(Context& ctx, const std::string& data_path, std::shared_ptr<keyring::SecretBytes> passphrase);
  // What is owed. Its workers are services': it is made before them, and destroyed before them.
  std::unique_ptr<delivery::DurableLanes> MakeLanes(const Options& options);
  // Lets those of the services that have users, roles and policies say what they may do.
  void BindPolicies(const services::Ports& ports);
  services::Commons MakeCommons(const std::string& data_path, const std::string& origin, delivery::DurableLanes& lanes);

  RealLoop& loop;
  CalendarLoop calendar{loop};  // calendar_loop.h says whose time it is
  SystemRandom random;
  BlockingPool files{"mayfly-files", 4};
  std::unique_ptr<store::Store> store;
  std::shared_ptr<const keyring::Keyring> keyring;
  std::unique_ptr<store::Store> sealed_store;  // `store`, in which rows that hold secrets lie sealed
  std::unique_ptr<store::LogStore> logs;
  telemetry::Metrics metrics;
  telemetry::TraceSegments traces;
  delivery::TargetRouter targets;
  wire::Directory directory{random};
  std::unique_ptr<store::Store> event_store;
  std::unique_ptr<delivery::DeliveryWorker> deliveries;
  http::Reach reach = http::Reach::Anything;
  telemetry::Trail trail;
  identity::Calls calls;
  identity::DecisionLog decisions;
  std::unique_ptr<identity::Enforcement> enforcement;
  std::unique_ptr<services::CallDesk> desk;
  std::unique_ptr<services::DecisionsPage> decisions_page;
  std::unique_ptr<identity::AccessKeys> keys;
  std::unique_ptr<identity::SessionKeys> sessions;
  std::unique_ptr<identity::Authenticator> authenticator;
};

}  // namespace mayfly::daemon
