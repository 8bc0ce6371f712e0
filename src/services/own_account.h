// OwnAccount: the authorizer of services whose resources have no policies of their own: what there is in an account is that account's
// alone, and what its users and roles may do with it, their policies say.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "base/clock.h"
#include "identity/access_control.h"
#include "services/resource_templates.h"
#include "wire/endpoint.h"

namespace mayfly::services {

class OwnAccount {
 public:
  // What a request is about, as policies name it: an ARN, or "*". Several, each of which has to be allowed, are parted by line breaks.
  using ResourceOf = std::function<std::string(const Context& ctx, const wire::Operation& operation, const wire::Message& request)>;

  // Both outlive it. `resource_of`: null where policies can only say "*".
  OwnAccount(const identity::IdentityPolicies& identities, const Clock& clock, ResourceOf resource_of = nullptr)
      : control_(identities, clock), resource_of_(std::move(resource_of)) {}

  // The same by rows (resource_templates.h), which outlive it.
  OwnAccount(const identity::IdentityPolicies& identities, const Clock& clock, std::span<const ResourceTemplate> templates)
      : OwnAccount(identities, clock, [templates](const Context& ctx, const wire::Operation& operation, const wire::Message& request) {
          return services::ResourceOf(templates, ctx, operation, request);
        }) {}

  // Error: AccessDeniedException.
  Result<> Authorize(const Context& ctx, const wire::Operation& operation, const wire::Message& request) const;
  // As wire::Endpoint takes it. This outlives the endpoint.
  wire::Authorizer AsFunction() const;

 private:
  Task<Result<>> Answer(Context& ctx, const wire::Operation& operation, const wire::Message& request) const;

  identity::AccessControl control_;
  ResourceOf resource_of_;
};

}  // namespace mayfly::services
