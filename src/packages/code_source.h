// CodeSource: where packages come from that a request only names (S3Bucket, S3Key).
//
// Called by the services on their strand. Implemented by BucketDirectory (folders of this machine) and S3Endpoint (whatever
// speaks S3's protocol); a service of this daemon offers a third as OwnBuckets.
#pragma once

#include <string>

#include "base/context.h"
#include "base/result.h"
#include "base/task.h"

namespace mayfly::packages {

// What comes through S3 may be larger than an upload (code_package.h): as large as it may be unpacked.
inline constexpr uint64_t kSourceBytesMax = 262'144'000;

struct CodeLocation {
  std::string bucket;
  std::string key;
  std::string version;  // "": the current one
};

struct FetchedCode {
  std::string bytes;
  std::string version;  // as the source names it; "" when the bucket has no versions
};

class CodeSource {
 public:
  virtual ~CodeSource() = default;
  // Gives the object, for the account and region of `ctx`. Errors: InvalidParameterValueException with AWS's texts (no such
  // bucket, key or version; not allowed; in another region; larger than kSourceBytesMax). Fault: the source does not work.
  virtual Task<Result<FetchedCode>> Fetch(Context& ctx, CodeLocation location) = 0;
};

// The buckets of this daemon: a port, offered by the service that has them.
class OwnBuckets : public CodeSource {
 public:
  virtual bool HasBucket(std::string_view bucket) const = 0;
};

// "Error occurred while GetObject. S3 Error Code: … S3 Error Message: …"
Error GetObjectFailed(std::string_view s3_code, std::string_view s3_message);
Error NoSuchBucket();
Error NoSuchKey();
Error NoSuchVersion();
Error AccessDenied();
// The package alone is larger than what it may unpack to.
Error SourceTooLarge();

}  // namespace mayfly::packages
