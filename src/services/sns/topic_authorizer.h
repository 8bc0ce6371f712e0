// TopicAuthorizer: may somebody do this with that topic? wire::Endpoint asks before it calls a handler, Endpoints before a topic takes a
// delivery.
//
// A topic's policy decides about callers of other accounts and about services, and may deny its own account. What has no policy (a
// subscription) is its owner's; lists and new topics are the caller's own. One per daemon, on the strand of the topics.
#pragma once

#include "identity/access_control.h"
#include "services/sns/topics.h"
#include "wire/endpoint.h"

namespace mayfly::sns {

// What AWS gives a topic that has none: its account may do everything.
std::string DefaultPolicy(const TopicName& topic);

class TopicAuthorizer {
 public:
  // All outlive it.
  TopicAuthorizer(const Topics& topics, const identity::IdentityPolicies& identities, const Clock& clock)
      : topics_(&topics), control_(identities, clock) {}

  // Of any principal. `keys`: what only the caller knows (aws:SourceArn …); the global keys are added here.
  // Error: AuthorizationError. Whether the topic exists plays no part for its owner.
  Result<> Authorize(const identity::RequestPrincipal& principal, std::string_view action, const TopicName& name,
                     identity::ConditionKeys keys = {}) const;
  // Of the caller of an operation.
  Result<> Authorize(const Context& ctx, const wire::Operation& operation, const wire::Message& request) const;
  // As wire::Endpoint takes it. This outlives the endpoint.
  wire::Authorizer AsFunction() const;

 private:
  Task<Result<>> Answer(Context& ctx, const wire::Operation& operation, const wire::Message& request) const;
  Result<> AuthorizeArn(const identity::RequestPrincipal& principal, std::string_view action, std::string_view arn, std::string_view owner,
                        std::string_view region) const;

  const Topics* topics_;
  identity::AccessControl control_;
};

}  // namespace mayfly::sns
