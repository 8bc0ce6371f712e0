// Authorizer: may this principal do this with that bus or rule? By the policy of the bus, and what policies of identities say.
#pragma once

#include <string_view>

#include "identity/access_control.h"
#include "services/events/event_tables.h"
#include "services/events/named.h"
#include "wire/endpoint.h"

namespace mayfly::events {

class Authorizer {
 public:
  // All outlive it.
  Authorizer(const EventTables& tables, const identity::IdentityPolicies& identities, const Clock& clock) : tables_(&tables), control_(identities, clock) {}

  // `arn`: of the bus itself, or of something on it. Error: AccessDeniedException.
  Result<> Authorize(const identity::RequestPrincipal& principal, std::string_view action, const BusName& bus, std::string_view arn,
                     identity::ConditionKeys keys = {}) const;
  // Something of an account that is on no bus: a connection, an API destination, an archive, a replay. Error: AccessDeniedException.
  Result<> AuthorizeNamed(const identity::RequestPrincipal& principal, std::string_view action, const Named& name, std::string_view arn) const;
  // As wire::Endpoint takes it. PutEvents is asked for each entry, by the operation. This outlives the endpoint.
  wire::Authorizer AsFunction() const;

 private:
  Task<Result<>> Answer(Context& ctx, const wire::Operation& operation, const wire::Message& request) const;

  const EventTables* tables_;
  identity::AccessControl control_;
};

}  // namespace mayfly::events
