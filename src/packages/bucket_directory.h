// BucketDirectory: folders of this machine as S3 buckets: FOLDER/BUCKET/KEY is an object.
//
// One per daemon. Files are read in a BlockingPool, by the daemon's user. Buckets are seen by every account, as S3's names are
// global. Symbolic links are not followed, and keys cannot lead out of their bucket: a key with an empty, "." or ".." part
// names nothing. Only regular files are objects.
//
// A file has one version, the present one, named by the SHA-256 (hex) of its bytes; asking for another is NoSuchVersion.
// So S3ObjectStorageMode REFERENCE pins the bytes.
#pragma once

#include <string>

#include "base/blocking_pool.h"
#include "packages/code_source.h"

namespace mayfly::packages {

// Blocks on the disk; any thread.
Result<FetchedCode> ReadBucketObject(const std::string& folder, const CodeLocation& location);

class BucketDirectory final : public CodeSource {
 public:
  // `files` outlives this.
  BucketDirectory(std::string folder, BlockingPool& files) : folder_(std::move(folder)), files_(&files) {}
  Task<Result<FetchedCode>> Fetch(Context& ctx, CodeLocation location) override;

 private:
  std::string folder_;
  BlockingPool* files_;
};

}  // namespace mayfly::packages
