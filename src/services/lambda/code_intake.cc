#include "services/lambda/code_intake.h"

#include "base/blocking_pool.h"
#include "base/files.h"
#include "base/log.h"
#include "packages/code_package.h"
#include "packages/code_source.h"
#include "packages/signing_profiles.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {
namespace {

using packages::SignatureVerdict;

struct Inspected {
  packages::CodePackage package;
  packages::PackageSignature signature;
  bool genuine = false;  // the profile that the signature names is known, and its key signed
  SignatureVerdict verdict = SignatureVerdict::Trusted;
};

// Blocks. `allowed`: nothing when nobody asks for signatures.
Result<Inspected> StoreAndInspect(packages::CodeStore& code, const packages::SigningProfiles& profiles, const std::string& zip,
                                  uint64_t zipped_bytes_max, const std::optional<std::vector<std::string>>& allowed, WallTime now) {
  Inspected inspected;
  MF_TRY(inspected.package, code.Put(zip, zipped_bytes_max));
  inspected.signature = packages::ReadPackageSignature(zip);
  MF_TRY(inspected.genuine, profiles.IsGenuine(inspected.signature));
  if (allowed) {
    MF_TRY(inspected.verdict, profiles.Judge(inspected.signature, *allowed, now));
  }
  return inspected;
}

// Blocks. The verdict on a package that is in the store already.
Result<SignatureVerdict> JudgeStored(const packages::CodeStore& code, const packages::SigningProfiles& profiles, const std::string& sha256,
                                     const std::vector<std::string>& allowed, WallTime now) {
  MF_TRY(const std::string zip, ReadFile(code.ZipPathOf(sha256)));
  return profiles.Judge(packages::ReadPackageSignature(zip), allowed, now);
}

// What a verdict means under a rule. Broken signatures are refused under every policy, as on AWS.
Result<> Enforce(SignatureVerdict verdict, bool enforce, const std::string& function, std::string_view what) {
  if (verdict == SignatureVerdict::Trusted) return {};
  log::Warning("{} of {}: {}", what, function, packages::ToString(verdict));
  if (verdict == SignatureVerdict::Broken) {
    return Fail(Error::Service("InvalidCodeSignatureException",
                               "Lambda cannot deploy the function. The code signature failed the integrity check. "
                               "Check the provided signature for " +
                                   function + "."));
  }
  if (!enforce) return {};
  return Fail(
      Error::Service("CodeVerificationFailedException",
                     "Lambda cannot deploy the function. The function or layer might be signed using a signature that the client is not "
                     "configured to accept. Check the provided signature for " +
                         function + "."));
}

bool IsByReference(const FunctionCode& code) { return code.s3_object_storage_mode == "REFERENCE"; }

// Counts one fetch while it lives.
class Fetching {
 public:
  explicit Fetching(int& count) : count_(&count) { ++*count_; }
  ~Fetching() { --*count_; }
  Fetching(const Fetching&) = delete;
  Fetching& operator=(const Fetching&) = delete;

 private:
  int* count_;
};

}  // namespace

Task<Result<CodeIntake::Brought>> CodeIntake::Bring(Context& ctx, FunctionCode code) {
  const bool names_s3 = code.s3_bucket || code.s3_key || code.s3_object_version;
  if (code.zip_file) {
    if (names_s3 || IsByReference(code)) {
      co_return Fail(InvalidParameterValue("Please do not provide other FunctionCode parameters when providing a ZipFile."));
    }
    if (!code.zip_file->empty())
      co_return Brought{.zip = std::move(*code.zip_file), .zipped_bytes_max = packages::kZippedBytesMax, .reference = {}};
  }
  if (!code.s3_bucket || !code.s3_key) co_return Fail(InvalidParameterValue("Please provide a source for function code."));
  co_return co_await Fetch(ctx, std::move(code));
}

