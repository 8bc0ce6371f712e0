// CallDesk: what the daemon does with every call of every service (wire::CallWatch): notes what policies may ask of it (identity/calls.h), wants
// iam:PassRole for the roles that it hands on, and writes the trail (telemetry/trail.h).
//
// In the trail: every call that manages something, and every refusal; not what moves data (invocations, messages, objects: kDataActions in
// call_desk.cc), as with CloudTrail's management events. Requests that nobody was found for are in no trail.
// One per daemon, on its strand.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "identity/calls.h"
#include "identity/enforcement.h"
#include "telemetry/trail.h"
#include "wire/endpoint.h"

namespace mayfly::services {

class CallDesk {
 public:
  // All outlive it.
  CallDesk(identity::Calls& calls, const identity::Enforcement& enforcement, telemetry::Trail& trail, const Clock& clock, Random& random)
      : calls_(&calls), enforcement_(&enforcement), trail_(&trail), clock_(&clock), random_(&random) {}

  // `answered`: told first of each answer. This outlives the endpoints.
  wire::CallWatch Watch(wire::AnswerObserver answered);

 private:
  std::shared_ptr<void> Begin(Context& ctx, const wire::Operation& operation, const wire::Message& request);
  void Record(const Context& ctx, const wire::Operation& operation, const Error* error);
  std::string RecordOf(const Context& ctx, const wire::Operation& operation, const Error* error) const;

  identity::Calls* calls_;
  const identity::Enforcement* enforcement_;
  telemetry::Trail* trail_;
  const Clock* clock_;
  Random* random_;
};

// Whether the operation only looks.
bool IsReadOnly(std::string_view operation);

}  // namespace mayfly::services
