// Access: may this principal do this with a function or a layer? Asked wherever a request comes in: by the API for every
// operation, by function URLs, and by whatever delivers events for a service.
//
//   a caller of the API      Authorize(RequestPrincipal::Of(ctx.principal), "lambda:GetFunction", reference)
//   a function URL           Authorize(Anonymous() or Of(principal), "lambda:InvokeFunctionUrl", reference,
//                                      {lambda:FunctionUrlAuthType: NONE | AWS_IAM})
//   a service                Authorize(Service("s3.amazonaws.com"), "lambda:InvokeFunction", reference,
//                                      {aws:SourceArn: the bucket, aws:SourceAccount: its owner})
//
// The keys of identity::AddGlobalKeys and those of organizations are added here; what only the caller knows (aws:SourceArn, aws:SourceIp …) it gives.
// What a policy of the function itself says counts for its versions and aliases, too, where its Resource has a wildcard.
// One per daemon, on the strand of the tables. Costs a look-up per policy that could apply, nothing else without one.
#pragma once

#include "base/clock.h"
#include "catalog/function_reference.h"
#include "catalog/tables.h"
#include "identity/access_control.h"

namespace mayfly::catalog {

class Access {
 public:
  // All outlive it.
  Access(const Tables& tables, const identity::IdentityPolicies& identities, const Clock& clock, identity::Organizations organizations = {})
      : tables_(&tables), control_(identities, clock, std::move(organizations)) {}

  // Whether no policy could keep the principal from its own account's functions: there is none. A cheap first question.
  bool IsUnrestricted(const identity::RequestPrincipal& principal) const {
    return tables_->policies.size() == 0 && control_.IsOwner(principal, principal.account_id);
  }

  // Whether `target` exists plays no part. Error (Service): AccessDeniedException, as AWS words it.
  Result<> Authorize(const identity::RequestPrincipal& principal, std::string_view action, const FunctionReference& target,
                     const identity::ConditionKeys& keys = {}) const;

  // Something of the principal's own account that has no policy: an event source mapping, a code signing configuration, or nothing in particular
  // ("*").
  Result<> AuthorizeOwn(const identity::RequestPrincipal& principal, std::string_view action, std::string_view arn, std::string_view region) const;

  // A layer version by its key in the table "layer_versions"; `arn` is its ARN. Of a layer as a whole, `policy_key` is "".
  struct LayerTarget {
    std::string_view owner_account_id;
    std::string_view arn;
    std::string_view policy_key;
  };
  Result<> AuthorizeLayer(const identity::RequestPrincipal& principal, std::string_view action, const LayerTarget& target) const;

 private:
  static identity::PolicyPointer PolicyOf(const resources::ResourceTable<ResourcePolicy>& table, std::string_view key);

  const Tables* tables_;
  identity::AccessControl control_;
};

}  // namespace mayfly::catalog