Task<Result<CodeIntake::Brought>> CodeIntake::Fetch(Context& ctx, FunctionCode code) {
  MF_ASSERT(fetches_ >= 0 && fetches_ <= kFetchesMax);
  if (fetches_ == kFetchesMax) co_return Fail(Error::Service("TooManyRequestsException", "Rate exceeded"));
  const Fetching fetching(fetches_);
  packages::CodeLocation location{*code.s3_bucket, *code.s3_key, code.s3_object_version.value_or("")};
  MF_CO_TRY(packages::FetchedCode fetched, co_await parts_.source.Fetch(ctx, location));
  Brought brought{.zip = std::move(fetched.bytes), .zipped_bytes_max = packages::kSourceBytesMax, .reference = {}};
  if (!IsByReference(code)) co_return brought;
  if (fetched.version.empty()) {
    co_return Fail(InvalidParameterValue("S3ObjectStorageMode REFERENCE requires an Amazon S3 bucket with versioning enabled."));
  }
  brought.reference = catalog::S3Reference{location.bucket, location.key, std::move(fetched.version)};
  co_return brought;
}

Task<Result<CodeIntake::Stored>> CodeIntake::Store(Context& ctx, FunctionCode code, const std::optional<SigningRule>& rule) {
  strand_.Check();
  MF_CO_TRY(Brought brought, co_await Bring(ctx, std::move(code)));
  std::optional<std::vector<std::string>> allowed;
  if (rule) allowed = rule->allowed_publishers;
  auto work = [store = &parts_.store, profiles = &parts_.profiles, zip = std::move(brought.zip), bytes_max = brought.zipped_bytes_max,
               allowed = std::move(allowed),
               now = parts_.loop.WallNow()] { return StoreAndInspect(*store, *profiles, zip, bytes_max, allowed, now); };
  MF_CO_TRY(Inspected inspected, co_await parts_.files.Run(parts_.loop, std::move(work)));
  if (rule) MF_CO_TRY_VOID(Enforce(inspected.verdict, rule->enforce, rule->function, "the package"));
  Stored stored;
  stored.sha256_hex = std::move(inspected.package.sha256_hex);
  stored.bytes = static_cast<int64_t>(inspected.package.zipped_bytes);
  stored.reference = std::move(brought.reference);
  if (inspected.genuine) {
    stored.signing_profile_version_arn = std::move(inspected.signature.statement.profile_version_arn);
    stored.signing_job_arn = std::move(inspected.signature.statement.job_arn);
  }
  stored.pin = std::move(inspected.package.pin);
  MF_ASSERT(stored.pin != nullptr && !stored.sha256_hex.empty());
  co_return stored;
}

Task<Result<CodePin>> CodeIntake::TakePackage(Context& ctx, catalog::Function& function, FunctionCode code,
                                              const std::optional<SigningRule>& rule) {
  strand_.Check();
  function.source_kms_key_arn = code.source_kms_key_arn.value_or("");
  MF_CO_TRY(Stored stored, co_await Store(ctx, std::move(code), rule));
  function.code_sha256 = std::move(stored.sha256_hex);
  function.code_bytes = stored.bytes;
  function.s3_reference = std::move(stored.reference);
  function.signing_profile_version_arn = std::move(stored.signing_profile_version_arn);
  function.signing_job_arn = std::move(stored.signing_job_arn);
  MF_CO_TRY_VOID(co_await CheckLayerSignatures(function, rule));
  co_return std::move(stored.pin);
}

Task<Result<>> CodeIntake::CheckLayerSignatures(const catalog::Function& function, const std::optional<SigningRule>& rule) {
  strand_.Check();
  if (!rule) co_return Result<>();
  const std::vector<catalog::LayerUse> layers = function.layers;
  for (const catalog::LayerUse& layer : layers) {
    auto work = [store = &parts_.store, profiles = &parts_.profiles, sha256 = layer.code_sha256, allowed = rule->allowed_publishers,
                 now = parts_.loop.WallNow()] { return JudgeStored(*store, *profiles, sha256, allowed, now); };
    MF_CO_TRY(const SignatureVerdict verdict, co_await parts_.files.Run(parts_.loop, std::move(work)));
    MF_CO_TRY_VOID(Enforce(verdict, rule->enforce, rule->function, layer.arn));
  }
  co_return Result<>();
}

}  // namespace mayfly::lambda
