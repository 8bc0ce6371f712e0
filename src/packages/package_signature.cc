#include "packages/package_signature.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "packages/package_tree.h"
#include "packages/signature_crypto.h"
#include "packages/signature_manifest.h"
#include "packages/zip_append.h"
#include "identity/arn.h"

namespace mayfly::packages {
namespace {

constexpr uint64_t kManifestBytesMax = 64 << 20;
constexpr uint64_t kSignatureBytesMax = 64 << 10;

Result<std::string> ReadEntry(const ZipReader& zip, const ZipEntry& entry, uint64_t bytes_max) {
  if (entry.unpacked_bytes > bytes_max) return Fail(Error::Fault(entry.name + " is too large"));
  std::string bytes;
  MF_TRY_VOID(zip.Read(entry, [&](std::string_view piece) -> Result<> {
    bytes += piece;
    return {};
  }));
  return bytes;
}

const ZipEntry* FindEntry(const ZipReader& zip, std::string_view name) {
  const auto found = std::find_if(zip.entries().begin(), zip.entries().end(), [&](const ZipEntry& entry) { return entry.name == name; });
  return found == zip.entries().end() ? nullptr : &*found;
}

// The unpacked names decide, as two spellings of a name are one file: "./META-INF/…" would replace what was read here.
bool IsSignatureFile(const ZipEntry& entry) {
  const auto path = NormalizePackagePath(entry.name, PackageLimits());
  return path && (*path == kManifestName || *path == kSignatureName);
}

Result<PackageSignature> ReadIntact(const ZipReader& zip) {
  const ZipEntry* manifest_entry = FindEntry(zip, kManifestName);
  const ZipEntry* signature_entry = FindEntry(zip, kSignatureName);
  const auto files = std::count_if(zip.entries().begin(), zip.entries().end(), IsSignatureFile);
  if (!manifest_entry || !signature_entry || files != 2) return Fail(Error::Fault("manifest and signature are not there once each"));
  if (zip.unpacked_bytes() > 2ull * 262'144'000) return Fail(Error::Fault("the package is too large"));
  MF_TRY(const std::string manifest, ReadEntry(zip, *manifest_entry, kManifestBytesMax));
  MF_TRY(const std::string signature, ReadEntry(zip, *signature_entry, kSignatureBytesMax));
  PackageSignature found{.state = SignatureState::Intact};
  MF_TRY(const Certificate certificate, VerifyDetached(manifest, signature));
  MF_TRY(found.statement, ParseManifestHead(manifest));
  // CMS does not cover the certificate's own bytes; the manifest does.
  if (FingerprintOf(certificate.get()) != found.statement.certificate_sha256) return Fail(Error::Fault("the certificate is not the one that was signed with"));
  MF_TRY(const std::string expected, MakeManifest(zip, found.statement));
  if (expected != manifest) return Fail(Error::Fault("the files are not those that were signed"));
  MF_TRY(found.certificate_not_before, TimeOf(X509_get0_notBefore(certificate.get())));
  MF_TRY(found.certificate_not_after, TimeOf(X509_get0_notAfter(certificate.get())));
  return found;
}

bool IsAll(std::string_view text, std::string_view more) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return IsAlphanumeric(c) || more.find(c) != std::string_view::npos;
  });
}

// What is before the first `separator`; `rest` goes on after it.
std::string_view Take(std::string_view& rest, std::string_view separator) {
  const size_t end = rest.find(separator);
  const std::string_view piece = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + separator.size());
  return piece;
}

}  // namespace

PackageSignature ReadPackageSignature(std::string_view zip) {
  const auto reader = ZipReader::Open(zip, PackageLimits().entries_max);
  if (!reader || std::none_of(reader->entries().begin(), reader->entries().end(), IsSignatureFile)) return {};
  auto intact = ReadIntact(*reader);
  if (intact) return std::move(*intact);
  PackageSignature broken{.state = SignatureState::Broken};
  broken.why_broken = intact.error().message;
  return broken;
}

Result<ProfileArn> ParseProfileVersionArn(std::string_view arn) {
  std::string_view rest = arn;
  ProfileArn profile;
  const bool begins = Take(rest, ":") == "arn" && Take(rest, ":").starts_with("aws") && Take(rest, ":") == "signer";
  profile.region = Take(rest, ":");
  profile.account_id = Take(rest, ":");
  const bool is_profile = Take(rest, "/").empty() && Take(rest, "/") == "signing-profiles";
  profile.name = Take(rest, "/");
  profile.version = rest;
  const bool account = identity::IsAccountId(profile.account_id);
  if (!begins || !is_profile || !account || profile.region.empty() || profile.region.size() > 50 || !IsAll(profile.region, "-") ||
      profile.name.size() < 2 || profile.name.size() > 64 || !IsAll(profile.name, "_") || profile.version.size() != 10 || !IsAll(profile.version, "")) {
    return Fail(Error::Fault(fmt::format("'{}' is no ARN of a signing profile's version", arn),
                             "expected arn:aws:signer:REGION:ACCOUNT:/signing-profiles/NAME/VERSION, NAME of 2 to 64 letters, digits and _, VERSION of 10"));
  }
  return profile;
}

std::string FormatProfileVersionArn(const ProfileArn& profile) {
  return fmt::format("arn:aws:signer:{}:{}:/signing-profiles/{}/{}", profile.region, profile.account_id, profile.name, profile.version);
}

Result<std::string> SignPackage(std::string_view zip, SignatureStatement statement, std::string_view key_pem) {
  MF_TRY(const Key key, ReadPrivateKey(key_pem));
  MF_TRY(const Certificate certificate, ReadFirstCertificate(key_pem));
  MF_TRY(const ZipReader reader, ZipReader::Open(zip, PackageLimits().entries_max));
  if (std::any_of(reader.entries().begin(), reader.entries().end(), IsSignatureFile)) {
    return Fail(Error::Fault("the zip is signed already", "sign the zip that it was made of"));
  }
  statement.certificate_sha256 = FingerprintOf(certificate.get());
  MF_TRY(std::string manifest, MakeManifest(reader, statement));
  MF_TRY([[maybe_unused]] const SignatureStatement readable, ParseManifestHead(manifest));
  MF_TRY(std::string signature, SignDetached(manifest, key.get(), certificate.get()));
  return AppendToZip(zip, {{std::string(kManifestName), std::move(manifest)}, {std::string(kSignatureName), std::move(signature)}});
}

Result<std::string> MakeSigningKey(const ProfileArn& profile, WallTime not_before, WallTime not_after) {
  MF_TRY(const Key key, MakeKey());
  MF_TRY(const Certificate certificate, MakeCertificate(key.get(), profile.name, FormatProfileVersionArn(profile), not_before, not_after));
  MF_TRY(const std::string key_pem, WritePrivateKey(key.get()));
  MF_TRY(const std::string certificate_pem, WriteCertificate(certificate.get()));
  return key_pem + certificate_pem;
}

Result<CertificateFacts> ReadCertificate(std::string_view pem) {
  MF_TRY(const Certificate certificate, ReadFirstCertificate(pem));
  CertificateFacts facts{.pem = {}, .sha256 = FingerprintOf(certificate.get()), .uri = UriOf(certificate.get())};
  MF_TRY(facts.pem, WriteCertificate(certificate.get()));
  MF_TRY(facts.not_after, TimeOf(X509_get0_notAfter(certificate.get())));
  return facts;
}

}  // namespace mayfly::packages
