// Signatures of packages: made offline by `mayfly sign`, read when a package is deployed (docs/code-signing.md has the format).
//
// A signed zip holds META-INF/mayfly-manifest.txt (who signed it, until when that holds, and name, mode and SHA-256 of every
// other entry) and META-INF/mayfly-signature.p7s: a detached CMS signature (RFC 5652) over the manifest's bytes that brings
// the signer's certificate. Reading tells whether the zip is as that certificate's key signed it; whether the certificate is
// anybody's whom we trust is for SigningProfiles (signing_profiles.h) and the code signing configuration to say.
//
// Pure functions without shared state; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace mayfly::packages {

inline constexpr std::string_view kManifestName = "META-INF/mayfly-manifest.txt";
inline constexpr std::string_view kSignatureName = "META-INF/mayfly-signature.p7s";

// What a signature says about itself.
struct SignatureStatement {
  std::string profile_version_arn;  // arn:aws:signer:REGION:ACCOUNT:/signing-profiles/NAME/VERSION
  std::string job_arn;              // arn:aws:signer:REGION:ACCOUNT:/signing-jobs/UUID: names this one signature
  std::string certificate_sha256;   // hex, of the DER: which key signed; SignPackage fills it in
  WallTime signed_at{};             // whole seconds
  WallTime expires_at{};
};

enum class SignatureState : unsigned char {
  Unsigned,  // neither file is there
  Broken,    // something of a signature is there, but it does not cover the zip as it is
  Intact,
};

struct PackageSignature {
  SignatureState state = SignatureState::Unsigned;
  std::string why_broken;  // for the log
  // Intact only:
  SignatureStatement statement;
  WallTime certificate_not_before{};
  WallTime certificate_not_after{};
};

// Never fails: what cannot be read is Broken. A zip that cannot be opened is Unsigned; deploying it fails elsewhere.
// Limits: manifests up to 64 MiB, signatures up to 64 KiB; SHA-256 and better, keys of 112 bits of security and better.
PackageSignature ReadPackageSignature(std::string_view zip);

// "arn:PARTITION:signer:REGION:ACCOUNT:/signing-profiles/NAME/VERSION" taken apart. Errors: Fault.
struct ProfileArn {
  std::string region;
  std::string account_id;
  std::string name;     // [A-Za-z0-9_]{2,64}
  std::string version;  // [A-Za-z0-9]{10}
};
Result<ProfileArn> ParseProfileVersionArn(std::string_view arn);
std::string FormatProfileVersionArn(const ProfileArn& profile);

// The zip with manifest and signature added. `key_pem` holds the private key and its certificate (PEM, in any order). Errors
// (Fault): no such zip, zip64, already signed; no key, no certificate, or one of another key.
Result<std::string> SignPackage(std::string_view zip, SignatureStatement statement, std::string_view key_pem);

// A new ECDSA P-384 key with a certificate of its own making: PEM of both, private key first. The certificate's name is the
// profile's, and it says the profile's ARN as its URI.
Result<std::string> MakeSigningKey(const ProfileArn& profile, WallTime not_before, WallTime not_after);

// The first certificate in `pem`. Errors: Fault.
struct CertificateFacts {
  std::string pem;     // of the certificate alone
  std::string sha256;  // hex, of the DER
  std::string uri;     // the ARN that MakeSigningKey put there; may be empty
  WallTime not_after{};
};
Result<CertificateFacts> ReadCertificate(std::string_view pem);

}  // namespace mayfly::packages
