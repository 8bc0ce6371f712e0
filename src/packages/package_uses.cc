#include "packages/package_uses.h"

#include <optional>

#include "base/encoding.h"

namespace mayfly::packages {
namespace {

std::optional<Sha256Digest> DigestOf(std::string_view sha256) {
  Sha256Digest digest;
  const auto bytes = HexDecode(sha256);
  if (!bytes || bytes->size() != digest.size()) return std::nullopt;
  std::memcpy(digest.data(), bytes->data(), digest.size());
  return digest;
}

}  // namespace

void PackageUses::Count(std::string_view sha256, int change) {
  MF_ASSERT(change == 1 || change == -1);
  const auto digest = DigestOf(sha256);
  if (!digest) return;
  const auto use = uses_.try_emplace(*digest, 0).first;
  use->second += change;
  MF_ASSERT(use->second >= 0);
  if (use->second == 0) uses_.erase(use);
}

bool PackageUses::Contains(std::string_view sha256) const {
  const auto digest = DigestOf(sha256);
  return digest && uses_.contains(*digest);
}

}  // namespace mayfly::packages
