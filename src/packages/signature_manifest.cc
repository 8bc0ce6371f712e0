#include "packages/signature_manifest.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/hash.h"

namespace mayfly::packages {
namespace {

constexpr std::string_view kFirstLine = "mayfly-package-signature 1";
constexpr size_t kArnBytesMax = 256;

Error BadManifest(std::string what) { return Error::Fault("manifest: " + std::move(what)); }

Result<std::string> HashOf(const ZipReader& zip, const ZipEntry& entry) {
  Sha256Stream hash;
  MF_TRY_VOID(zip.Read(entry, [&](std::string_view piece) -> Result<> {
    hash.Update(piece);
    return {};
  }));
  return HexEncode(AsView(hash.Finish()));
}

bool IsPlainArn(std::string_view text, std::string_view kind) {
  const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  return text.size() <= kArnBytesMax && text.starts_with("arn:") && text.find(kind) != std::string_view::npos && printable;
}

// The value of the next line, which must be "NAME VALUE".
Result<std::string_view> TakeLine(std::string_view& rest, std::string_view name) {
  const size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  if (end == std::string_view::npos || !line.starts_with(name) || line.substr(name.size(), 1) != " ") return Fail(BadManifest(fmt::format("no line '{}'", name)));
  rest.remove_prefix(end + 1);
  return line.substr(name.size() + 1);
}

Result<std::string> TakeArn(std::string_view& rest, std::string_view name, std::string_view kind) {
  MF_TRY(const std::string_view arn, TakeLine(rest, name));
  if (!IsPlainArn(arn, kind)) return Fail(BadManifest(fmt::format("'{}' is no ARN of {}", name, kind)));
  return std::string(arn);
}

Result<WallTime> TakeTime(std::string_view& rest, std::string_view name) {
  MF_TRY(const std::string_view text, TakeLine(rest, name));
  return ParseAmzDate(text);
}

}  // namespace

Result<std::string> MakeManifest(const ZipReader& zip, const SignatureStatement& statement) {
  std::map<std::string_view, const ZipEntry*> sorted;
  for (const ZipEntry& entry : zip.entries()) {
    if (entry.name == kManifestName || entry.name == kSignatureName) continue;
    if (!sorted.emplace(entry.name, &entry).second) return Fail(BadManifest("an entry is there twice"));
  }
  std::string text = fmt::format("{}\nprofile {}\njob {}\ncertificate sha256:{}\nsigned {}\nexpires {}\nentries {}\n", kFirstLine, statement.profile_version_arn,
                                 statement.job_arn, statement.certificate_sha256, FormatAmzDate(statement.signed_at), FormatAmzDate(statement.expires_at), sorted.size());
  for (const auto& [name, entry] : sorted) {
    MF_TRY(const std::string hash, HashOf(zip, *entry));
    const std::string mode = entry->has_unix_mode ? fmt::format("{:06o}", entry->unix_mode & 0177777) : "------";
    text += fmt::format("{} {} {}\n", hash, mode, PercentEncode(name, SlashHandling::Keep));
  }
  return text;
}

Result<SignatureStatement> ParseManifestHead(std::string_view manifest) {
  std::string_view rest = manifest;
  if (!rest.starts_with(kFirstLine) || rest.substr(kFirstLine.size(), 1) != "\n") return Fail(BadManifest("not of version 1"));
  rest.remove_prefix(kFirstLine.size() + 1);
  SignatureStatement statement;
  MF_TRY(statement.profile_version_arn, TakeArn(rest, "profile", ":/signing-profiles/"));
  MF_TRY(statement.job_arn, TakeArn(rest, "job", ":/signing-jobs/"));
  MF_TRY(const std::string_view certificate, TakeLine(rest, "certificate"));
  if (!certificate.starts_with("sha256:") || certificate.size() != 7 + 64) return Fail(BadManifest("no SHA-256 of a certificate"));
  statement.certificate_sha256 = certificate.substr(7);
  MF_TRY(statement.signed_at, TakeTime(rest, "signed"));
  MF_TRY(statement.expires_at, TakeTime(rest, "expires"));
  return statement;
}

}  // namespace mayfly::packages
