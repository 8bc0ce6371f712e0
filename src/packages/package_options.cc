#include "packages/package_options.h"

#include "base/files.h"
#include "base/text.h"
#include "packages/bucket_directory.h"

namespace mayfly::packages {
namespace {

// A bucket of the daemon's own hides a folder of its name.
class LocalBuckets final : public CodeSource {
 public:
  LocalBuckets(OwnBuckets& own, std::string folder, BlockingPool& files) : own_(&own), folder_(std::move(folder), files) {}
  Task<Result<FetchedCode>> Fetch(Context& ctx, CodeLocation location) override {
    return own_->HasBucket(location.bucket) ? own_->Fetch(ctx, std::move(location)) : folder_.Fetch(ctx, std::move(location));
  }

 private:
  OwnBuckets* own_;
  BucketDirectory folder_;
};

}  // namespace

OptionGroup OptionsOf(PackageOptions& packages) {
  OptionGroup group("Packages");
  group.Text("s3-directory", packages.s3_directory,
             "folder of buckets that S3Bucket and S3Key name beside those of this daemon: FOLDER/BUCKET/KEY (default: buckets in the data directory)");
  group.Text("s3-endpoint", packages.s3_endpoint, "S3-compatible service to take packages from instead: http(s)://HOST:PORT");
  group.Text("s3-region", packages.s3_region, "region in signatures for --s3-endpoint (default: the caller's)");
  group.Text("s3-access-key-id", packages.s3_access_key_id, "access key for --s3-endpoint; without one it is asked anonymously");
  group.Text("s3-secret-access-key-file", packages.s3_secret_access_key_file, "file that holds the secret of --s3-access-key-id");
  return group;
}

Result<std::optional<identity::SigningIdentity>> ReadS3Keys(const PackageOptions& options) {
  if (!options.s3_endpoint.empty()) MF_TRY_VOID(CheckS3EndpointUrl(options.s3_endpoint));
  if (options.s3_access_key_id.empty() != options.s3_secret_access_key_file.empty()) {
    return Fail(Error::Fault("--s3-access-key-id and --s3-secret-access-key-file go together"));
  }
  if (options.s3_access_key_id.empty()) return std::nullopt;
  MF_TRY(const std::string text, ReadFile(options.s3_secret_access_key_file));
  const std::string secret(Trim(text, " \t\r\n"));
  if (secret.empty()) return Fail(Error::Fault(options.s3_secret_access_key_file + " is empty"));
  return identity::SigningIdentity{options.s3_access_key_id, secret, {}};
}

std::unique_ptr<CodeSource> MakeCodeSource(RealLoop& loop, BlockingPool& files, OwnBuckets& own, const PackageOptions& options,
                                           const std::string& data_path, std::optional<identity::SigningIdentity> keys) {
  if (options.s3_endpoint.empty()) {
    return std::make_unique<LocalBuckets>(own, options.s3_directory.empty() ? data_path + "/buckets" : options.s3_directory, files);
  }
  return std::make_unique<S3Endpoint>(loop, S3EndpointOptions{.url = options.s3_endpoint, .region = options.s3_region, .keys = std::move(keys)});
}

}  // namespace mayfly::packages
