// What the daemon has for every service, whatever it is. What only some have for each other are ports (ports.h).
#pragma once

#include <string>

#include "identity/access_keys.h"
#include "net/reach.h"
#include "wire/endpoint.h"

namespace mayfly::wire {
class Directory;
}
namespace mayfly {
class RealLoop;
class Random;
}  // namespace mayfly
namespace mayfly::keyring {
class Keyring;
}
namespace mayfly::store {
class Store;
class LogStore;
}  // namespace mayfly::store
namespace mayfly::telemetry {
class Metrics;
class TraceSegments;
class Trail;
}  // namespace mayfly::telemetry
namespace mayfly::delivery {
class DeliveryWorker;
class DurableLanes;
class TargetRouter;
}  // namespace mayfly::delivery
namespace mayfly::identity {
class IdentityPolicies;
class SessionKeys;
}  // namespace mayfly::identity

namespace mayfly::services {

struct Commons {
  RealLoop* loop;   // sockets, limits, and credentials
  Loop* calendar;   // everything else that takes time (base/calendar_loop.h): schedules, retries, visibility, dates that clients see
  Random* random;
  BlockingPool* files;  // for what blocks
  store::Store* store;  // DATA/control.db; each service has ResourceTables of its own on it
  const keyring::Keyring* keyring;  // what is secret on disk is sealed with it
  store::LogStore* logs;
  telemetry::Metrics* metrics;
  telemetry::TraceSegments* traces;
  delivery::TargetRouter* targets;  // whom deliveries reach, once all services are open
  wire::Directory* directory;       // whom else's operations a service asks for, once all are open
  delivery::DurableLanes* lanes;    // what is owed (delivery/owed_delivery.h); opened when all services are
  delivery::DeliveryWorker* deliveries;  // where a service that owes becomes a sender, while it opens
  const identity::IdentityPolicies* identities;
  identity::AccessKeys* keys;       // durable ones
  identity::SessionKeys* sessions;   // temporary credentials
  identity::AuthMode mode;           // whether callers are who they say they are
  wire::CallWatch observer;         // for endpoints
  const telemetry::Trail* trail;    // what has been done, for who reads it
  http::Reach reach = http::Reach::Anything;  // of web servers that callers name
  std::string data_path;            // where files of its own go
  std::string origin;               // "http://127.0.0.1:4566"
};

}  // namespace mayfly::services
