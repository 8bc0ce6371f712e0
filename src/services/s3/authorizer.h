// Authorizer: may somebody do this with that bucket or object? wire::Endpoint asks before it calls a handler; who copies, or fetches code,
// asks for what it reads.
//
// A bucket belongs to the account that made it. Its policy decides about other accounts and about nobody (requests without a signature), and
// may deny its own; canned ACLs let others read or write where the bucket's ownership leaves them a say. Block Public Access takes back what
// makes a bucket public. What AWS lets only the owner do (the settings) a policy may allow, too.
// One per daemon, on its strand.
#pragma once

#include "identity/access_control.h"
#include "services/s3/buckets.h"
#include "wire/endpoint.h"

namespace mayfly::s3 {

class Authorizer {
 public:
  // All outlive it.
  Authorizer(const Buckets& buckets, const identity::IdentityPolicies& identities, const Clock& clock) : buckets_(&buckets), control_(identities, clock) {}

  // `key`: "" for the bucket itself. `acl`: of the object, where it is known. `keys`: what only the caller knows (aws:SourceArn of a
  // service). A bucket that does not exist is its operation's business.
  // Error: AccessDenied.
  Result<> Authorize(const identity::RequestPrincipal& principal, std::string_view action, const std::string& bucket, std::string_view key,
                     std::string_view acl = {}, identity::ConditionKeys keys = {}) const;
  // Of the caller of an operation. Error: AccessDenied, also for an x-amz-expected-bucket-owner that is not the owner.
  Result<> Authorize(const Context& ctx, const wire::Operation& operation, const wire::Message& request) const;
  // As wire::Endpoint takes it. The Authorizer must outlive the endpoint.
  wire::Authorizer AsFunction() const;

 private:
  // Error: PermanentRedirect.
  Result<> CheckRegion(const Context& ctx, const wire::Operation& operation, const std::string& bucket) const;
  Task<Result<>> Answer(Context& ctx, const wire::Operation& operation, const wire::Message& request) const { co_return Authorize(ctx, operation, request); }

  Result<> AuthorizeOwn(const identity::RequestPrincipal& principal, std::string_view action, const std::string& arn, std::string_view region) const;

  const Buckets* buckets_;
  identity::AccessControl control_;
};

// Whether a policy lets anybody in.
bool IsPublicPolicy(const std::string& policy);

}  // namespace mayfly::s3
