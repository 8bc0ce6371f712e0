// Authorizer: may the caller of an operation do it? wire::Endpoint asks before it calls the handler.
//
// Finds out what the request is about (a function, version or alias, a layer, another resource by its ARN) and asks
// catalog::Access. A caller of another account may only do what AWS lets the resource's policy allow (kAcrossAccounts); what
// has no policy is its own account's alone.
// One per daemon, on the strand of the tables.
#pragma once

#include "catalog/access.h"
#include "wire/endpoint.h"

namespace mayfly::lambda {

class Authorizer {
 public:
  explicit Authorizer(const catalog::Access& access) : access_(&access) {}

  // Errors: AccessDeniedException; those of ParseFunctionReference for names that mean no function.
  Result<> Authorize(const Context& ctx, const wire::Operation& operation, const wire::Message& request) const;
  // As wire::Endpoint takes it. The Authorizer must outlive the endpoint.
  wire::Authorizer AsFunction() const;

 private:
  Task<Result<>> Answer(Context& ctx, const wire::Operation& operation, const wire::Message& request) const;
  Result<> AuthorizeFunction(const Context& ctx, std::string_view action, std::string_view name, std::string_view qualifier) const;
  Result<> AuthorizeLayer(const Context& ctx, std::string_view action, std::string_view arn) const;
  // `kind`: of the ARN, where the text is a name only.
  Result<> AuthorizeResource(const Context& ctx, std::string_view action, std::string_view arn, std::string_view kind) const;
  // Of the caller's own account, without a policy. `name`: "" for nothing in particular.
  Result<> AuthorizeOwn(const Context& ctx, std::string_view action, std::string_view kind, std::string_view name) const;

  const catalog::Access* access_;
};

}  // namespace mayfly::lambda
