#include "packages/signing_profiles.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/files.h"
#include "base/text.h"

namespace mayfly::packages {
namespace {

bool IsThere(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 || errno != ENOENT;  // what cannot be looked at must fail, not be missing
}

Result<> MakeFolder(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0) return errno == EEXIST ? Result<>() : Fail(Error::FromErrno("mkdir " + path, errno));
  // Whatever the umask of who runs the command: the daemon's user reads it.
  if (::chmod(path.c_str(), 0755) != 0) return Fail(Error::FromErrno("chmod " + path, errno));
  return {};
}

Result<> WriteReadable(const std::string& path, std::string_view text) {
  MF_TRY_VOID(WriteFileDurably(path, text, 0644));
  if (::chmod(path.c_str(), 0644) != 0) return Fail(Error::FromErrno("chmod " + path, errno));
  return {};
}

std::string FileOf(const std::string& folder, const ProfileArn& profile) {
  return fmt::format("{}/{}/{}/{}/{}.pem", folder, profile.account_id, profile.region, profile.name, profile.version);
}

bool HasLine(std::string_view text, std::string_view wanted) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    line = Trim(line.substr(0, line.find('#')), " \t\r");
    if (!line.empty() && line == wanted) return true;
  }
  return false;
}

}  // namespace

std::string_view ToString(SignatureVerdict verdict) {
  switch (verdict) {
    case SignatureVerdict::Trusted: return "trusted";
    case SignatureVerdict::Broken: return "the signature does not cover the package";
    case SignatureVerdict::Unsigned: return "not signed";
    case SignatureVerdict::UnknownPublisher: return "signed by nobody who is allowed to";
    case SignatureVerdict::Expired: return "the signature has expired";
    case SignatureVerdict::Revoked: return "the signature has been revoked";
  }
  return "";
}

Result<std::string> SigningProfiles::CertificateSha256Of(const std::string& profile_version_arn) const {
  const auto profile = ParseProfileVersionArn(profile_version_arn);
  if (!profile) return std::string();  // somebody else's kind of ARN: never registered
  const std::string path = FileOf(folder_, *profile);
  if (!IsThere(path)) return std::string();
  MF_TRY(const std::string pem, ReadFile(path));
  auto certificate = ReadCertificate(pem);
  if (!certificate) return Fail(std::move(certificate).error().Wrap(path));
  return certificate->sha256;
}

Result<bool> SigningProfiles::IsRevoked(const PackageSignature& signature) const {
  const std::string path = folder_ + "/revoked.txt";
  if (!IsThere(path)) return false;
  MF_TRY(const std::string list, ReadFile(path));
  return HasLine(list, signature.statement.job_arn) || HasLine(list, signature.statement.profile_version_arn) ||
         HasLine(list, "sha256:" + signature.statement.certificate_sha256);
}

Result<bool> SigningProfiles::IsGenuine(const PackageSignature& signature) const {
  if (signature.state != SignatureState::Intact) return false;
  MF_TRY(const std::string registered, CertificateSha256Of(signature.statement.profile_version_arn));
  return !registered.empty() && registered == signature.statement.certificate_sha256;
}

Result<SignatureVerdict> SigningProfiles::Judge(const PackageSignature& signature, const std::vector<std::string>& allowed, WallTime now) const {
  if (signature.state == SignatureState::Unsigned) return SignatureVerdict::Unsigned;
  if (signature.state == SignatureState::Broken) return SignatureVerdict::Broken;
  const bool is_allowed = std::find(allowed.begin(), allowed.end(), signature.statement.profile_version_arn) != allowed.end();
  MF_TRY(const bool genuine, IsGenuine(signature));
  if (!is_allowed || !genuine) return SignatureVerdict::UnknownPublisher;
  const bool certificate_holds = signature.certificate_not_before <= now && now <= signature.certificate_not_after;
  if (now >= signature.statement.expires_at || !certificate_holds) return SignatureVerdict::Expired;
  MF_TRY(const bool revoked, IsRevoked(signature));
  return revoked ? SignatureVerdict::Revoked : SignatureVerdict::Trusted;
}

Result<> SigningProfiles::Register(const ProfileArn& profile, std::string_view certificate_pem) const {
  MF_TRY(const CertificateFacts certificate, ReadCertificate(certificate_pem));
  const std::string path = FileOf(folder_, profile);
  if (IsThere(path)) {
    MF_TRY(const std::string registered, CertificateSha256Of(FormatProfileVersionArn(profile)));
    if (registered == certificate.sha256) return {};
    return Fail(Error::Fault(path + " holds another certificate", "a profile's version never changes: register a new version"));
  }
  MF_TRY_VOID(MakeFolder(folder_));
  for (size_t slash = path.find('/', folder_.size() + 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    MF_TRY_VOID(MakeFolder(path.substr(0, slash)));
  }
  return WriteReadable(path, certificate.pem);
}

Result<> SigningProfiles::Revoke(std::string_view what) const {
  const bool known = what.starts_with("sha256:") || (what.starts_with("arn:") && what.find(":signer:") != std::string_view::npos);
  if (!known || what.find_first_of(" \t\r\n#") != std::string_view::npos) {
    return Fail(Error::Fault(fmt::format("'{}' cannot be revoked", what),
                             "name a signing job's ARN, a profile version's ARN, or sha256:HEX of a certificate; 'mayfly sign verify' shows them"));
  }
  const std::string path = folder_ + "/revoked.txt";
  std::string list;
  if (IsThere(path)) {
    MF_TRY(list, ReadFile(path));
  }
  if (HasLine(list, what)) return {};
  if (!list.empty() && !list.ends_with('\n')) list += '\n';
  MF_TRY_VOID(MakeFolder(folder_));
  return WriteReadable(path, fmt::format("{}{}\n", list, what));
}

}  // namespace mayfly::packages
