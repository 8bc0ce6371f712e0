// CodeIntake: code on its way into the store: from the request or from S3, checked against what must have signed it.
//
// One per daemon, on its strand; reading, checking and unpacking happen on the pool for files. Packages of functions and of layers
// take this way; container images do not (function_images.h).
// Limit: kFetchesMax fetches from S3 at once, since each may hold a quarter of a gigabyte; beyond: TooManyRequestsException.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/strand.h"
#include "catalog/function.h"
#include "model/lambda.h"
#include "services/lambda/forward.h"
#include "services/lambda/signing_rule.h"

namespace mayfly::lambda {

// Keeps a package or tree from being removed until what refers to it has been stored.
using CodePin = std::shared_ptr<const void>;

class CodeIntake {
 public:
  // All outlive this.
  struct Parts {
    Loop& loop;
    BlockingPool& files;
    packages::CodeStore& store;
    packages::CodeSource& source;               // what S3Bucket and S3Key name
    const packages::SigningProfiles& profiles;  // whose signatures are known
  };
  explicit CodeIntake(Parts parts) : parts_(parts) {}

  // Code that is in the store, and pinned there.
  struct Stored {
    std::string sha256_hex;
    int64_t bytes = 0;
    std::optional<catalog::S3Reference> reference;
    std::string signing_profile_version_arn;  // both "" unless a signature is genuine
    std::string signing_job_arn;
    CodePin pin;
  };
  // Brings, checks, stores and unpacks a package. Errors: InvalidParameterValueException, TooManyRequestsException, those of the code
  // source, and with a rule InvalidCodeSignatureException and CodeVerificationFailedException.
  Task<Result<Stored>> Store(Context& ctx, FunctionCode code, const std::optional<SigningRule>& rule);

  // Store for a function; sets the code members of `function`. Its layers, too, must be signed as the rule says. Errors as Store.
  Task<Result<CodePin>> TakePackage(Context& ctx, catalog::Function& function, FunctionCode code, const std::optional<SigningRule>& rule);

  // Errors: InvalidCodeSignatureException, CodeVerificationFailedException; none without a rule.
  Task<Result<>> CheckLayerSignatures(const catalog::Function& function, const std::optional<SigningRule>& rule);

 private:
  // The bytes that a request gives or names.
  struct Brought {
    std::string zip;
    uint64_t zipped_bytes_max = 0;
    std::optional<catalog::S3Reference> reference;  // with S3ObjectStorageMode REFERENCE
  };
  Task<Result<Brought>> Bring(Context& ctx, FunctionCode code);
  Task<Result<Brought>> Fetch(Context& ctx, FunctionCode code);

  static constexpr int kFetchesMax = 8;

  Strand strand_;
  Parts parts_;
  int fetches_ = 0;
};

}  // namespace mayfly::lambda
