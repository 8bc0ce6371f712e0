// Options of where packages come from that S3Bucket and S3Key name.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/blocking_pool.h"
#include "base/option.h"
#include "packages/code_source.h"
#include "packages/s3_endpoint.h"

namespace mayfly::packages {

struct PackageOptions {
  std::string s3_directory;  // "": DATA/buckets
  std::string s3_endpoint;   // "": s3_directory
  std::string s3_region;
  std::string s3_access_key_id;
  std::string s3_secret_access_key_file;
};
OptionGroup OptionsOf(PackageOptions& packages);

// What the options of S3 say together; the secret's file may be one that only root can read. Error: Fault, they do not fit.
Result<std::optional<identity::SigningIdentity>> ReadS3Keys(const PackageOptions& options);

// The source that the options mean: a service elsewhere, or the daemon's own buckets and, for what they do not have, the folder of buckets.
// `keys`: of ReadS3Keys. All outlive it.
std::unique_ptr<CodeSource> MakeCodeSource(RealLoop& loop, BlockingPool& files, OwnBuckets& own, const PackageOptions& options,
                                           const std::string& data_path, std::optional<identity::SigningIdentity> keys);

}  // namespace mayfly::packages
