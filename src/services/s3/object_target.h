// ObjectTarget: what deliveries to arn:aws:s3:::BUCKET/KEY reach: the body becomes that object. How services put what comes to them (a mail,
// a message of a device) into a bucket: for their own name, by the bucket's policy, or as a role.
//
// One per daemon, on its strand. A delivery that is repeated writes the same object again.
#pragma once

#include "delivery/target_router.h"
#include "services/s3/authorizer.h"
#include "services/s3/object_store.h"

namespace mayfly::s3 {

class ObjectTarget final : public delivery::Target {
 public:
  // All outlive it.
  ObjectTarget(const Buckets& buckets, ObjectStore& objects, const Authorizer& authorizer) : buckets_(&buckets), objects_(&objects), authorizer_(&authorizer) {}

  // May it put the object (s3:PutObject)? Errors: AccessDenied, NoSuchBucket.
  Result<> Authorize(const identity::RequestPrincipal& principal, std::string_view target_arn, const identity::ConditionKeys& keys) const override;
  // Attributes "content-type" and "canned-acl" are the object's. Errors: those of PutObject; faults are retryable.
  Task<Result<>> Deliver(Context& ctx, const delivery::Delivery& delivery) override;

 private:
  Task<Result<>> Put(Context& ctx, BucketPointer bucket, std::string key, const delivery::Delivery& delivery);

  const Buckets* buckets_;
  ObjectStore* objects_;
  const Authorizer* authorizer_;
};

}  // namespace mayfly::s3
