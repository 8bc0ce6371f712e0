#include "images/reference.h"

#include <fmt/format.h>

#include "base/text.h"
#include "images/image_error.h"

namespace mayfly::images {
namespace {

using Transport = ImageReference::Transport;

constexpr size_t kUriBytesMax = 2048;
constexpr std::string_view kDigestStart = "@sha256:";
constexpr std::string_view kLowerAndDigits = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kTagCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

struct Prefix {
  std::string_view text;
  Transport transport;
};
constexpr Prefix kPrefixes[] = {
    {"oci:", Transport::OciLayout}, {"oci-archive:", Transport::OciArchive}, {"docker-archive:", Transport::DockerArchive}};

Error NotAReference(std::string_view why) { return ImageError(kNotAReference, std::string(why)); }

bool IsTag(std::string_view tag) { return tag.size() <= 128 && tag[0] != '.' && tag[0] != '-' && ConsistsOf(tag, kTagCharacters); }

// Calls `check` with each part between slashes.
template <typename Check>
bool EachPart(std::string_view text, Check check) {
  for (;;) {
    const size_t slash = text.find('/');
    if (!check(text.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash + 1);
  }
}

bool IsRepositoryPart(std::string_view part) {
  return ConsistsOf(part, "abcdefghijklmnopqrstuvwxyz0123456789._-") && kLowerAndDigits.find(part.front()) != std::string_view::npos &&
         kLowerAndDigits.find(part.back()) != std::string_view::npos;
}

bool IsPathPart(std::string_view part) {
  if (part.empty() || part == "." || part == ".." || part.size() > 255) return false;
  for (const char c : part) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') return false;
  }
  return true;
}

bool IsHost(std::string_view host) {
  const size_t colon = host.find(':');
  const std::string_view name = host.substr(0, colon);
  if (!ConsistsOf(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")) return false;
  if (name.starts_with('.') || name.find("..") != std::string_view::npos) return false;
  if (colon == std::string_view::npos) return name.find('.') != std::string_view::npos || name == "localhost";
  return host.size() - colon <= 6 && ConsistsOf(host.substr(colon + 1), "0123456789");
}

Result<ImageReference> ParseLocal(ImageReference reference, std::string_view rest) {
  const size_t colon = rest.find(':');
  reference.location = rest.substr(0, colon);
  if (colon != std::string_view::npos) reference.tag = rest.substr(colon + 1);
  std::string_view path = reference.location;
  if (path.starts_with('/')) path.remove_prefix(1);
  if (!EachPart(path, IsPathPart)) return Fail(NotAReference("no path of an image"));
  if (colon != std::string_view::npos && (reference.tag.empty() || !EachPart(reference.tag, IsPathPart))) return Fail(NotAReference("no tag"));
  return reference;
}

Result<ImageReference> ParseRemote(ImageReference reference, std::string_view rest) {
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos || !IsHost(rest.substr(0, slash))) return Fail(NotAReference("names no registry"));
  reference.location = rest.substr(0, slash);
  rest.remove_prefix(slash + 1);
  if (const size_t colon = rest.find(':'); colon != std::string_view::npos) {
    reference.tag = rest.substr(colon + 1);
    if (reference.tag.empty() || !IsTag(reference.tag)) return Fail(NotAReference("no tag"));
    rest = rest.substr(0, colon);
  }
  if (rest.size() > 255 || !EachPart(rest, IsRepositoryPart)) return Fail(NotAReference("no name of a repository"));
  reference.repository = rest;
  return reference;
}

}  // namespace

bool IsDigest(std::string_view text) {
  return text.size() == 71 && text.starts_with("sha256:") && ConsistsOf(text.substr(7), "0123456789abcdef");
}

std::string_view HexOf(std::string_view digest) { return digest.substr(7); }

std::string ImageReference::WithDigest(std::string_view image_digest) const {
  if (transport == Transport::Registry) return fmt::format("{}/{}@{}", location, repository, image_digest);
  for (const Prefix& prefix : kPrefixes) {
    if (prefix.transport == transport) return fmt::format("{}{}@{}", prefix.text, location, image_digest);
  }
  return {};
}

Result<ImageReference> ParseImageUri(std::string_view uri) {
  if (uri.size() > kUriBytesMax) return Fail(NotAReference("too long"));
  ImageReference reference;
  std::string_view rest = uri;
  if (const size_t at = rest.rfind(kDigestStart); at != std::string_view::npos) {
    reference.digest = rest.substr(at + 1);
    if (!IsDigest(reference.digest)) return Fail(NotAReference("no digest"));
    rest = rest.substr(0, at);
  }
  for (const Prefix& prefix : kPrefixes) {
    if (!rest.starts_with(prefix.text)) continue;
    reference.transport = prefix.transport;
    return ParseLocal(std::move(reference), rest.substr(prefix.text.size()));
  }
  return ParseRemote(std::move(reference), rest);
}

}  // namespace mayfly::images
