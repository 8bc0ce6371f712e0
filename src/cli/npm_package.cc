#include "cli/npm_package.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/json.h"
#include "base/text.h"

namespace mayfly::cli {
namespace {

constexpr std::string_view kSha512 = "sha512-";
constexpr size_t kSha512Bytes = 64;
constexpr size_t kUrlBytesMax = 2048;

// The sha512 hashes of "sha512-… sha1-… sha512-…?option".
std::vector<std::string> Sha512sOf(std::string_view integrity) {
  std::vector<std::string> hashes;
  for (std::string_view word : Split(integrity, ' ')) {
    word = word.substr(0, word.find('?'));
    if (!word.starts_with(kSha512)) continue;
    auto hash = Base64Decode(word.substr(kSha512.size()));
    if (hash && hash->size() == kSha512Bytes) hashes.push_back(std::move(*hash));
  }
  return hashes;
}

bool IsAddress(std::string_view url) {
  if (url.size() > kUrlBytesMax || !(url.starts_with("https://") || url.starts_with("http://"))) return false;
  for (const char c : url) {
    if (c <= ' ' || c == 0x7F) return false;
  }
  return true;
}

Result<NpmTarball> TarballOf(const std::string& version, const json::Value& described) {
  const json::Value* dist = described.Find("dist");
  NpmTarball tarball{.version = version, .url = std::string(dist ? dist->StringOr("tarball", "") : ""), .integrity = std::string(dist ? dist->StringOr("integrity", "") : "")};
  if (!IsAddress(tarball.url)) return Fail(Error::Fault(fmt::format("the registry gives no address of version {}", version)));
  if (Sha512sOf(tarball.integrity).empty()) return Fail(Error::Fault(fmt::format("the registry gives no sha512 of version {}: it could not be verified", version)));
  return tarball;
}

}  // namespace

bool ParseNpmVersion(std::string_view text, NpmVersion& version) {
  const std::vector<std::string_view> parts = Split(text, '.');
  if (parts.size() != 3) return false;
  int* const numbers[] = {&version.major, &version.minor, &version.patch};
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto number = IsNumber(parts[i]) ? ParseNumber<int>(parts[i]) : std::nullopt;
    if (!number) return false;
    *numbers[i] = *number;
  }
  return true;
}

Result<NpmTarball> ChooseVersion(std::string_view packument, int major) {
  auto document = json::Parse(packument);
  const json::Value* versions = document ? document->Find("versions") : nullptr;
  if (!versions || !versions->is_object()) return Fail(Error::Fault("what the registry answered is no description of a package"));
  const json::Member* best = nullptr;
  NpmVersion best_version;
  bool best_is_deprecated = false;
  for (const json::Member& member : versions->object()) {
    NpmVersion version;
    if (!ParseNpmVersion(member.first, version) || version.major != major) continue;
    const json::Value* note = member.second.Find("deprecated");
    const bool deprecated = note && !(note->is_bool() && !note->boolean()) && !(note->is_string() && note->string().empty());
    const bool better = !best || (best_is_deprecated && !deprecated) || (best_is_deprecated == deprecated && version > best_version);
    if (!better) continue;
    best = &member;
    best_version = version;
    best_is_deprecated = deprecated;
  }
  if (!best) return Fail(Error::Fault(fmt::format("the registry has no version {}", major)));
  return TarballOf(best->first, best->second);
}

Result<> CheckIntegrity(int descriptor, std::string_view integrity) {
  const std::vector<std::string> wanted = Sha512sOf(integrity);
  if (wanted.empty()) return Fail(Error::Fault("there is no sha512 to check it with"));
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (!context || EVP_DigestInit_ex(context.get(), EVP_sha512(), nullptr) != 1) return Fail(Error::Fault("OpenSSL has no SHA-512"));
  if (::lseek(descriptor, 0, SEEK_SET) != 0) return Fail(Error::FromErrno("rewind a package", errno));
  std::vector<char> buffer(1 << 20);
  for (;;) {
    const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fail(Error::FromErrno("read a package", errno));
    if (count == 0) break;
    EVP_DigestUpdate(context.get(), buffer.data(), static_cast<size_t>(count));
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_DigestFinal_ex(context.get(), digest.data(), &size);
  if (::lseek(descriptor, 0, SEEK_SET) != 0) return Fail(Error::FromErrno("rewind a package", errno));
  const std::string found(reinterpret_cast<const char*>(digest.data()), size);
  for (const std::string& hash : wanted) {
    if (hash == found) return {};
  }
  return Fail(Error::Fault("the package is not the one that the registry describes: its SHA-512 is another", "nothing was installed; try again, or look at what is between here and the registry"));
}

}  // namespace mayfly::cli
