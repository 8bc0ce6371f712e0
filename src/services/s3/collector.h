// Collector: what lifecycle rules let go goes, and uploads that nobody ends. Goes through all buckets that have rules once an hour of the
// daemon's calendar, and when the calendar is moved.
//
// One per daemon, on its strand. What it removes it removes as any client would, one commit for each, and tells as LifecycleExpiration.
// A daemon that is killed goes on where it was: nothing is remembered but the rules and the versions' ages.
#pragma once

#include "base/task_scope.h"
#include "services/s3/lifecycle.h"
#include "services/s3/uploads.h"

namespace mayfly::s3 {

class Collector {
 public:
  // All outlive it. `calendar`: dates and ages.
  Collector(Buckets& buckets, ObjectStore& objects, Uploads& uploads, Loop& calendar)
      : buckets_(&buckets), objects_(&objects), uploads_(&uploads), calendar_(&calendar), tasks_(calendar) {}

  void Start() { tasks_.Spawn(Run()); }
  Task<> Stop();
  // Once through all buckets.
  Task<> Collect(Context& ctx);

 private:
  Task<> Run();
  Task<Result<>> CollectBucket(Context& ctx, BucketPointer bucket, const std::vector<LifecycleRule>& rules);
  Task<Result<>> CollectKey(Context& ctx, const BucketPointer& bucket, const std::vector<LifecycleRule>& rules, const std::vector<ListedVersion>& versions);
  Task<Result<>> CollectUploads(Context& ctx, const BucketPointer& bucket, const std::vector<LifecycleRule>& rules);

  Buckets* buckets_;
  ObjectStore* objects_;
  Uploads* uploads_;
  Loop* calendar_;
  TaskScope tasks_;
};

}  // namespace mayfly::s3
