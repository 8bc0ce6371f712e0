// CodeBuckets: packages that Lambda takes from the daemon's own buckets (S3Bucket, S3Key, S3ObjectVersion), by packages::OwnBuckets.
//
// One per daemon, on its strand. Whoever makes a function must be allowed to read the object. Limit: packages::kSourceBytesMax.
#pragma once

#include "packages/code_source.h"
#include "services/s3/authorizer.h"
#include "services/s3/object_store.h"

namespace mayfly::s3 {

class CodeBuckets final : public packages::OwnBuckets {
 public:
  // All outlive it.
  CodeBuckets(const Buckets& buckets, ObjectStore& objects, const Authorizer& authorizer)
      : buckets_(&buckets), objects_(&objects), authorizer_(&authorizer) {}

  bool HasBucket(std::string_view bucket) const override { return buckets_->Find(bucket) != nullptr; }
  Task<Result<packages::FetchedCode>> Fetch(Context& ctx, packages::CodeLocation location) override;

 private:
  const Buckets* buckets_;
  ObjectStore* objects_;
  const Authorizer* authorizer_;
};

}  // namespace mayfly::s3
