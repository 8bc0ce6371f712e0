// SigningProfiles: whose signatures this machine knows, and which of them have been revoked.
//
//   FOLDER/ACCOUNT/REGION/NAME/VERSION.pem   the certificate of a signing profile's version
//   FOLDER/revoked.txt                       one per line: a signing job's ARN, a profile version's ARN, or sha256:HEX of a
//                                            certificate; '#' begins a comment
//
// Written by `mayfly sign`, read by the daemon at each deployment, so that changes need no restart. Every method blocks on the
// disk, and may run on any thread. What stands in the folder is trusted: only the operator may write there.
#pragma once

#include <string>
#include <vector>

#include "packages/package_signature.h"

namespace mayfly::packages {

// What a signature is worth to a code signing configuration; AWS's four checks, in the order in which they are made.
enum class SignatureVerdict : unsigned char {
  Trusted,
  Broken,            // integrity: refused whatever the policy says
  Unsigned,          // mismatch, as is the next
  UnknownPublisher,  // by nobody whom the configuration allows, or with another key than that profile's
  Expired,
  Revoked,
};
std::string_view ToString(SignatureVerdict verdict);

class SigningProfiles {
 public:
  explicit SigningProfiles(std::string folder) : folder_(std::move(folder)) {}

  // SHA-256 (hex) of the profile version's certificate; "" when it is not registered. Errors: Fault (disk, a broken file).
  Result<std::string> CertificateSha256Of(const std::string& profile_version_arn) const;
  // Error: Fault; a revocation list that is there and cannot be read is one, so that nothing revoked slips through.
  Result<bool> IsRevoked(const PackageSignature& signature) const;
  // `allowed`: ARNs of profile versions. Errors: Fault.
  Result<SignatureVerdict> Judge(const PackageSignature& signature, const std::vector<std::string>& allowed, WallTime now) const;
  // Whether the profile that a signature names is known here, and it was its key that signed.
  Result<bool> IsGenuine(const PackageSignature& signature) const;

  // For the command. Durable on success. Errors: Fault; a version that is registered keeps its certificate.
  Result<> Register(const ProfileArn& profile, std::string_view certificate_pem) const;
  Result<> Revoke(std::string_view what) const;

 private:
  std::string folder_;
};

}  // namespace mayfly::packages
