// Authorizer: may somebody do this with that queue? wire::Endpoint asks before it calls a handler, QueuePorts before it takes a
// delivery.
//
// A queue's policy decides about callers of other accounts, and may deny its own. What AWS lets nobody do across accounts
// (making, removing, listing, tags, permissions, attributes) is the owner's alone. One per daemon, on the strand of the queues.
#pragma once

#include "identity/access_control.h"
#include "services/sqs/queues.h"
#include "wire/endpoint.h"

namespace mayfly::sqs {

class Authorizer {
 public:
  // All outlive it.
  Authorizer(const Queues& queues, const identity::IdentityPolicies& identities, const Clock& clock)
      : queues_(&queues), control_(identities, clock) {}

  // Of any principal. `keys`: what only the caller knows (aws:SourceArn …); the global keys are added here.
  // Error: AccessDeniedException. Whether the queue exists plays no part for its owner.
  Result<> Authorize(const identity::RequestPrincipal& principal, std::string_view action, const QueueName& name,
                     identity::ConditionKeys keys = {}) const;
  // Of the caller of an operation.
  Result<> Authorize(const Context& ctx, const wire::Operation& operation, const wire::Message& request) const;
  // As wire::Endpoint takes it. The Authorizer must outlive the endpoint.
  wire::Authorizer AsFunction() const;

 private:
  Task<Result<>> Answer(Context& ctx, const wire::Operation& operation, const wire::Message& request) const;

  const Queues* queues_;
  identity::AccessControl control_;
};

}  // namespace mayfly::sqs
